"""The error bars of the fused softmax cross-entropy, against 50 digits, where it is hardest.

Bars in units roundoff, as documented: 4 + ln K + lead for a loss, 10 + ln K + gap for an entry of
the gradient. The gap of the logits counts, since rounding them alone may cost that much.
"""

import mpmath
import numpy as np
import oracle
import pytest
from stress import gaps, stress_rows

from nll import softmax_cross_entropy_value_and_grad

# Classes and rows per kind of trouble: two and more ways through the code, both dtypes.
SIZES = [(2, 20), (3, 20), (10, 12), (40, 6), (41, 6), (500, 1)]


def smallest(logits):
    """Return the size of a result below which a relative error means nothing."""
    return logits.shape[1] * float(np.finfo(logits.dtype).tiny)


def exact_soft(row, target):
    """Return loss, gradient, and what its errors are relative to, for exactly these labels."""
    z, t = oracle.exact(row), np.array(target)
    terms = oracle.exp(z - z.max())
    small = mpmath.fsum(np.delete(terms, terms.argmax()))
    y = mpmath.fsum(t) * terms / (1 + small)
    loss = mpmath.fsum(t * (z.max() - z)) + mpmath.fsum(t) * mpmath.log1p(small)
    return loss, y - t, y + t


def errors(actual, true, floor, scale=None):
    """Return errors in u where the truth is not too small to have digits."""
    ok = np.array([abs(value) >= floor for value in (true if scale is None else scale)])
    return np.where(ok, oracle.errors(actual, np.where(ok, true, 1), scale), 0)


@pytest.fixture(params=SIZES, ids=lambda size: f"K={size[0]}")
def stress(request, dtype):
    """Return hard rows and their labels."""
    classes, rows = request.param
    logits, labels = stress_rows(dtype, classes, rows)
    return logits, labels


def test_integer_labels_stay_within_their_bars(stress):
    logits, labels = stress
    losses, grads = softmax_cross_entropy_value_and_grad(logits, labels)
    lead, gap = gaps(logits, labels)
    gap[np.arange(len(labels)), labels] = lead
    pairs = zip(logits, labels, strict=True)
    true_losses, true_grads = zip(*[oracle.loss_and_gradient(*pair) for pair in pairs], strict=True)
    logs, floor = np.log(logits.shape[1]), smallest(logits)
    assert np.all(errors(losses, np.array(true_losses), floor) <= 4 + logs + lead)
    for actual, true, delta in zip(grads, true_grads, gap, strict=True):
        assert np.all(errors(actual, true, floor) <= 10 + logs + delta)


def soft_labels(logits, labels, rng):
    """Return probabilities: spread, with zeros, one-hot, and one-hot but for a tiny remainder."""
    rows, classes = logits.shape
    soft = rng.dirichlet(np.ones(classes), size=rows)
    soft[1::4][rng.random(soft[1::4].shape) < 0.5] = 0
    one_hot = np.eye(classes)[labels]
    soft[2::4] = one_hot[2::4]
    soft[3::4] = one_hot[3::4] + 1e-20 * soft[3::4]
    soft[soft.sum(axis=1) == 0, 0] = 1
    return (soft / soft.sum(axis=1, keepdims=True)).astype(logits.dtype)


@pytest.mark.parametrize("smoothing", [0, 0.125])
def test_soft_and_smoothed_labels_stay_within_their_bar(stress, smoothing):
    logits, labels = stress
    classes, floor = logits.shape[1], smallest(logits)
    if smoothing:
        target = np.full(logits.shape, mpmath.mpf(smoothing) / classes)
        target[np.arange(len(labels)), labels] += 1 - smoothing
    else:
        labels = soft_labels(logits, labels, np.random.default_rng(1))
        target = oracle.exact(labels)
    loss, grad = softmax_cross_entropy_value_and_grad(logits, labels, label_smoothing=smoothing)
    widest = (logits.max(axis=1, keepdims=True) - logits.astype(np.longdouble)).max(axis=1)
    for i, row in enumerate(logits):
        true_loss, true_grad, scale = exact_soft(row, target[i])
        bar = 10 + np.log(classes) + widest[i]
        assert errors(loss[i : i + 1], np.array([true_loss]), floor) <= bar
        assert np.all(errors(grad[i], true_grad, floor, scale) <= bar)


def test_the_usual_form_fails_the_bar_of_the_loss(dtype):
    """What the bars are for: the same rows, by log-sum-exp less the label's logit."""
    logits, labels = stress_rows(dtype, 10, 12)
    each = np.arange(len(labels))
    top = logits.max(axis=1)
    naive = top + np.log(np.exp(logits - top[:, None]).sum(axis=1)) - logits[each, labels]
    assert np.mean(naive == 0) > 0.05
    loss, _ = softmax_cross_entropy_value_and_grad(logits, labels)
    assert np.all(loss > 0)


@pytest.mark.parametrize("classes", [40, 41, 64, 127, 128, 256, 1000])
@pytest.mark.parametrize("label", [0, 1])
def test_many_small_terms_beside_a_one_are_not_lost(classes, label, dtype):
    """Added to the one in turn, each of them would vanish."""
    u = oracle.unit_roundoff(dtype)
    logits = np.full((50, classes), np.log(0.9 * u), dtype)
    logits[:, :2] = 0
    loss, grad = softmax_cross_entropy_value_and_grad(logits, np.full(50, label))
    small = (classes - 2) * mpmath.exp(mpmath.mpf(float(logits[0, 2])))
    true = np.array([mpmath.log(2 + small), (1 + small) / (2 + small)])
    bars = np.array([4, 10]) + np.log(classes)
    assert np.all(oracle.errors(np.array([loss[0], -grad[0, label]], dtype), true) <= bars)
