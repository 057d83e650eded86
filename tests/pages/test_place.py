"""The page remembers where a reader was, in the browser alone, and forgets it at one button."""

from selenium.webdriver.common.by import By

FRAMES = "for (let i = 0; i < 4; i++) await new Promise(requestAnimationFrame);"


def test_continue_ticks_and_forget(browser):
    browser.show(1280, "light")
    browser.open("book/likelihood.html")
    browser.driver.execute_script("localStorage.clear()")
    browser.open("book/likelihood.html")
    browser.run(
        "document.querySelector('.bd-article > section > section:nth-of-type(3)').scrollIntoView();"
        + FRAMES
    )
    wanted = browser.driver.execute_script("return JSON.parse(localStorage.place).hash")
    browser.open("book/index.html")
    link = browser.driver.find_element(By.CSS_SELECTOR, ".place a")
    assert link.text.startswith("Continue at 1.")
    assert link.get_attribute("href").endswith(f"/book/likelihood.html{wanted}")
    assert not browser.driver.find_elements(By.CLASS_NAME, "read")
    browser.open("book/likelihood.html")
    browser.run("document.querySelector('.take-along').scrollIntoView();" + FRAMES)
    browser.open("book/index.html")
    assert len(browser.driver.find_elements(By.CLASS_NAME, "read")) == 1
    browser.driver.find_element(By.CSS_SELECTOR, ".place button").click()
    assert browser.driver.execute_script("return localStorage.place") is None
    assert not browser.driver.find_elements(By.CSS_SELECTOR, ".place, .read")


def test_minutes_stand_beside_chapters(browser):
    browser.open("book/information.html")
    times = browser.driver.execute_script(
        "return [...document.querySelectorAll('.bd-links .minutes')].map((e) => e.textContent)"
    )
    assert len(times) >= 9
    assert all(time.endswith(" min") for time in times)
