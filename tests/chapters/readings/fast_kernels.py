"""What the quantities in the displays of fast_kernels are worth."""

import numpy as np

import nll

QUOTIENT = "y_j = e_j / (e_t + o)"
NAMES = {
    (QUOTIENT, "y_j"): lambda e, j: e[j] / e.sum(),
    (QUOTIENT, "o"): lambda e, t: np.delete(e, t).sum(),
    "T": lambda W, P, Q, B: np.max([W / P, Q / B]),
    ("eq-fast-kernels-merge", "s"): lambda s, m, M: np.exp(
        nll.logsumexp(np.log(s[:2]) + m[:2] - M)
    ),
}
INLINE = {QUOTIENT: None}
CONSTANTS = {
    "31": "8192 * 1000 * 4 / 2**20, 31.25 where it is first named",
}
