"""What the quantities in the displays of gradients_that_survive are worth."""

import numpy as np
from derivatives import slope
from scipy.special import logit

import nll

PAGE = "eq-gradients-that-survive"
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
}
