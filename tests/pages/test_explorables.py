"""A real browser moves every slider; the numbers on the page are those of nll, digit for digit."""

import itertools
import re

import numpy as np
import pytest
from notebooks import STEMS, chapter
from scipy import special, stats
from scipy.optimize import minimize
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from site_pages import PAGES, soup

import nll

NUMBER = re.compile(r"(?<![\w.])(?:-?\d+\.\d+(?:e[+-]?\d+)?|0(?![\w.]))")
"""A number with decimals, or 0 where it is exact."""


def coin(theta, h, t):
    """Return the likelihood of a coin, its ratio to the best, and the best coin."""
    heads = h / (h + t)
    p = [heads, 1 - heads]
    log_ratio = -(h + t) * nll.kl_divergence(p, [theta, 1 - theta])
    loss = nll.cross_entropy(p, [theta, 1 - theta])
    return np.exp(-(h + t) * loss), np.exp(log_ratio), heads


def bills(p, q):
    """Return entropy, cross-entropy, their difference, and what it is a difference of."""
    p, q = np.array([p, 1 - p]), np.array([q, 1 - q])
    terms = special.rel_entr(p, q)
    areas = terms.max(), -terms.min()
    return nll.entropy(p), nll.cross_entropy(p, q), nll.kl_divergence(p, q), *areas


def clipped(e):
    """Return the loss of q = 10**e, exact and of Keras, Gluon (which adds) and scikit-learn."""
    q = np.array([10.0**e, max(10.0**e, 1e-7), max(10.0**e, 2.0**-52)])
    exact, keras, sklearn = nll.cross_entropy([1, 0], np.column_stack([q, 1 - q]))
    return exact, keras, -np.log(10.0**e + 1e-12), sklearn


def units(eta):
    """Return mean, loss and slope of three output units for the observation 1."""
    three = np.array([1.0, eta, 0.0])
    softmax = nll.softmax(three)[1], nll.CATEGORICAL.nll(three, 1)
    rows = [(f.output_unit(eta), f.nll(eta, 1)) for f in (nll.GAUSSIAN, nll.BERNOULLI)]
    return [number for mean, loss in [*rows, softmax] for number in (mean, loss, mean - 1)]


def classes(z1, z2, z3, right):
    """Return the loss, the prediction and the gradient of three logits."""
    z, label = np.array([z1, z2, z3]), int(right) - 1
    loss, gradient = nll.softmax_cross_entropy_value_and_grad(z, label)
    return [loss, *nll.softmax(z), *gradient]


def pulls(z, t):
    """Return the prediction, the gradients of both losses, and how many times one is the other."""
    pull, slope = nll.BERNOULLI.gradient(z, t), nll.sigmoid(z) * nll.sigmoid(-z)
    return nll.sigmoid(z), pull, pull * slope, 1 / slope


def seventh(o):
    """Return the center of seven points under each of three losses, with the seventh's loss."""
    points = np.array([-1.6, -0.7, -0.2, 0.3, 0.8, 1.4, o])
    laws = stats.norm(), stats.laplace(), stats.t(2)
    mean, median = points.mean(), np.median(points)
    student = minimize(lambda m: -laws[2].logpdf(points - m).sum(), [median], tol=1e-9).x[0]
    centers = mean, median, student
    losses = (-law.logpdf(o - m) for law, m in zip(laws, centers, strict=True))
    return tuple(itertools.chain(*zip(centers, losses, strict=True)))


def gaps(eta1, eta2):
    """Return two Poisson rates and their divergence both ways."""
    counts = np.arange(80)
    p, q = (np.exp(-nll.POISSON.nll(eta, counts)) for eta in (eta1, eta2))
    return np.exp(eta1), np.exp(eta2), nll.kl_divergence(p, q), nll.kl_divergence(q, p)


def focused(q, gamma):
    """Return a report and the truth for which the focal loss calls it best, by its slopes."""
    ahead = np.array([q, 1 - q]) + 1e-30j
    gain, lose = np.imag((1 - ahead) ** gamma * np.log(ahead))
    return q, lose / (gain + lose)


def heated(T):
    """Return confidence, NLL, Brier score and errors of a margin of 6, right nine times in ten."""
    q = nll.sigmoid(6 / T)
    loss = nll.cross_entropy([0.9, 0.1], [q, nll.sigmoid(-6 / T)])
    return q, loss, 1.8 * (1 - q) ** 2 + 0.2 * q**2, 0.1


