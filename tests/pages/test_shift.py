"""Nothing that is read jumps when the fonts come late."""

import time

import pytest
from browser import Browser, Quiet, serve

MOST = 0.1
"""Where Lighthouse and the Web Vitals begin to call a layout shift bad."""

SHIFTS = """
  while (document.readyState !== "complete") await new Promise((done) => setTimeout(done, 50));
  await document.fonts.ready;
  await new Promise((done) => setTimeout(done, 500));
  const painted = performance.getEntriesByName("first-contentful-paint")[0].startTime;
  const came = performance.getEntriesByType("resource").filter(({name}) => /\\.woff/.test(name));
  const moved = await new Promise((done) => {
    const seen = [], watch = new PerformanceObserver((list) => seen.push(...list.getEntries()));
    watch.observe({type: "layout-shift", buffered: true});
    setTimeout(() => done(seen), 300);
  });
  return [came.filter(({responseEnd}) => responseEnd > painted).length,
    moved.reduce((sum, {value}) => sum + value, 0)];"""


class LateFonts(Quiet):
    """A server whose fonts come when the text has long been painted."""

    def do_GET(self):  # noqa: N802  as the library names it
        """Answer, late if a font is asked for."""
        if ".woff" in self.path:
            time.sleep(1.5)
        super().do_GET()


@pytest.mark.parametrize("width", [390, 412])
@pytest.mark.parametrize("page", ["index", "stable_kernels", "use_it"])
def test_late_fonts_move_nothing(browser, page, width):
    browser.open("404.html")
    browser.show(width, "light")
    cache = "Network.setCacheDisabled"
    browser.driver.execute_cdp_cmd("Network.enable", {})
    browser.driver.execute_cdp_cmd(cache, {"cacheDisabled": True})
    try:
        with serve(LateFonts) as address:
            late = Browser(browser.driver, address)
            late.open(f"book/{page}.html")
            fonts, shift = late.run(SHIFTS)
    finally:
        browser.driver.execute_cdp_cmd(cache, {"cacheDisabled": False})
    assert fonts > 3, "the fonts came before the text"
    print(f"{page} at {width}: a layout shift of {shift:.3f} with late fonts.")
    assert shift <= MOST, f"{page}: a layout shift of {shift:.3f}"
