"""What the quantities in the displays of proper_scores are worth."""

import numpy as np
from derivatives import slope
from scipy.integrate import quad

import nll

NAMES = {
    "S(q)": lambda p, q: nll.cross_entropy([p, 1 - p], [q, 1 - q]),
    ("eq-proper-scores-expected", "s_1(q)"): lambda q: -np.log(q),
    ("eq-proper-scores-expected", "s_0(q)"): lambda q: -np.log1p(-q),
    ("eq-proper-scores-mixture", "s_1(q)"): lambda q: (1 - q) ** 2,
    r"\int_{q}^{1} (1 - c) \cdot w(c) \, dc": lambda q: quad(lambda c: (1 - c) * 2, q, 1)[0],
    "s_1'(q)": lambda q: slope(lambda r: -np.log(r), q),
    "s_0'(q)": lambda q: slope(lambda r: -np.log1p(-r), q),
    "w(q)": lambda q: 1 / (q * (1 - q)),
}
INLINE = {r"\sigma(6) = 0.998": None}
CONSTANTS = {
    "1.2": "a wrong guess",
    "3.3": "the temperature of a table in a section before",
}
