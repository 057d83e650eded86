"""The error bars of the fused softmax cross-entropy, against 50 digits, where it is hardest.

Bars in units roundoff, as documented: 4 + ln K + lead for a loss, 10 + ln K + gap for an entry of
the gradient. The gap of the logits counts, since rounding them alone may cost that much.
"""

import mpmath
import numpy as np
import oracle
import pytest
from stress import gaps, stress_rows

from nll import log_softmax, softmax_cross_entropy_value_and_grad

# Classes and rows per kind of trouble: two and more ways through the code, both dtypes.
SIZES = [(2, 20), (3, 20), (10, 12), (40, 6), (41, 6), (500, 1)]


def smallest(logits):
    """Return the size of a result below which a relative error means nothing."""
    return logits.shape[1] * float(np.finfo(logits.dtype).tiny)


def exact_terms(row):
    """Return exp(z_j - max z) for a row of logits."""
    z = oracle.exact(row)
    return oracle.exp(z - z.max())


def exact_soft(row, target):
    """Return loss, gradient, and what its errors are relative to, for exactly these labels."""
    z, t, terms = oracle.exact(row), np.array(target), exact_terms(row)
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


def test_loss_of_integer_labels_stays_within_its_bar(stress):
    logits, labels = stress
    loss, _ = softmax_cross_entropy_value_and_grad(logits, labels)
    lead, _ = gaps(logits, labels)
    true = []
    for row, label in zip(logits, labels, strict=True):
        terms = exact_terms(row)
        others = mpmath.fsum(np.delete(terms, label))
        true.append(mpmath.log1p(others / terms[label]))
    bar = 4 + np.log(logits.shape[1]) + lead
    assert np.all(errors(loss, np.array(true), smallest(logits)) <= bar)


def test_gradient_of_integer_labels_stays_within_its_bar(stress):
    logits, labels = stress
    _, grad = softmax_cross_entropy_value_and_grad(logits, labels)
    lead, gap = gaps(logits, labels)
    gap[np.arange(len(labels)), labels] = lead
    for row, label, actual, delta in zip(logits, labels, grad, gap, strict=True):
        terms = exact_terms(row)
        true = terms / mpmath.fsum(terms)
        true[label] = -mpmath.fsum(np.delete(true, label))
        bar = 10 + np.log(len(row)) + delta
        assert np.all(errors(actual, true, smallest(logits)) <= bar)


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


def test_soft_labels_stay_within_their_bar(stress):
    logits, labels = stress
    soft = soft_labels(logits, labels, np.random.default_rng(1))
    loss, grad = softmax_cross_entropy_value_and_grad(logits, soft)
    _, gap = gaps(logits, labels)
    for i, row in enumerate(logits):
        true_loss, true_grad, scale = exact_soft(row, oracle.exact(soft[i]))
        bar = 10 + np.log(len(row)) + gap[i].max()
        floor = smallest(logits)
        assert errors(loss[i : i + 1], np.array([true_loss]), floor) <= bar
        assert np.all(errors(grad[i], true_grad, floor, scale) <= bar)


def test_smoothed_labels_stay_within_the_bar_of_soft_labels(stress):
    logits, labels = stress
    smoothing, classes = 0.125, logits.shape[1]
    loss, grad = softmax_cross_entropy_value_and_grad(logits, labels, label_smoothing=smoothing)
    _, gap = gaps(logits, labels)
    for i, row in enumerate(logits):
        target = [mpmath.mpf(smoothing) / classes] * classes
        target[labels[i]] += 1 - smoothing
        true_loss, true_grad, scale = exact_soft(row, target)
        bar = 10 + np.log(classes) + gap[i].max()
        floor = smallest(logits)
        assert errors(loss[i : i + 1], np.array([true_loss]), floor) <= bar
        assert np.all(errors(grad[i], true_grad, floor, scale) <= bar)


def test_log_softmax_stays_within_the_bar_of_the_loss(stress):
    logits, labels = stress
    each = np.arange(len(labels))
    log_prob = log_softmax(logits)[each, labels]
    lead, _ = gaps(logits, labels)
    true = []
    for row, label in zip(logits, labels, strict=True):
        terms = exact_terms(row)
        true.append(-mpmath.log1p(mpmath.fsum(np.delete(terms, label)) / terms[label]))
    bar = 4 + np.log(logits.shape[1]) + lead
    assert np.all(errors(log_prob, np.array(true), smallest(logits)) <= bar)


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
