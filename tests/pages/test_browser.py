"""Every page in a real browser: accessible, within the screen, light, and on its own."""

import gzip
import re
from functools import partial
from urllib.parse import unquote, urlparse

import pytest
from browser import FOLDER, LAYOUTS, LUMINANCE
from notebooks import ROOT
from site_pages import PAGES, SITE, soup

AXE = ROOT / "tools" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FIRST_VISIT = 350_000
"""Bytes that a chapter, read to its end, may cost a new reader, compressed."""

OWN_PAGES = [f"book/{page.name}" for page in PAGES] + ["search.html", "genindex.html", "404.html"]

PAGE = "book/likelihood.html"
"""One with links and code."""

every_page = pytest.mark.parametrize("page", OWN_PAGES)


def weight(address):
    """Return how many bytes a server that compresses would send for `address`."""
    data = (SITE / unquote(urlparse(address).path).removeprefix(FOLDER).lstrip("/")).read_bytes()
    return min(len(data), len(gzip.compress(data)))


@every_page
def test_page_in_a_browser(browser, page):
    assert browser.open(page) == [], "errors in the console"
    browser.calm()
    asked = {address for address in browser.requests() if not address.startswith("data:")}
    away = {address for address in asked if not address.startswith(browser.address)}
    assert not away, "the page asks other hosts"
    heavy = {a: weight(a) for a in asked}
    assert sum(heavy.values()) <= FIRST_VISIT, heavy
    browser.driver.execute_script(AXE.read_text(encoding="utf-8"))
    for check in CONTRAST, SIDEWAYS, STRUCTURE:
        for width, theme in LAYOUTS:
            browser.show(width, theme)
            found = browser.run(LUMINANCE + check, RULES, width)
            assert not found, f"{page}, {width} pixels, {theme}: {found}"


CONTRAST = """
  const pen = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
  const light = (opacity, ...colors) => {  // of a pixel, painted from the bottom up
    colors.forEach((color, i) => {
      [pen.globalAlpha, pen.fillStyle] = [i ? opacity : 1, color];
      pen.fillRect(0, 0, 1, 1);
    });
    return luminance(pen.getImageData(0, 0, 1, 1).data);
  };
  const own = (e) => getComputedStyle(e).backgroundColor;
  const ground = (e) => !e || /^rgb\\(/.test(own(e)) ? e && own(e) : ground(e.parentElement);
  const faded = (e) => e ? getComputedStyle(e).opacity * faded(e.parentElement) : 1;
  const seen = {opacityProperty: true, visibilityProperty: true};
  const ratios = new Map(), found = [];
  const says = (e) => [...e.childNodes].some((c) => c.nodeType === 3 && c.data.trim());
  for (const e of document.querySelectorAll("body *:not(svg *)"))
    if (says(e) && e.checkVisibility(seen)) {
      const {color, fontSize, fontWeight} = getComputedStyle(e), px = parseFloat(fontSize);
      const least = px >= 24 || (px >= 18.66 && fontWeight >= 700) ? 3 : 4.5;
      const [below, opacity] = [ground(e), faded(e)], key = [color, below, opacity].join();
      if (!ratios.has(key)) {
        const [a, b] = [light(1, below), light(opacity, below, color)].sort((x, y) => x - y);
        ratios.set(key, b / a);
      }
      if (!(ratios.get(key) >= least))
        found.push(`contrast ${ratios.get(key)}: ${e.outerHTML.slice(0, 80)}`);
    }
  return found.slice(0, 5);"""
"""All text, of formulas and code as well, which axe leaves out where letters stand close."""

SIDEWAYS = """const wide = Math.max(document.documentElement.scrollWidth, innerWidth) - given[1];
  if (wide > 0) return wide + " pixels wider than the screen";
  const over = (e) => getComputedStyle(e).overflowX;
  const frame = (e) => !e || over(e) !== "visible" ? e : frame(e.parentElement);
  const all = document.querySelectorAll("article :is(p, li, dt, code, .pre, math)");
  const cut = [...all].filter((e) => {
    const box = frame(e.parentElement), right = e.getBoundingClientRect().right;
    return box && !/auto|scroll/.test(over(box))
      ? right > box.getBoundingClientRect().right + 1 : !box && right > innerWidth + 1; });
  if (cut.length) return cut.map((e) => "cut off at the right: " + e.textContent.slice(0, 80));
  const missed = () => [...document.querySelectorAll("article *")].filter((e) =>
    e.scrollWidth > e.clientWidth + 1 && e.tabIndex < 0
    && /auto|scroll/.test(over(e)) && e.checkVisibility());
  for (let i = 0; i < 40 && missed().length; i++)  // until the new sizes were looked at
    await new Promise(requestAnimationFrame);
  return missed().map((e) =>
    "scrolls, but the keyboard cannot reach it: " + e.textContent.slice(0, 80));"""

STRUCTURE = """
  for (const e of document.querySelectorAll(".highlight pre, math"))
    e.textContent = e.textContent;  // thousands of elements to which no rule applies
  const only = {type: "tag", values: given[0]};
  const off = {"scrollable-region-focusable": {enabled: false}};  // checked above
  const result = await axe.run({runOnly: only, rules: off, resultTypes: ["violations"]});
  return result.violations.map((v) => v.id + ": " +
    v.nodes.slice(0, 3).map((n) => n.target + " " + n.html).join(" | "));"""