def shortened(q):
    """Return the width of the piece of HTHH, and its surprise in bits."""
    return q**3 * (1 - q), 4 * nll.cross_entropy([0.75, 0.25], [q, 1 - q], base=2)


def evidence(k):
    """Return Wald's z, the nats that a common rate costs, and the root of twice these."""
    rate = np.array([0.5, k / 100, (50 + k) / 200])
    one, other, both = nll.entropy(np.column_stack([rate, 1 - rate]))
    nats = 200 * both - 100 * one - 100 * other
    z = np.log(k / (100 - k)) / np.sqrt(0.04 + 1 / k + 1 / (100 - k))
    return z, nats, np.sqrt(2 * nats)


def eighths(number):
    """Return `number` with eight binary digits, as bfloat16 has them in this range."""
    fraction, exponent = np.frexp(number)
    return np.ldexp(np.rint(fraction * 2**8), exponent - 8)


def formats(lead):
    """Return loss and gradient of a leading label in three formats, then those of nll."""
    total = eighths(1 + eighths(np.exp(-eighths(lead))))
    numbers = [eighths(np.log(total)), eighths(eighths(1 / total) - 1)]
    for kind in np.float32, np.float64:
        z = np.array([lead, 0], kind)
        numbers += [-special.log_softmax(z)[0], special.softmax(z)[0] - kind(1)]
    loss, gradient = nll.softmax_cross_entropy_value_and_grad(np.float32([lead, 0]), 0)
    return *numbers, loss, gradient[0]


def surprise(q):
    """Return the loss, and how many tosses of a coin are as surprising if all are heads."""
    return [nll.cross_entropy([1, 0], [q, 1 - q], base=base) for base in (None, 2)]


EXPLORABLES = {
    "index": (surprise, [(0.02,), (0.98,), (0.01,), (0.5,), (1,)]),
    "likelihood": (coin, [(0.5, 9, 4), (0.69, 18, 8), (0.01, 0, 20), (0.99, 20, 1)]),
    "information": (bills, [(0.7, 0.2), (0.3, 0.3), (0.01, 0.99), (0.99, 0.01)]),
    "one_hot_examples": (clipped, [(0,), (-9,), (-20,), (-16,), (-6.5,), (-0.5,)]),
    "output_units": (units, [(-0.5,), (4,), (-4,), (1,), (2.3,)]),
    "softmax_gradient": (
        classes,
        [(0, 0.4, 0.9, 2), (5, -5, 0, 3), (5, 4.9, 4.9, 1), (4, 4, 4, 2)],
    ),
    "stable_kernels": (
        formats,
        [(15,), (0,), (5.5,), (5.55,), (16.6,), (16.65,), (36.7,), (36.75,), (40,)],
    ),
    "code_length": (shortened, [(0.5,), (0.75,), (0.05,), (0.95,)]),
    "how_sure": (evidence, [(70,), (50,), (94,), (99,), (81,)]),
    "exponential_families": (gaps, [(0.5, 1.5), (0, 1), (0, -1), (1.5, -1), (-1, 2)]),
    "priors_and_smoothing": (focused, [(0.69, 2), (0.9, 2), (0.9, 0), (0.6, 5), (0.3, 1)]),
    "proper_scores": (heated, [(1,), (0.5,), (2.75,), (5,), (10,)]),
    "beyond_the_three": (seventh, [(3,), (-4,), (0,), (1.2,), (2,), (5,), (12,)]),
    "gradients_that_survive": (pulls, [(4, 0), (8, 0), (-8, 1), (0.3, 1), (-2.5, 0)]),
}

every_explorable = pytest.mark.parametrize("stem", EXPLORABLES)


DRAWN = """[...document.querySelectorAll('.explorable :is(.plot > *, circle)')].map((e) =>
  ['d', 'cx', 'cy', 'x1', 'x', 'y', 'width', 'height'].map((n) => e.getAttribute(n) ?? '')
    .join(' ')).join(' ')"""


def move(browser, slider, value):
    """Set `slider` as a hand would: the value, and the event that tells of it."""
    script = """arguments[0].value = arguments[1];
      arguments[0].dispatchEvent(new Event('input', {bubbles: true}))"""
    browser.driver.execute_script(script, slider, value)


