"""What the quantities in the displays of gradients_that_survive are worth."""

import numpy as np
from derivatives import slope
from scipy.optimize import brentq
from scipy.special import logit

import nll

PAGE = "eq-gradients-that-survive"
JACOBIAN = r"\partial y_j / \partial z_k = y_j(\delta_{jk} - y_k)"


def hump():
    """Return the logit at which squared error pulls hardest."""
    return brentq(lambda z: slope(lambda x: nll.sigmoid(x) ** 2 * nll.sigmoid(-x), z), 0, 2)


NAMES = {
    (f"{PAGE}-squared-error", r"\frac{\partial L}{\partial z}"): lambda y, t: slope(
        lambda z: (nll.sigmoid(z) - t) ** 2 / 2, logit(y)
    ),
    (f"{PAGE}-cross-entropy", r"\frac{\partial L}{\partial z}"): lambda y, t: (
        nll.BERNOULLI.gradient(logit(y), t)
    ),
    (f"{PAGE}-softmax-squared-error", "s"): lambda y, t: y @ y - y @ t,
    r"\frac{\partial L}{\partial z_k}": lambda y, t, k: slope(
        lambda h: np.sum((nll.softmax(np.log(y) + h * np.eye(4)[k]) - t) ** 2) / 2, 0
    ),
    r"\frac{\partial L}{\partial w}": lambda y, t, v, h, x: (
        slope(lambda w: nll.BERNOULLI.nll(v * nll.sigmoid(w) + logit(y) - v * h, t), logit(h)) * x
    ),
    f"{PAGE}-expected": lambda p, y: np.average([(y - 1) ** 2 / 2, y**2 / 2], weights=[p, 1 - p]),
    r"\frac{\partial^2 L}{\partial z^2}": lambda y: slope(
        lambda z: nll.sigmoid(z) ** 2 * nll.sigmoid(-z), logit(y)
    ),
    (JACOBIAN, r"\partial y_j / \partial z_k"): lambda y, j, k: slope(
        lambda h: nll.softmax(np.log(y) + h * np.eye(4)[k])[j], 0
    ),
    ("y = 2/3", "y"): lambda: nll.sigmoid(hump()),
    (r"z = \log 2", "z"): hump,
    ("y = 0.3", "y"): lambda: brentq(
        lambda y: nll.BERNOULLI.gradient(np.full(10, logit(y)), np.arange(10) < 3).sum(), 0.1, 0.9
    ),
}
INLINE = dict.fromkeys([JACOBIAN, "y = 2/3", r"z = \log 2", "y = 0.3"])
CONSTANTS = {
    "0.98": "the sigmoid at 4",
    "0.017": "y**2 * (1 - y) for y = 0.982",
    "0.67": "about 2 / 3, where y**2 * (1 - y) is largest",
    "0.99": "an example",
    "-4.6": "log(0.01 / 0.99)",
    "1.6": "exp(20) / 0.3, in units of 1e9",
    "43": "10028 / 232, both printed",
}
