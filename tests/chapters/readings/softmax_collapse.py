"""What the quantities in the displays of softmax_collapse are worth."""

import numpy as np
from derivatives import slope
from scipy.integrate import quad

import nll

PAGE = "eq-softmax-collapse"
NAMES = {
    (f"{PAGE}-loss", "s"): lambda K, m: np.exp(nll.logsumexp(np.full(K - 1, -m))),
    (f"{PAGE}-loss", "L"): lambda K, m: nll.softmax_cross_entropy(m * np.eye(K)[0], 0),
    (f"{PAGE}-lead", "m"): lambda K, u: np.log((K - 1) / u),
    r"\frac{d L}{d c}": lambda m, c: slope(lambda c: nll.softplus(-c * m).sum(), c),
    (f"{PAGE}-log-law", "n"): lambda m, r: quad(lambda lead: (1 + np.exp(lead)) / r, 0, m)[0],
}
