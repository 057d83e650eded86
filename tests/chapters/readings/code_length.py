"""What the quantities in the displays of code_length are worth."""

import numpy as np

NAMES = {
    "W": lambda q: np.prod(q),
    ("eq-code-length-bits", "B"): lambda q: -np.log2(np.prod(q)),
    r"q(b \mid a)": lambda c, n, a, b, alpha, K: (c[a, b] + alpha) / np.sum(c[a] + alpha),
    "c_{ab}": lambda c, a, b: c[a, b],
    "n_a": lambda c, a: c[a].sum(),
    r"\operatorname{perplexity}": lambda B, U: np.exp(B / U * np.log(2)),
}
DRAWS = {
    ("eq-code-length-width", "q"): lambda rng: rng.uniform(0.1, 0.9, size=5),
    ("eq-code-length-bits", "q"): lambda rng: rng.uniform(0.1, 0.9, size=5),
    ("eq-code-length-table", "c"): lambda rng: rng.integers(0, 9, size=(4, 4)).astype(float),
    ("eq-code-length-table", "a"): lambda rng: int(rng.integers(4)),
    ("eq-code-length-table", "b"): lambda rng: int(rng.integers(4)),
}
CONSTANTS = {
    "625": "25 * 25 counts",
    "25": "the number K of symbols, the line break among them",
    "32": "the bits that `decode` reads before it begins",
}
