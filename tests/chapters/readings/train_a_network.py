"""What the quantities in the displays of train_a_network are worth.

The loss is that of the logits z_k = Σ_j w_jk h_j, for targets that need not be one-hot.
"""

import numpy as np
from derivatives import slope

import nll


def loss(w, h, t):
    """Return the loss as a function of weights and hidden values."""
    return nll.softmax_cross_entropy(h @ w, t)


def nudge(n, *place):
    """Return zeros with a 1 in one place."""
    e = np.zeros(n)
    e[place] = 1
    return e


NAMES = {
    "w_{jk}": lambda w, j, k: w[j, k],
    "y_k": lambda w, h, k: nll.softmax(h @ w)[k],
    r"\frac{\partial L}{\partial w_{jk}}": lambda w, h, t, j, k: slope(
        lambda x: loss(w + x * nudge((4, 4), j, k), h, t), 0
    ),
    r"\frac{\partial L}{\partial h_j}": lambda w, h, t, j: slope(
        lambda x: loss(w, h + x * nudge(4, j), t), 0
    ),
}
DRAWS = {"w": lambda rng: rng.normal(size=(4, 4)), "w_": lambda rng: rng.normal(size=(4, 4))}
CONSTANTS = {
    "1/10": "the chance of each of ten kinds",
    "7.5": "1.5 / 0.2, the scales in the code",
}
