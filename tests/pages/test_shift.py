"""Nothing that is read jumps while a page opens on a slow telephone."""

import pytest

MOST = 0.1
"""Where Lighthouse and the Web Vitals begin to call a layout shift bad."""

SHIFTS = """
  while (document.readyState !== "complete") await new Promise((done) => setTimeout(done, 50));
  await document.fonts.ready;
  await new Promise((done) => setTimeout(done, 500));
  const missing = [...document.fonts].filter(({status}) => status !== "loaded");
  const moved = await new Promise((done) => {
    const seen = [], watch = new PerformanceObserver((list) => seen.push(...list.getEntries()));
    watch.observe({type: "layout-shift", buffered: true});
    setTimeout(() => done(seen), 300);
  });
  return [missing.map(({family}) => family), moved.reduce((sum, {value}) => sum + value, 0)];"""


@pytest.mark.parametrize("width", [390, 412])
@pytest.mark.parametrize("page", ["index", "information", "stable_kernels", "use_it"])
def test_nothing_moves_while_a_page_opens(browser, page, width):
    command = browser.driver.execute_cdp_cmd
    browser.open("404.html")
    browser.show(width, "light")
    command("Network.enable", {})
    command("Network.setCacheDisabled", {"cacheDisabled": True})
    command("Emulation.setCPUThrottlingRate", {"rate": 4})
    try:
        browser.open(f"book/{page}.html")
        missing, shift = browser.run(SHIFTS)
        asked = browser.requests()
    finally:
        command("Emulation.setCPUThrottlingRate", {"rate": 1})
        command("Network.setCacheDisabled", {"cacheDisabled": False})
    assert not missing, f"letters that the sheet names and the page has not: {missing}"
    assert not [address for address in asked if ".woff" in address], "letters outside the sheet"
    print(f"{page} at {width}: a layout shift of {shift:.3f} while it opens.")
    assert shift <= MOST, f"{page}: a layout shift of {shift:.3f}"
