"""What the quantities in the displays of output_units are worth."""

import math

import numpy as np
from derivatives import slope
from scipy import special, stats
from sklearn import datasets

import nll

WIDTH, FLOOR = "eq-output-units-width", "eq-output-units-floor"
NAMES = {
    r"p(y \mid \eta)": lambda y, eta, sigma: stats.norm.pdf(y, eta, sigma),
    r"P(y \mid \mu)": lambda y, mu: math.exp(-nll.BERNOULLI.nll(special.logit(mu), y)),
    ("eq-output-units-sigmoid", r"P(y \mid \eta)"): lambda y, eta: math.exp(
        -nll.BERNOULLI.nll(eta, y)
    ),
    ("eq-output-units-categorical", r"P(y \mid \eta)"): lambda y, eta: nll.softmax(eta)[y],
    ("/ y!", r"P(y \mid \mu)"): lambda y, mu: stats.poisson.pmf(y, mu),
    (r"\eta = \log \frac", r"\eta"): lambda mu: special.logit(mu),
    ("eq-output-units-poisson", r"P(y \mid \eta)"): lambda y, eta: stats.poisson.pmf(
        y, np.exp(eta)
    ),
    r"\frac{\partial \ell}{\partial \eta}": lambda mu, y: nll.BERNOULLI.gradient(
        special.logit(mu), y
    ),
    r"\mathbb{E}[(y - c)^2]": lambda y, c: np.mean((y - c) ** 2),
    r"\operatorname{Var}[y]": lambda y: np.var(y),
    r"\mathbb{E}[y]": lambda y: np.mean(y),
    (WIDTH, r"\frac{\partial \ell}{\partial \eta}"): lambda mu, y, sigma: slope(
        lambda mean: -stats.norm.logpdf(y, mean, sigma), mu
    ),
    r"\mathbb{E}[-\log q(y)]": lambda p, q: p.expect(lambda y: -q.logpdf(y)),
    "h(p)": lambda p: p.entropy(),
    # a mean of 20 losses and their sum, with penalties of the same strength
    ("C = 1/20", "C"): lambda: 1 / len(datasets.load_linnerud().data),
    r"\mathrm{KL}(p \,\|\, q)": lambda p, q: p.expect(lambda y: p.logpdf(y) - q.logpdf(y)),
}
DRAWS = {
    ("y!", "y"): lambda rng: int(rng.integers(2, 7)),
    (r"\cdot (\mu / n)", "n"): lambda rng: rng.integers(2, 30),
    ("eq-output-units-mean", "y"): lambda rng: rng.exponential(size=50),
    (WIDTH, "sigma"): lambda rng: rng.uniform(0.5, 2),
    (FLOOR, "p"): lambda rng: stats.gamma(*rng.uniform(1, 4, size=2)),
    (FLOOR, "q"): lambda rng: stats.norm(*rng.uniform(1, 4, size=2)),
}
UNREAD = {r"h(p) = \mathbb{E}[-\log p(y)]": "a definition"}
INLINE = {
    "C = 1/20": None,
    r"n \cdot (\mu / n) \cdot (1 - \mu / n) = \mu (1 - \mu / n)": lambda n, mu: stats.binom.var(
        n, mu / n
    ),
    r"\eta = \log \frac{\mu}{1 - \mu}": lambda mu: special.logit(mu),
    r"\sigma(\eta) = 1 / (1 + \exp(-\eta))": None,
}
CONSTANTS = {
    "3.7": "what no count is",
    "569": "the rows of scikit-learn's breast cancer data",
}