def says(browser):
    """Return the numbers that the page says, and how many decimals each shows."""
    browser.run("for (let i = 0; i < 2; i++) await new Promise(requestAnimationFrame)")
    text = browser.driver.find_element(By.CLASS_NAME, "explorable-says").text.replace("−", "-")
    return text, NUMBER.findall(text)


def assert_shown(shown, numbers, where):
    """Fail unless every number in `shown` is the one of `numbers`, rounded to its digits."""
    assert len(shown) == len(numbers), f"{where}: {shown}"
    for text, number in zip(shown, numbers, strict=True):
        assert (text == "0") <= (number == 0), f"{where}: {number} is not exactly 0"
        digits, _, power = text.partition("e")
        half = 0.5 * 10.0 ** (int(power or 0) - len(digits.partition(".")[2]))
        assert abs(float(text) - number) <= half * (1 + 1e-6), f"{where}: {text} is not {number}"


@every_explorable
def test_sliders_say_what_nll_computes(browser, stem):
    numbers, positions = EXPLORABLES[stem]
    assert browser.open(f"book/{stem}.html") == []
    browser.show(390, "light")
    sliders = browser.driver.find_elements(By.CSS_SELECTOR, ".explorable input")
    assert len(sliders) == len(positions[0])
    first = tuple(float(slider.get_attribute("value")) for slider in sliders)
    assert first == positions[0], "the chart opens elsewhere"
    for position in positions:
        for slider, value in zip(sliders, position, strict=True):
            move(browser, slider, value)
        text, shown = says(browser)
        assert_shown(shown, numbers(*position), f"{stem} at {position}: {text!r}")


@every_explorable
def test_sliders_move_by_keyboard_and_have_names(browser, stem):
    browser.open(f"book/{stem}.html")
    for slider in browser.driver.find_elements(By.CSS_SELECTOR, ".explorable input"):
        assert slider.accessible_name, "a slider without a name"
        before, (old, _) = float(slider.get_attribute("value")), says(browser)
        drawing = browser.driver.find_element(By.CLASS_NAME, "explorable-picture")
        picture = drawing.get_attribute("innerHTML")
        at_end = before == float(slider.get_attribute("max"))
        slider.send_keys(Keys.ARROW_LEFT if at_end else Keys.ARROW_RIGHT)
        assert float(slider.get_attribute("value")) != before
        assert says(browser)[0] != old, "the numbers stay"
        assert drawing.get_attribute("innerHTML") != picture, "the drawing stays"


@every_explorable
def test_reset_and_the_stored_picture_are_where_it_begins(browser, stem):
    browser.open(f"book/{stem}.html")
    shown = "return document.querySelector('.explorable').innerText + " + DRAWN
    stored = browser.driver.execute_script(shown)
    slider = browser.driver.find_element(By.CSS_SELECTOR, ".explorable input")
    move(browser, slider, 0.9 * float(slider.get_attribute("min")))
    moved = browser.driver.execute_script(shown)
    browser.driver.find_element(By.CSS_SELECTOR, ".explorable [type=reset]").click()
    says(browser)
    again = browser.driver.execute_script(shown)
    assert moved != stored
    words = [re.split(r"[\s,L]+", text) for text in (stored, again)]
    for old, new in zip(*words, strict=True):
        assert old == new or abs(float(old.strip("M")) - float(new.strip("M"))) < 0.11, (old, new)


@every_explorable
@pytest.mark.usefixtures("without_scripts")
def test_a_picture_is_there_without_scripts(browser, stem):
    browser.open(f"book/{stem}.html")
    (box,) = browser.driver.find_elements(By.CLASS_NAME, "explorable")
    picture = box.find_element(By.CSS_SELECTOR, "[role=img]")
    assert len(picture.accessible_name) > 40, "the drawing has no text"
    assert picture.find_element(By.TAG_NAME, "svg").size["height"] > 200, "no drawing"
    shown = [e for e in box.find_elements(By.TAG_NAME, "input") if e.is_displayed()]
    assert not shown, "a slider that moves nothing"


def test_every_explorable_is_tested():
    assert {page.stem for page in PAGES if soup(page).select(".explorable")} == set(EXPLORABLES)


@pytest.mark.parametrize("stem", sorted(set(EXPLORABLES) & set(STEMS)))
def test_a_question_comes_first(stem):
    cells = chapter(stem).cells
    first = next(i for i, c in enumerate(cells) if "explorables.explorable(" in c.source)
    assert "Predict, then move" in cells[first - 1].source
