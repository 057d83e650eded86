"""A term brings its definition along: on hover, focus and tap; without scripts it is a link."""

import pytest
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By
from site_pages import NAMES, SITE, soup

PAGE = "book/information.html"
OPEN = "return [...document.querySelectorAll(':popover-open')].map((e) => e.id)"


def first(browser):
    """Return the first term of the page, and the id of its definition."""
    assert browser.open(PAGE) == []
    link = browser.driver.find_element(By.CSS_SELECTOR, "a.term")
    return link, f"the-{link.get_attribute('href').partition('#')[2]}"


def test_hover_and_focus_and_tap_open_it_and_escape_closes_it(browser):
    browser.show(1280, "light")
    link, box = first(browser)
    for way in "focus", "hover", "tap":
        if way == "focus":
            browser.driver.execute_script("arguments[0].focus()", link)
        elif way == "hover":
            ActionChains(browser.driver).move_to_element(link).perform()
        else:
            link.click()
        assert browser.driver.execute_script(OPEN) == [box], way
        ActionChains(browser.driver).send_keys(Keys.ESCAPE).perform()
        assert browser.driver.execute_script(OPEN) == [], way
        browser.driver.execute_script("document.activeElement.blur()")


def test_a_definition_is_heard_with_each_formula_once(browser):
    first(browser)
    links = browser.driver.find_elements(By.CSS_SELECTOR, "a.term")
    heard = {link.text.lower(): link.get_attribute("aria-description") for link in links}
    assert all(heard.values())
    assert "\\" not in "".join(heard.values()), "TeX is read out"
    assert heard["class"].startswith("One of the K answers"), heard["class"]


def test_a_definition_is_within_a_narrow_screen(browser):
    browser.show(320, "light")
    first(browser)
    for link in browser.driver.find_elements(By.CSS_SELECTOR, "a.term"):
        browser.driver.execute_script("arguments[0].focus()", link)
        left, right = browser.driver.execute_script(
            "const r = document.querySelector(':popover-open').getBoundingClientRect();"
            "return [r.left, r.right]"
        )
        assert 0 <= left < right <= 320, link.text


@pytest.mark.usefixtures("without_scripts")
def test_a_term_is_a_link_without_scripts(browser):
    browser.driver.get(f"{browser.address}/{PAGE}")
    browser.driver.find_element(By.CSS_SELECTOR, "a.term").click()
    assert "/book/glossary.html#term-" in browser.driver.current_url


def test_each_term_is_marked_once_in_a_chapter_and_defined_there():
    marked = 0
    for name in NAMES:
        page = soup(SITE / "book" / f"{name}.html")
        terms = [link["href"].partition("#")[2] for link in page.select("a.term")]
        assert len(terms) == len(set(terms)), name
        defined = [box["id"].removeprefix("the-") for box in page.select(".definition")]
        assert sorted(defined) == sorted(terms), name
        marked += len(terms)
    assert marked > 50
