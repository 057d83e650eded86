"""The text inside figures and charts stands out from what lies behind it, in light and in dark.

Axe looks at the text of a page, not at what is drawn. Matplotlib draws letters as shapes, in groups
that begin with the words as a comment; explorables and our own drawings write text.
"""

import pytest
from browser import LUMINANCE
from site_pages import NAMES, PAGES, soup

LEAST = 4.5
"""Contrast that WCAG 2.2 AA asks of text of this size."""
DRAWINGS = "article img[src$='.svg'], :is(.picture, .explorable-picture) > svg"

CONTRAST = """
const ink = Object.assign(document.createElement("canvas"), {width: 1, height: 1})
  .getContext("2d", {willReadFrequently: true});
const mix = (ground, colors, filter) => {  // what one pixel shows, from the bottom up
  ink.filter = "none";
  ink.clearRect(0, 0, 1, 1);
  for (const color of colors) {
    [ink.globalAlpha, ink.fillStyle] = color;
    ink.fillRect(0, 0, 1, 1);
  }
  const copy = new OffscreenCanvas(1, 1);
  copy.getContext("2d").drawImage(ink.canvas, 0, 0);
  [ink.globalAlpha, ink.fillStyle] = [1, ground];
  ink.fillRect(0, 0, 1, 1);
  ink.filter = filter;
  ink.drawImage(copy, 0, 0);
  return ink.getImageData(0, 0, 1, 1).data;
};
const paint = (shape) => {  // opacity and color of its surface
  let {fill, fillOpacity: alpha} = getComputedStyle(shape);
  for (let e = shape; e instanceof SVGElement; e = e.parentElement)
    alpha *= getComputedStyle(e).opacity;
  return [fill === "none" ? 0 : alpha, fill];
};
const stage = document.body.appendChild(document.createElement("div"));
stage.style = "position: fixed; inset: 0; z-index: 9999";
const found = [];
for (const picture of document.querySelectorAll(given[0])) {
  const markup = picture.src ? await (await fetch(picture.src)).text() : picture.outerHTML;
  const kind = picture.src ? "image/svg+xml" : "text/html";
  const parsed = new DOMParser().parseFromString(markup, kind);
  stage.replaceChildren(document.adoptNode(parsed.querySelector("svg")));
  const ground = getComputedStyle(document.body).backgroundColor;
  const {filter} = getComputedStyle(picture);
  for (const text of stage.querySelectorAll("g[id^='text_'], text")) {
    const words = text.textContent.trim() || text.childNodes[1]?.data || text.id;
    const {left, right, top, bottom} = text.getBoundingClientRect();
    const letters = text.matches("text") ? text : text.querySelector("use, path:not(defs *)");
    for (const share of [0.1, 0.5, 0.9]) {
      const [x, y] = [left + share * (right - left), (top + bottom) / 2];
      const behind = document.elementsFromPoint(x, y)
        .filter((e) => stage.firstChild.contains(e) && !text.contains(e) && e !== stage.firstChild)
        .map(paint).reverse();
      const [a, b] = [mix(ground, behind, filter), mix(ground, [...behind, paint(letters)], filter)]
        .map(luminance).sort((a, b) => a - b);
      found.push([b / a, `${words.trim()} (${picture.src?.split("/").pop() || "explorable"})`]);
    }
  }
}
stage.remove();
return found;
"""
DRAWN = [
    pytest.param(f"book/{page.name}", id=name)
    for page, name in zip(PAGES, NAMES, strict=True)
    if soup(page).select(DRAWINGS)
]


@pytest.mark.parametrize("page", DRAWN)
def test_text_in_figures_can_be_read(browser, page):
    browser.open(page)
    for theme in "light", "dark":
        browser.show(1280, theme)
        found = browser.run(LUMINANCE + CONTRAST, DRAWINGS)
        assert found
        faint = {words: round(ratio, 2) for ratio, words in found if ratio < LEAST}
        assert not faint, f"{page}, {theme}: contrast below {LEAST}: {faint}"
