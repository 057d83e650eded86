"""What the quantities in the displays of stable_kernels are worth."""

import numpy as np

import nll

LOG_Y = r"\log y_k = z_k - \log \sum_j \exp(z_j)"
SHIFTED, SPLIT = r"\ell = (z_a - z_t) + \log \sum_j e_j", r"\ell = (z_a - z_t) + \log(e_t + o)"
QUOTIENT, ABSORBED = "y_j = e_j / (e_t + o)", r"-\log u = 16.64"
NAMES = {
    "eq-stable-kernels-shift": lambda z: nll.logsumexp(z),
    ("eq-stable-kernels-loss", r"\ell"): lambda z, a, t, o, e: (
        z[a] - z[t] + np.logaddexp(*np.log([o, e[t]]))
    ),
    (r"\log y_k =", "y_k"): lambda z, k: nll.softmax(z)[k],
    r"\kappa": lambda g, z, ell: np.abs(g) @ np.abs(z) / ell,
    "eq-stable-kernels-bar": lambda K, Delta, u: 4 * u + np.log(K) * u + Delta * u,
    "eq-stable-kernels-softplus": lambda z: nll.softplus(z),
    (SHIFTED, r"\ell"): lambda z, t: nll.softmax_cross_entropy(z, t),
    (SHIFTED, "e_j"): lambda z, a, j: np.exp(z[j] - z[a]),
    (SPLIT, r"\ell"): lambda z, t: nll.softmax_cross_entropy(z, t),
    (SPLIT, "e_t"): lambda z, a, t: np.exp(z[t] - z[a]),
    (SPLIT, "o"): lambda z, a, t: np.exp(np.delete(z, t) - z[a]).sum(),
    (QUOTIENT, "y_j"): lambda e, j: e[j] / e.sum(),
    (QUOTIENT, "o"): lambda e, t: np.delete(e, t).sum(),
    (ABSORBED, "u"): lambda: np.finfo(np.float32).eps / 2,
}
DRAWS = {
    "g": lambda rng: rng.normal(size=4),
    ("eq-stable-kernels-softplus", "z"): lambda rng: rng.normal(),
}
INLINE = dict.fromkeys([LOG_Y, SHIFTED, SPLIT, QUOTIENT, ABSORBED])
CONSTANTS = {
    "14": "digits that an exercise asks for",
    "16.64": "24 log 2, printed where the ends of exp are found",
    "36.74": "53 log 2",
    "104": "150 log 2: half the smallest float32",
    "745": "1075 log 2: half the smallest float64",
}
