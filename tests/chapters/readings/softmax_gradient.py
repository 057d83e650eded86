"""What the quantities in the displays of softmax_gradient are worth.

The exponential family of the last section is read as the Poisson distribution.
"""

import numpy as np
from derivatives import slope
from scipy import special, stats

import nll


def gradient(z, t):
    """Return the gradient of the loss of logits `z`, targets `t`."""
    return nll.softmax_cross_entropy_value_and_grad(z, t)[1]


def nudged(y, j, h):
    """Return the logits of `y` with the `j`-th raised by `h`."""
    return np.log(y) + h * np.eye(len(y))[j]


THIRD, FAMILY = "eq-softmax-gradient-third-class", r"A'(\eta)"
NODES, ONE_LINE = r"\partial e_k", "eq-softmax-gradient-one-line"
INLINE_LOSS, LOG_Y = r"L = -\sum_k t_k \log y_k", r"\log y_k = z_k - \log \sum_j \exp(z_j)"
BACK, SIGMOID = "(-t_k / y_k)(-e_k / S^2) = t_k / S", "g' = y(1 - y)"
HESSIAN = r"H = \operatorname{diag}(y) - y y^\top"
PRODUCT = r"Hv = \operatorname{diag}(y) v - y (y^\top v)"
NAMES = {
    ("eq-softmax-gradient-softmax", "y_k"): lambda z, k: nll.softmax(z)[k],
    ("eq-softmax-gradient-line", "L"): lambda z, t: nll.softmax_cross_entropy(z, t),
    (ONE_LINE, r"\frac{\partial L}{\partial z_k}"): lambda z, t, k: gradient(z, t)[k],
    (ONE_LINE, "y_k"): lambda z, k: nll.softmax(z)[k],
    ("eq-softmax-gradient-loss", "L"): lambda t, y: nll.softmax_cross_entropy(np.log(y), t),
    (NODES, "S"): lambda e: e.sum(),
    (NODES, "y_k"): lambda e, k: e[k] / e.sum(),
    r"\frac{\partial L}{\partial e_k}": lambda e, t, k: slope(
        lambda h: -t @ np.log((e + h * np.eye(4)[k]) / (e + h * np.eye(4)[k]).sum()), 0
    ),
    r"\frac{\partial L}{\partial z_k}": lambda e, t, k: gradient(np.log(e), t)[k],
    (THIRD, r"\partial L / \partial z_1"): lambda y: gradient(np.log(y), 2)[0],
    (THIRD, r"\partial L / \partial z_2"): lambda y: gradient(np.log(y), 2)[1],
    (THIRD, r"\partial L / \partial z_3"): lambda y: gradient(np.log(y), 2)[2],
    r"\frac{\partial y_k}{\partial z_j}": lambda y, j, k: slope(
        lambda h: nll.softmax(nudged(y, j, h))[k], 0
    ),
    r"\frac{\partial L}{\partial z_j}": lambda y, t, j: gradient(np.log(y), t)[j],
    r"\frac{\partial^2 L}{\partial z_j \partial z_k}": lambda y, j, k: slope(
        lambda h: gradient(nudged(y, j, h), 0)[k], 0
    ),
    r"v^\top H v": lambda y, v: v @ (np.diag(y) - np.outer(y, y)) @ v,
    ("eq-softmax-gradient-curvature", "m"): lambda y, v: y @ v,
    r"p(t \mid \eta)": lambda t, eta: stats.poisson.pmf(t, np.exp(eta)),
    "h(t)": lambda t: 1 / special.factorial(t),
    r"A(\eta)": lambda eta: np.exp(eta),
    (f"y = {FAMILY}", "y"): lambda eta: stats.poisson.mean(np.exp(eta)),
    FAMILY: lambda eta: slope(np.exp, eta),
    (FAMILY, "L"): lambda t, eta: -stats.poisson.logpmf(t, np.exp(eta)),
    r"\frac{\partial L}{\partial \eta}": lambda t, eta: slope(
        lambda x: -stats.poisson.logpmf(t, np.exp(x)), eta
    ),
    r"\frac{d}{d\eta} \sum_t p(t \mid \eta)": lambda K, eta: slope(
        lambda x: stats.poisson.pmf(np.arange(K), np.exp(x)).sum(), eta
    ),
    r"\mathbb{E}[t]": lambda eta: stats.poisson.mean(np.exp(eta)),
    (INLINE_LOSS, "L"): lambda t, y: nll.softmax_cross_entropy(np.log(y), t),
    (LOG_Y, "y_k"): lambda z, k: nll.softmax(z)[k],
    (BACK, "y_k"): lambda e, k: e[k] / e.sum(),
    (BACK, "S"): lambda e: e.sum(),
    (HESSIAN, "H"): lambda y: np.array(
        [slope(lambda h, j=j: gradient(nudged(y, j, h), 0), 0) for j in range(4)]
    ),
    (HESSIAN, r"\operatorname{diag}(y)"): lambda y: np.diag(y),
    (HESSIAN, r"y y^\top"): lambda y: np.outer(y, y),
    (PRODUCT, "Hv"): lambda y, v: (np.diag(y) - np.outer(y, y)) @ v,
    (PRODUCT, r"\operatorname{diag}(y) v"): lambda y, v: y * v,
    (PRODUCT, r"y^\top v"): lambda y, v: y @ v,
    (SIGMOID, "g'"): lambda eta: slope(nll.sigmoid, eta),
    (SIGMOID, "y"): lambda eta: nll.sigmoid(eta),
    r"\frac{\partial L}{\partial z_c}": lambda e, o, c: gradient(np.log([e[c], o]), 0)[0],
}
DRAWS = {
    "e": lambda rng: rng.uniform(0.5, 2, size=4),
    (THIRD, "y"): lambda rng: nll.softmax(rng.normal(size=3)),
    ("eq-softmax-gradient-family", "t"): lambda rng: int(rng.integers(2, 7)),
    (r"\log h(t)", "t"): lambda rng: int(rng.integers(2, 7)),
    (r"\mathbb{E}[t]", "t"): lambda rng: int(rng.integers(2, 7)),
    (r"\mathbb{E}[t]", "K"): lambda rng: 60,
    (HESSIAN, "y"): lambda rng: nll.softmax(rng.normal(size=4)),
    (PRODUCT, "y"): lambda rng: nll.softmax(rng.normal(size=4)),
    (PRODUCT, "v"): lambda rng: rng.normal(size=4),
}
HARMLESS = {r"ta_{jk} \cdot e_[k -> j]": "the delta is 1 where j is k"}
READ = [r"-\log(1/K) = \log K", INLINE_LOSS, LOG_Y, BACK, SIGMOID, HESSIAN, PRODUCT]
ZERO = r"""\begin{aligned}
0 &= \frac{d}{d\eta} \sum_t p(t \mid \eta) \\
&= \sum_t p(t \mid \eta) \, (t - A'(\eta)) \\
&= \mathbb{E}[t] - A'(\eta)
\end{aligned}"""
INLINE = dict.fromkeys([*READ, ZERO])
CONSTANTS = {
    "50257": "the vocabulary of GPT-2; its square has 2.5e9 numbers",
}
