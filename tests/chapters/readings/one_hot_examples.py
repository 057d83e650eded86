"""What the quantities in the displays of one_hot_examples are worth."""

import numpy as np

import nll

NAMES = {
    ("eq-one-hot-examples-two-classes", "H(p, q)"): lambda p, q: nll.cross_entropy(p, q),
    ("eq-one-hot-examples-one-hot", "H(p, q)"): lambda q, y: nll.cross_entropy(np.eye(4)[y], q),
    ("eq-one-hot-examples-ceiling", "C"): lambda epsilon: np.log(1 / epsilon),
    ("eq-one-hot-examples-lead", r"\ell"): lambda m: nll.softmax_cross_entropy([m, 0], 0),
    ("eq-one-hot-examples-gap", r"\ell"): lambda d: nll.softmax_cross_entropy([d, 0], 1),
    ("eq-one-hot-examples-soft", "H"): lambda p, q: nll.cross_entropy([p, 1 - p], [q, 1 - q]),
    ("eq-one-hot-examples-twice", r"\ell"): lambda K: nll.softmax_cross_entropy(np.eye(K)[0], 0),
}
DRAWS = {
    ("eq-one-hot-examples-two-classes", letter): lambda rng: nll.softmax(rng.normal(size=2))
    for letter in ("p", "q")
}
PRODUCT = "a row times a column, multiplied out"
UNREAD = {
    r"-P \log Q = -\begin{bmatrix} 1 & 0 \end{bmatrix} "
    r"\begin{bmatrix} \log q \\ \log (1 - q) \end{bmatrix}": PRODUCT,
    r"-\begin{bmatrix} 1 & 0 \end{bmatrix} "
    r"\begin{bmatrix} \log 0 \\ \log 1 \end{bmatrix} = -(-\infty + 0) = \infty": PRODUCT,
    r"-\begin{bmatrix} 1 & 0 \end{bmatrix} "
    r"\begin{bmatrix} \log 1 \\ \log 0 \end{bmatrix} = -(0 + 0) = 0": PRODUCT,
}
