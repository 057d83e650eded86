"""What the quantities in the displays of one_hot_examples are worth."""

import numpy as np

import nll

NAMES = {
    "H(p, q)": lambda p, q: nll.cross_entropy(p, q),
    ("eq-one-hot-examples-one-hot", "H(p, q)"): lambda q, y: nll.cross_entropy(np.eye(4)[y], q),
    ("eq-one-hot-examples-ceiling", "C"): lambda epsilon: np.log(1 / epsilon),
    ("eq-one-hot-examples-lead", r"\ell"): lambda m: nll.softmax_cross_entropy([m, 0], 0),
    ("eq-one-hot-examples-gap", r"\ell"): lambda d: nll.softmax_cross_entropy([d, 0], 1),
    (r"\exp(\ell)", r"\ell"): lambda m: nll.softmax_cross_entropy([m, 0], 0),
    # k rows of n are clipped
    r"\text{typical}": lambda: 0.25,
    r"\text{mean}": lambda n, k, C: np.append(np.full(n - k, 0.25), np.full(k, C)).mean(),
    ("eq-one-hot-examples-twice", r"\ell"): lambda K: nll.softmax_cross_entropy(np.eye(K)[0], 0),
}
DRAWS = {
    (f"eq-one-hot-examples-{label}", letter): lambda rng: nll.softmax(rng.normal(size=2))
    for label in ("two-classes", "soft")
    for letter in ("p", "q")
}
DRAWS |= {
    (r"\text{mean}", "n"): lambda rng: 10,
    (r"\text{mean}", "k"): lambda rng: rng.integers(1, 9),
}
UNREAD = {
    (
        r"H(p, q) = -\begin{bmatrix} 1 & 0 \end{bmatrix} "
        r"\begin{bmatrix} \log q_1 \\ \log q_2 \end{bmatrix}"
    ): "a row times a column, which the next cell multiplies out",
    (
        r"-\begin{bmatrix} 1 & 0 \end{bmatrix} "
        r"\begin{bmatrix} \log 0 \\ \log 1 \end{bmatrix} = -(-\infty + 0) = \infty"
    ): "a row times a column, of which the next cell takes the limit",
    (
        r"-\begin{bmatrix} 1 & 0 \end{bmatrix} "
        r"\begin{bmatrix} \log 1 \\ \log 0 \end{bmatrix} = -(0 + 0) = 0"
    ): "a row times a column, with the convention that the next cells discuss",
}
INLINE = {
    r"\exp(\ell) = 1 + \exp(-m)": None,
    r"m = -\log(\exp(\ell) - 1)": None,
    r"n \cdot \text{mean} = k C + (n - k) \cdot \text{typical}": None,
}
CONSTANTS = {
    "1.9": "a version of scikit-learn",
    "299.99999": "a quotient just below 300",
    "999": "the photographs of a question",
}
