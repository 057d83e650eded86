"""What the quantities in the displays of likelihood are worth."""

import math

import numpy as np
from latex import GRID
from scipy.optimize import brentq

import nll


def logit(p):
    """Return the logit whose sigmoid is `p`."""
    return np.log(p) - np.log1p(-p)


def log_likelihood(theta, y):
    """Return the log-likelihood of a coin for the tosses `y`."""
    return -nll.negative_log_likelihood(nll.BERNOULLI, logit(theta), y, reduction="sum")


NAMES = {
    r"P(y; \theta)": lambda y, theta: math.exp(-nll.BERNOULLI.nll(logit(theta), y)),
    r"P(y_n; \theta)": lambda y, n, theta: math.exp(-nll.BERNOULLI.nll(logit(theta), y[n])),
    r"P(y_1, \dots, y_N; \theta)": lambda y, theta: math.exp(log_likelihood(theta, y)),
    ("eq-likelihood-coin", r"L(\theta)"): lambda theta: math.prod([theta] * 9 + [1 - theta] * 4),
    ("eq-likelihood-log", r"L(\theta)"): lambda y, theta: math.exp(log_likelihood(theta, y)),
    ("eq-likelihood-estimate", r"\hat\theta"): lambda h, N: nll.sigmoid(
        brentq(lambda eta: nll.BERNOULLI.gradient(eta, h / N), -9, 9, xtol=1e-12)
    ),
    ("eq-likelihood-mean", r"\bar{\ell}"): lambda theta, h, N: (
        -nll.BERNOULLI.nll(logit(theta), h / N)
    ),
    # the mean of the tosses, as a sum over examples and as a sum over outcomes
    r"\hat\theta": lambda y: y.mean(),
    r"\bar{\ell}": lambda y, theta: log_likelihood(theta, y) / len(y),
    r"\hat p(y)": lambda p_hat, y: p_hat[y],
    r"\mathbb{E}_{y \sim \hat p} [\log P(y; \theta)]": lambda p_hat, theta: (
        p_hat @ np.log([1 - theta, theta])
    ),
    # a model of y given x: a logistic regression without intercept
    r"P(y_n \mid x_n; \theta)": lambda x, y, n, theta: math.exp(
        -nll.BERNOULLI.nll(3 * theta * x[n], y[n])
    ),
    (r"\mid x_n", r"\hat\theta"): lambda x, y: GRID[
        np.argmin([nll.BERNOULLI.nll(3 * theta * x, y).sum() for theta in GRID])
    ],
    # a table of hair (x) and eyes (y)
    ("eq-likelihood-conditional", r"\bar{\ell}"): lambda table, model: np.sum(
        table * np.log(model)
    ),
    r"\hat p(x)": lambda table, x: table[x - 1].sum(),
    r"\hat p(y \mid x)": lambda table, x, y: table[x - 1, y - 1] / table[x - 1].sum(),
    r"q(y \mid x)": lambda model, x, y: model[x - 1, y - 1],
    # the same table: shares of eyes within each hair against shares of eyes
    r"\bar{\ell}_B": lambda table: np.sum(table * np.log(table / table.sum(axis=1, keepdims=True))),
    r"\bar{\ell}_A": lambda table: np.sum(table * np.log(table.sum(axis=0))),
    r"\hat p(x, y)": lambda table, x, y: table[x - 1, y - 1],
    ("eq-likelihood-mutual-information", r"\hat p(y)"): lambda table, y: table[:, y - 1].sum(),
    r"P(y = k \mid x; \theta)": lambda z, k: nll.softmax(z)[k],
    ("eq-likelihood-logits", "q_k"): lambda z, k: nll.softmax(z)[k],
    r"\frac{\partial \log q_y}{\partial z_y}": lambda q, y: (
        -nll.softmax_cross_entropy_value_and_grad(np.log(q), y)[1][y]
    ),
    # three tosses, three heads
    (r"\hat\theta = 1", r"\hat\theta"): lambda: np.mean([1, 1, 1]),
    # a joint distribution in two parts
    "P(x, y)": lambda table, x, y: table[x, y],
    r"P(y \mid x; \theta)": lambda table, x, y: table[x, y] / table[x].sum(),
    "P(x)": lambda table, x: table[x].sum(),
}
DRAWS = {
    "y_": lambda rng: rng.permutation([0.0, 1.0, 1.0, 1.0, 1.0]),
    "p_hat": lambda rng: np.array([0.2, 0.8]),
    "M": lambda rng: 3,
    (r"\mid x_n", "x"): lambda rng: np.array([1.0, 0.7, 0.5, 0.6, -0.4]) + rng.uniform(0, 0.2, 5),
    (r"9(1 - \theta)", "theta"): lambda rng: 9 / 13,
    ("P(x, y)", "x"): lambda rng: rng.integers(3),
    ("P(x, y)", "y"): lambda rng: rng.integers(4),
    "table": lambda rng: nll.softmax(rng.normal(size=12)).reshape(3, 4),
    "model": lambda rng: nll.softmax(rng.normal(size=(3, 4)), axis=1),
}
INLINE = {
    r"""\begin{aligned}
\hat\theta
&= \operatorname*{argmax}_\theta \prod_{n=1}^{N} P(y_n; \theta) \\
&= \operatorname*{argmax}_\theta \sum_{n=1}^{N} \log P(y_n; \theta) \\
&= \operatorname*{argmax}_\theta \frac{1}{N} \sum_{n=1}^{N} \log P(y_n; \theta) \\
&= \operatorname*{argmin}_\theta -\frac{1}{N} \sum_{n=1}^{N} \log P(y_n; \theta)
\end{aligned}""": None,
    r"""\begin{aligned}
\hat\theta
&= \operatorname*{argmax}_\theta \prod_{n=1}^{N} P(y_n \mid x_n; \theta) \\
&= \operatorname*{argmax}_\theta \frac{1}{N} \sum_{n=1}^{N} \log P(y_n \mid x_n; \theta)
\end{aligned}""": None,
    r"9(1 - \theta) = 4\theta": None,
    r"\hat\theta = 1": None,
    r"\log P(x, y) = \log P(y \mid x; \theta) + \log P(x)": None,
}
CONSTANTS = {
    "0.6923": "9/13",
}
