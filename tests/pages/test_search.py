"""The search finds Korean and English words: from a server, from a folder, and by the keyboard."""

from urllib.parse import quote

import pytest
from selenium.webdriver import ActionChains, Keys
from site_pages import SITE
from test_browser import weight

FOUND = {
    "우도": "book/glossary.html",
    "소프트맥스": "book/glossary.html",
    "교차 엔트로피": "book/glossary.html",
    "교차엔트로피": "book/glossary.html",
    "엔트로피는": "book/glossary.html",
    "교차 엔트로피의": "book/glossary.html",
    "logsumexp": "book/api.html",
    "likelihoods": "book/likelihood.html",
}
"""What readers look for, and a page that has to be among the results."""

RESULTS = """const told = () => document.querySelector(".search-summary")?.innerText ?? "";
  while (!/^(Search finished|Your search did not)/.test(told()))
    await new Promise(requestAnimationFrame);
  return [...document.querySelectorAll("ul.search li a")].map((a) => a.href.split(/[?#]/)[0]);"""


@pytest.mark.parametrize("place", ["server", "folder"])
@pytest.mark.parametrize("query", FOUND)
def test_search_finds(browser, query, place):
    root = browser.address if place == "server" else SITE.as_uri()
    browser.driver.get(f"{root}/search.html?q={quote(query)}")
    assert f"{root}/{FOUND[query]}" in browser.run(RESULTS)


@pytest.mark.parametrize(
    ("query", "chapter"),
    [
        ("cross-entropy", "information"),
        ("cross entropy", "information"),
        ("교차 엔트로피의", "information"),
        ("likelihood", "likelihood"),
        ("소프트맥스", "likelihood"),
        ("calibration", "proper_scores"),
    ],
)
def test_a_concept_leads_to_its_chapter(browser, query, chapter):
    browser.driver.get(f"{browser.address}/search.html?q={quote(query)}")
    assert browser.run(RESULTS)[0] == f"{browser.address}/book/{chapter}.html"


SEARCH = 100_000
"""Bytes that a search may cost a reader who comes from a page, compressed."""


def test_a_search_is_light_and_its_excerpts_are_prose(browser):
    browser.open("book/likelihood.html")
    had = set(browser.requests())
    browser.open("search.html?q=cross-entropy")
    assert browser.run(RESULTS)
    told = "return [...document.querySelectorAll('ul.search .context')].map((e) => e.textContent)"
    for _ in range(100):
        if len(excerpts := browser.driver.execute_script(told)) == 3:
            break
        browser.run("await new Promise((done) => setTimeout(done, 100))")
    for words in "\\", "Compare", ".ipynb", "Copy", "import ":
        assert not [text for text in excerpts if words in text], words
    moved = {address: weight(address) for address in {*browser.requests()} - had}
    assert len(excerpts) == 3, excerpts
    print(f"A search moves {sum(moved.values())} bytes.")
    assert sum(moved.values()) <= SEARCH, moved


def test_search_by_keyboard(browser):
    browser.open("book/information.html")
    keys = ActionChains(browser.driver).key_down(Keys.CONTROL).send_keys("k").key_up(Keys.CONTROL)
    keys.send_keys("우도", Keys.ENTER).perform()
    assert f"{browser.address}/book/glossary.html" in browser.run(RESULTS)
