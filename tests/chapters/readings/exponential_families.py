"""What the quantities in the displays of exponential_families are worth.

The page speaks of any family; here it is one of four outcomes, with statistics T and weights c.
"""

import numpy as np
from derivatives import slope
from scipy.integrate import quad

import nll


def log_normalizer(eta, T, c):
    """Return the log-normalizer of the family."""
    return nll.logsumexp(eta * T - c)


def moments(eta, T, c):
    """Return mean and variance of the statistic."""
    p = nll.softmax(eta * T - c)
    return p @ T, p @ T**2 - (p @ T) ** 2


def loss(eta, T, c, y):
    """Return the loss of outcome y."""
    return nll.softmax_cross_entropy(eta * T - c, y)


def outcome(rng):
    """Draw an outcome."""
    return int(rng.integers(4))


T_AND_C = {"T": lambda rng: rng.normal(size=4), "c": lambda rng: rng.normal(size=4)}
WAITING = r"A = -\log(-\eta)"
NAMES = {
    r"\ell": lambda eta, T, c, y: loss(eta, T, c, y),
    r"A(\eta)": lambda eta, T, c: log_normalizer(eta, T, c),
    "T(y)": lambda T, y: T[y],
    "c(y)": lambda c, y: c[y],
    r"\frac{\partial \ell}{\partial \eta}": lambda eta, T, c, y: slope(
        lambda e: loss(e, T, c, y), eta
    ),
    r"\frac{\partial^2 \ell}{\partial \eta^2}": lambda eta, T, c, y: slope(
        lambda e: nll.softmax(e * T - c) @ T - T[y], eta
    ),
    r"A'(\eta)": lambda eta, T, c: moments(eta, T, c)[0],
    r"A''(\eta)": lambda eta, T, c: moments(eta, T, c)[1],
    r"\mathrm{KL}(\eta_1 \,\|\, \eta_2)": lambda eta, T, c: nll.kl_divergence(
        nll.softmax(eta[0] * T - c), nll.softmax(eta[1] * T - c)
    ),
    r"A(\eta_1)": lambda eta, T, c: log_normalizer(eta[0], T, c),
    r"A(\eta_2)": lambda eta, T, c: log_normalizer(eta[1], T, c),
    r"A'(\eta_1)": lambda eta, T, c: moments(eta[0], T, c)[0],
    ("eq-exponential-families-balance", r"\frac{\partial L}{\partial w_j}"): lambda mu, y, x, j: (
        np.sum((mu - y) * x[:, j])
    ),
    ("eq-exponential-families-balance", "x_{nj}"): lambda x, n, j: x[n, j],
    (WAITING, "A"): lambda eta: np.log(quad(lambda y: np.exp(eta * y), 0, np.inf)[0]),
}
DRAWS = {
    **T_AND_C,
    "T_": T_AND_C["T"],
    "c_": T_AND_C["c"],
    ("eq-exponential-families-loss", "y"): outcome,
    ("eq-exponential-families-derivatives", "y"): outcome,
    # vectors even where a slip takes their subscript
    ("eq-exponential-families-balance", "mu"): lambda rng: rng.uniform(0.1, 0.9, size=5),
    ("eq-exponential-families-balance", "y"): lambda rng: rng.uniform(0.1, 0.9, size=5),
    ("eq-exponential-families-balance", "x"): lambda rng: rng.normal(size=(5, 3)),
    ("eq-exponential-families-balance", "j"): lambda rng: int(rng.integers(3)),
    (WAITING, "eta"): lambda rng: -rng.uniform(0.5, 2),
}
INLINE = {WAITING: None}
CONSTANTS = {
    "569": "the rows of scikit-learn's breast cancer data",
}
