"""What the quantities in the displays of stable_kernels are worth."""

import numpy as np

import nll

NAMES = {
    "eq-stable-kernels-shift": lambda z: nll.logsumexp(z),
    ("eq-stable-kernels-loss", r"\ell"): lambda z, a, t, o, e: (
        z[a] - z[t] + np.logaddexp(*np.log([o, e[t]]))
    ),
    (r"\log y_k =", "y_k"): lambda z, k: nll.softmax(z)[k],
    r"\kappa": lambda g, z, ell: np.abs(g) @ np.abs(z) / ell,
    "eq-stable-kernels-bar": lambda K, Delta, u: 4 * u + np.log(K) * u + Delta * u,
    "eq-stable-kernels-softplus": lambda z: nll.softplus(z),
}
DRAWS = {
    "g": lambda rng: rng.normal(size=4),
    ("eq-stable-kernels-softplus", "z"): lambda rng: rng.normal(),
}
INLINE = {r"\log y_k = z_k - \log \sum_j \exp(z_j)": None}
