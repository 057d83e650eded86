"""A prediction takes the reader's guess by keyboard, and opens the answer at what it reveals."""

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from site_pages import PAGES, soup

FORMS = [
    pytest.param(f"book/{page.name}", i, id=f"{page.stem}-{i}")
    for page in PAGES
    for i, _ in enumerate(soup(page).select(".guess"))
]
every_form = pytest.mark.parametrize(("page", "i"), FORMS)

MARKED = "return [...arguments[0].querySelectorAll('dt')].map((e) => e.matches('.guessed'))"


def guesses(form):
    """Return what to try in `form`: each choice, or each number and one far off."""
    values = form.get_attribute("data-values")
    if values is None:
        return [(i, None) for i, _ in enumerate(form.find_elements(By.TAG_NAME, "input"))]
    numbers = [None if n == "null" else n for n in values.strip("[]").split(", ")]
    return [(i, "987654321" if n is None else n) for i, n in enumerate(numbers)]


@every_form
def test_each_guess_opens_what_it_reveals(browser, page, i):
    assert browser.open(page) == []
    form = browser.driver.find_elements(By.CLASS_NAME, "guess")[i]
    answer = browser.driver.find_elements(By.CLASS_NAME, "answer")[i]
    status = form.find_element(By.CSS_SELECTOR, "[role=status]")
    assert not answer.get_attribute("open"), "the answer is there before the guess"
    said = []
    for place, number in guesses(form):
        field = form.find_elements(By.TAG_NAME, "input")[0 if number else place]
        assert field.accessible_name
        if number:
            field.clear()
        field.send_keys(number or Keys.SPACE, Keys.ENTER)
        assert answer.get_attribute("open")
        marked = browser.driver.execute_script(MARKED, answer)
        assert [k for k, on in enumerate(marked) if on] == [place]
        said.append(status.text)
    assert said.count("Right.") == 1


@every_form
@pytest.mark.usefixtures("without_scripts")
def test_the_answer_opens_without_scripts(browser, page, i):
    browser.driver.get(f"{browser.address}/{page}")
    form = browser.driver.find_elements(By.CLASS_NAME, "guess")[i]
    assert not form.find_element(By.TAG_NAME, "button").is_displayed()
    answer = browser.driver.find_elements(By.CLASS_NAME, "answer")[i]
    answer.find_element(By.TAG_NAME, "summary").click()
    assert answer.find_element(By.TAG_NAME, "dd").is_displayed()
