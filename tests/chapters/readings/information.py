"""What the quantities in the displays of information are worth."""

import numpy as np
from derivatives import slope
from scipy import special, stats

import nll

# how many weeks of a hundred have 0, 1, ... 7 wet days
WORLD = np.array([30, 16, 12, 10, 9, 8, 7, 8])
NAMES = {
    "s(ab)": lambda a, b: -stats.bernoulli.logpmf(1, a * b),
    "s(a)": lambda a: -stats.bernoulli.logpmf(1, a),
    "s(b)": lambda b: -stats.bernoulli.logpmf(1, b),
    "s'(a)": lambda a: slope(lambda x: -np.log(x), a),
    "s'(1)": lambda: slope(lambda x: -np.log(x), 1.0),
    (r"\cdot x_k", "x_k"): lambda p, q, k: (q[k] - p[k]) / p[k],
    ("(q_k - p_k) / p_k", "x_k"): lambda p, q, k: q[k] / p[k] - 1,
    (r"\theta = 0.35", r"\theta"): lambda: WORLD @ np.arange(8) / 700,
    ("eq-information-surprise", "s"): lambda q: -stats.bernoulli.logpmf(1, q),
    "H(p)": lambda p: nll.entropy(p),
    "H(p, q)": lambda p, q: nll.cross_entropy(p, q),
    r"\mathrm{KL}(p \,\|\, q)": lambda p, q: nll.kl_divergence(p, q),
    r"\mathrm{KL}(p \,\|\, u)": lambda p: nll.kl_divergence(p, np.full(4, 1 / 4)),
    # a code that spends the part S of its budget
    r"\ell_k": lambda q, S, k: -np.log2(q[k] * S),
    ("eq-information-terms", r"\mathrm{KL}(p \,\|\, q)"): lambda p, x: np.sum(
        special.kl_div(p, p * (1 + x))
    ),
    ("eq-information-kernel", r"\mathrm{KL}(p \,\|\, q)"): lambda p, q: special.kl_div(p, q).sum(),
    ("eq-information-chain", r"\hat\theta"): lambda p_hat: p_hat[0],
    # a coin that shows 1 with probability theta, and 2 otherwise
    r"q_\theta(y_n)": lambda y, n, theta: [theta, 1 - theta][y[n] - 1],
    r"q_\theta(k)": lambda k, theta: [theta, 1 - theta][k],
    r"H(\hat p, q_\theta)": lambda p_hat, theta: nll.cross_entropy(p_hat, [theta, 1 - theta]),
    r"\mathrm{KL}(\hat p \,\|\, q_\theta)": lambda p_hat, theta: nll.kl_divergence(
        p_hat, [theta, 1 - theta]
    ),
    # the same coin tossed by a world in which it has the probabilities p
    r"\mathbb{E}_{y \sim p} [-\log q_\theta(y)]": lambda p, theta: (
        -(p @ stats.bernoulli.logpmf([1, 0], theta))
    ),
    r"\mathrm{KL}(p \,\|\, q_\theta)": lambda p, theta: nll.kl_divergence(p, [theta, 1 - theta]),
}
DRAWS = {
    ("(p", "p"): lambda rng: nll.softmax(rng.normal(size=4)),
    ("q)", "q"): lambda rng: nll.softmax(rng.normal(size=4)),
    (r"= \log K - H(p)", "q"): lambda rng: np.full(4, 0.25),
    ("eq-information-terms", "x"): lambda rng: rng.uniform(-0.5, 0.5, size=4),
    (r"\sum_k 2^{-\ell_k}", "q"): lambda rng: nll.softmax(rng.normal(size=4)),
    # a code that spends its whole budget
    (r"q_k = 2^{-\ell_k}", "S"): lambda rng: 1.0,
    (r"q_k = 2^{-\ell_k} / S", "S"): lambda rng: rng.uniform(0.1, 0.9),
    ("eq-information-kernel", "q"): lambda rng: rng.uniform(0.1, 0.9, size=4),
    "y_": lambda rng: rng.permutation([1, 1, 1, 1, 2]),
    "p_hat": lambda rng: np.array([0.8, 0.2]),
    (r"q_\theta(k)", "K"): lambda rng: 2,
    ("eq-information-uniform", "p"): lambda rng: nll.softmax(rng.normal(size=4)),
    ("eq-information-population", "p"): lambda rng: nll.softmax(rng.normal(size=2)),
}
UNREAD = {"H(p) = 0": "a condition, not a claim"}
INLINE = {
    r"""\begin{aligned}
\hat\theta
&= \operatorname*{argmax}_\theta \prod_{n=1}^{N} q_\theta(y_n) \\
&= \operatorname*{argmax}_\theta \frac{1}{N} \sum_{n=1}^{N} \log q_\theta(y_n) \\
&= \operatorname*{argmax}_\theta \sum_{k=1}^{K} \hat p_k \cdot \log q_\theta(k) \\
&= \operatorname*{argmin}_\theta H(\hat p, q_\theta) \\
&= \operatorname*{argmin}_\theta \mathrm{KL}(\hat p \,\|\, q_\theta)
\end{aligned}""": None,
    r"\log (p_k / q_k) - \log p_k = -\log q_k": None,
    "s(ab) = s(a) + s(b)": None,
    r"a \cdot s'(a) = s'(1)": None,
    r"\sum_k p_k \cdot x_k = \sum_k (q_k - p_k) = 1 - 1 = 0": None,
    "x_k = (q_k - p_k) / p_k": None,
    r"\theta = 0.35": None,
}
