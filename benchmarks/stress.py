"""Rows of logits that are hard on a softmax loss, and the exact answers to them."""

import numpy as np

SMALL_GAP = {np.dtype(np.float32): 85.0, np.dtype(np.float64): 700.0}
"""Gaps up to here keep exp(-gap) a normal number."""


def stress_rows(dtype, classes, rows, seed=0):
    """Return `rows` rows of logits for each kind of trouble, `(N, classes)`, and their labels."""
    rng = np.random.default_rng([seed, classes])
    shape, widest = (rows, classes), SMALL_GAP[np.dtype(dtype)]
    each = np.arange(rows)

    def led_by(leader, gaps):
        logits = rng.normal(size=shape)
        logits[each, leader] = -np.inf
        logits[each, leader] = logits.max(axis=1) + gaps
        return logits

    labels = rng.integers(classes, size=(8, rows))
    rivals = (labels[4] + 1) % classes
    lonely = np.full(shape, -widest)
    lonely[each, labels[4]] = 0
    lonely[each, rivals] = -rng.uniform(0, widest, size=rows)
    kinds = [
        rng.normal(scale=3, size=shape),  # what a network gives
        rng.normal(scale=30, size=shape),  # far apart
        led_by(labels[2], rng.uniform(0, widest, size=rows)),  # confident and right
        led_by((labels[3] + 1) % classes, rng.uniform(0, widest, size=rows)),  # and wrong
        lonely,  # one rival at any distance, all others far below
        rng.normal(scale=1e-6, size=shape),  # all but tied
        rng.integers(3, size=shape).astype(float),  # tied
        rng.normal(scale=3, size=shape) + rng.choice([-1e8, 1e8], size=(rows, 1)),  # far off
    ]
    return np.concatenate(kinds).astype(dtype), labels.reshape(-1)


def gaps(logits, labels):
    """Return the label's lead over its best rival, at least 0, and each class's gap to the top."""
    best = logits.max(axis=1, keepdims=True)
    others = logits.astype(np.longdouble)
    others[np.arange(len(labels)), labels] = -np.inf
    lead = logits[np.arange(len(labels)), labels] - others.max(axis=1)
    return np.maximum(lead, 0), best - logits.astype(np.longdouble)
