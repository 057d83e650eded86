"""What the quantities in the displays of scale_out are worth."""

import numpy as np

import nll

NAMES = {
    ("eq-scale-out-rows", r"\sum_{n=1}^{N} \ell_n"): lambda ell: np.sum(ell),
    ("eq-scale-out-state", "r"): lambda z, m: np.exp(nll.logsumexp(z) - m) - 1,
    ("eq-scale-out-merge", "r"): lambda r, m: (
        np.exp(nll.logsumexp(np.log1p(r[:2]) + m[:2]) - m[0]) - 1
    ),
    ("eq-scale-out-loss", r"\ell"): lambda z, t, m, r: -np.log(np.exp(z[t] - m) / (1 + r)),
    ("eq-scale-out-gradient", "y_t"): lambda z, t, m, r: np.exp(z[t] - m) / (1 + r),
}
DRAWS = {("eq-scale-out-rows", "M"): lambda rng: int(rng.integers(1, 4))}
