"""What the quantities in the displays of fast_kernels are worth."""

import numpy as np

import nll

NAMES = {
    "T": lambda W, P, Q, B: np.max([W / P, Q / B]),
    ("eq-fast-kernels-merge", "s"): lambda s, m, M: np.exp(
        nll.logsumexp(np.log(s[:2]) + m[:2] - M)
    ),
}