KINDS = {
    "heading": "h1, h2, h3, h4, h5, h6",
    "MathMLMath": "math",
    "table": "table:not(.indextable)",
    "image": "img, [role=img]",
    "slider": "input[type=range]",
    "radio": "input[type=radio]",
}
"""What a reader comes to, by its role in the accessibility tree."""

SHOWN = """return Object.fromEntries(Object.entries(given[0]).map(([role, selector]) => [role,
    [...document.querySelectorAll(selector)].filter((e) => e.checkVisibility({visibilityProperty:
      true}) && !e.closest("[aria-hidden=true], [role=img] *")).length]));"""


PROSE = """const words = document.createTreeWalker(document.querySelector("main"), 4), found = [];
  while (words.nextNode()) {
    const {data, parentElement: e} = words.currentNode;
    if (data.trim() && e.checkVisibility({visibilityProperty: true})
        && !e.closest("[aria-hidden=true], math, [role=img], script, style")) found.push(data);
  }
  return found;"""


def bare(text):
    """Return `text` without blanks, and without the capitals that a style may ask for."""
    return re.sub(r"\s", "", text).lower()


@every_page
def test_all_of_a_page_is_heard(browser, page):
    browser.open(page)
    browser.show(390, "light")
    tree = browser.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    roles = [node["role"]["value"] for node in tree if not node["ignored"]]
    assert {role: roles.count(role) for role in KINDS} == browser.run(SHOWN, KINDS)
    texts = [node["name"]["value"] for node in tree if node["role"]["value"] == "StaticText"]
    assert not re.findall("[\ue000-\uf8ff]", "".join(texts)), "icons are heard"
    heard, prose = bare("".join(texts)), browser.run(PROSE)
    assert prose
    missed = [words for words in prose if bare(words) not in heard]
    print(f"{page}: {1 - len(missed) / len(prose):.0%} of {len(prose)} pieces of text are heard.")
    assert not missed, missed[:5]


ONE_OF_A_KIND = """const seen = new Set(), all = document.querySelectorAll("math :is(mi, mn, mo)");
  for (const e of all)
    if (e.checkVisibility() && !seen.has(e.textContent))
      seen.add(e.textContent), e.classList.add("one");
  return seen.size;"""

BARE_ROOTS = """const width = (e) => e.getBoundingClientRect().width;
  return [...document.querySelectorAll("math msqrt")].filter((root) =>
    width(root) && width(root) < 5 + [...root.children].reduce((sum, e) => sum + width(e), 0)
  ).map((root) => root.textContent);"""


@every_page
def test_formulas_have_the_letters_of_the_book(browser, page):
    browser.open(page)
    assert browser.run(BARE_ROOTS) == [], "roots without their sign"
    kinds = browser.run(ONE_OF_A_KIND)
    command = browser.driver.execute_cdp_cmd
    command("DOM.enable", {})
    command("CSS.enable", {})
    root = command("DOM.getDocument", {"depth": 0})["root"]["nodeId"]
    nodes = command("DOM.querySelectorAll", {"nodeId": root, "selector": "math .one"})["nodeIds"]
    assert len(nodes) == kinds
    for node in nodes:
        fonts = command("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
        letter = command("DOM.getOuterHTML", {"nodeId": node})["outerHTML"]
        strange = {font["familyName"] for font in fonts if not font["isCustomFont"]}
        assert not strange, f"{page}: {letter} is drawn with {strange}"
        assert fonts or "\N{FUNCTION APPLICATION}" in letter, f"{page}: {letter} is not drawn"


TOP = """for (let i = 0; i < 3; i++) await new Promise(requestAnimationFrame);
  return document.getElementById(given[0]).firstElementChild.getBoundingClientRect().top;"""


@pytest.mark.parametrize("width", [1280, 390])
def test_link_into_a_chapter_lands_at_its_heading(browser, width):
    browser.show(width, "light")
    for section in soup(SITE / PAGE).select("article > section > section[id]")[1:-1:3]:
        browser.open(f"{PAGE}#{section['id']}")
        top = browser.run(TOP, section["id"])
        assert 0 <= top <= 150, f"{section['id']} stands at {top} pixels"


COLORS = """const [text, ...marked] = ["p", "a.internal:not(.term)", ".highlight", ".highlight .kn"]
    .map((selector) => getComputedStyle(document.querySelector(`article ${selector}`)).color);
  return [getComputedStyle(document.body).backgroundColor, text, ...marked];"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colors_do_not_wait_for_a_script(browser, theme):
    switch = partial(browser.driver.execute_cdp_cmd, "Emulation.setScriptExecutionDisabled")
    browser.open(PAGE)
    browser.show(1280, theme)
    usual = browser.driver.execute_script(COLORS)
    switch({"value": True})
    try:
        browser.driver.get(browser.driver.current_url)
        assert browser.driver.execute_script(COLORS) == usual
    finally:
        switch({"value": False})
    ground, text, link, code, keyword = usual
    assert len({ground, text, link}) == len({ground, code, keyword}) == 3


def test_dark_from_the_first_paint(browser):
    block = partial(browser.driver.execute_cdp_cmd, "Network.setBlockedURLs")
    browser.show(1280, "dark")
    browser.driver.execute_cdp_cmd("Network.enable", {})
    block({"urls": ["*pydata-sphinx-theme.js*"]})  # what sets the theme later
    try:
        browser.open(PAGE)
        theme = browser.driver.execute_script("return document.documentElement.dataset.theme")
    finally:
        block({"urls": []})
    assert theme == "dark"
