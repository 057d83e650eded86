"""What the quantities in the displays of output_units are worth."""

import math

import numpy as np
from scipy import special, stats

import nll

NAMES = {
    r"p(y \mid \eta)": lambda y, eta, sigma: stats.norm.pdf(y, eta, sigma),
    r"P(y \mid \mu)": lambda y, mu: math.exp(-nll.BERNOULLI.nll(special.logit(mu), y)),
    ("eq-output-units-sigmoid", r"P(y \mid \eta)"): lambda y, eta: math.exp(
        -nll.BERNOULLI.nll(eta, y)
    ),
    ("eq-output-units-categorical", r"P(y \mid \eta)"): lambda y, eta: nll.softmax(eta)[y],
    ("eq-output-units-poisson", r"P(y \mid \eta)"): lambda y, eta: stats.poisson.pmf(
        y, np.exp(eta)
    ),
    r"\frac{\partial \ell}{\partial \eta}": lambda mu, y: nll.BERNOULLI.gradient(
        special.logit(mu), y
    ),
}
DRAWS = {("eq-output-units-poisson", "y"): lambda rng: int(rng.integers(2, 7))}
