"""What the quantities in the displays of priors_and_smoothing are worth."""

import numpy as np
from derivatives import slope
from scipy.optimize import brentq
from scipy.stats import norm

import nll

PAGE = "eq-priors-and-smoothing"
BY_LEAD = r"\alpha (K - 1) / K = 0.09"


def target(c, alpha, K):
    """Return the target that label smoothing makes of class c."""
    return (1 - alpha) * np.eye(int(K))[int(c)] + alpha / K


def focal(q, gamma):
    """Return the focal loss of a label that has probability q, from its logit."""
    eta = np.log(q / (1 - q))
    return nll.sigmoid(-eta) ** gamma * nll.softplus(-eta)


def fall(q, gamma):
    """Return how fast the focal loss falls with q."""
    return -slope(lambda q: focal(q, gamma), q)


NAMES = {
    r"\log P(0)": lambda w, tau: norm.logpdf(np.zeros_like(w), 0, tau).sum(),
    r"\log P(w)": lambda w, tau: norm.logpdf(w, 0, tau).sum(),
    "L(w)": lambda ell, w, tau: (
        np.sum(ell) + np.sum(norm.logpdf(0 * np.asarray(w), 0, tau) - norm.logpdf(w, 0, tau))
    ),
    (f"{PAGE}-decay", r"\lambda"): lambda N, tau: -slope(lambda w: norm.logpdf(w, 0, tau), 1.0) / N,
    "H(t, q)": lambda q, c, alpha, K: nll.cross_entropy(target(c, alpha, K), q),
    "H(t)": lambda c, alpha, K: nll.entropy(target(c, alpha, K)),
    r"\mathrm{KL}(t \,\Vert\, q)": lambda q, c, alpha, K: nll.kl_divergence(target(c, alpha, K), q),
    (f"{PAGE}-floor", "H(t)"): lambda alpha, K: nll.entropy(target(0, alpha, K)),
    (f"{PAGE}-floor", "t_c"): lambda alpha, K: target(0, alpha, K)[0],
    r"\frac{\partial L}{\partial z_k}": lambda z, v, T, k: slope(
        lambda x: nll.cross_entropy(
            nll.softmax(v / T), nll.softmax(np.where(np.arange(len(z)) == k, x, z) / T)
        ),
        z[int(k)],
    ),
    r"d\theta / d\eta": lambda theta: slope(nll.sigmoid, np.log(theta / (1 - theta))),
    (f"{PAGE}-weights", "q_k"): lambda p, w, k: nll.softmax(np.log(p) + np.log(w))[int(k)],
    (f"{PAGE}-focal", r"\ell"): focal,
    r"\varphi(q)": fall,
    r"\varphi(1 - q)": lambda q, gamma: fall(1 - q, gamma),
    (f"{PAGE}-unfocal", "p"): lambda q, gamma: brentq(
        lambda p: slope(lambda q: p * focal(q, gamma) + (1 - p) * focal(1 - q, gamma), q), 0, 1
    ),
}
DRAWS = {
    "J": lambda rng: 3,
    (r"^{J} w_j^2", "w"): lambda rng: rng.uniform(0.1, 0.9, size=3),
    (f"{PAGE}-distillation", "z"): lambda rng: rng.normal(size=4),
    (f"{PAGE}-distillation", "v"): lambda rng: rng.normal(size=4),
    "gamma": lambda rng: rng.uniform(0.5, 4),
    (BY_LEAD, "alpha"): lambda rng: 0.1,
    (BY_LEAD, "K"): lambda rng: 10,
}
INLINE = {BY_LEAD: None}
CONSTANTS = {
    "99": "times in a hundred, of a truth of 0.99",
    "0.694": "a belief under focus, in an exercise",
    "0.921": "0.694**3 / (0.694**3 + 0.306**3)",
}
