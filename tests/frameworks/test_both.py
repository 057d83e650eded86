"""What nll.torch and nll.jax do alike: the digits of nll, where PyTorch and optax lose them."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from accuracy import exact, relative_errors
from stress import gaps, stress_rows

import nll
import nll.jax
import nll.torch

SIZES = {2: 40, 3: 40, 10: 40, 100: 20, 1000: 10, 50257: 1}
NO_GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")


def of_torch(logits, labels, device="cpu"):
    """Return losses and their gradient by nll.torch."""
    z = torch.tensor(logits, device=device, requires_grad=True)
    t = torch.tensor(labels, device=device)
    loss = nll.torch.cross_entropy(z, t, reduction="none")
    loss.sum().backward()
    return loss.detach().cpu().numpy(), z.grad.cpu().numpy()


def of_jax(logits, labels):
    """Return losses and their gradient by nll.jax, on whatever JAX runs on."""
    soft = np.ndim(labels) == np.ndim(logits)
    function = (
        nll.jax.softmax_cross_entropy if soft else nll.jax.softmax_cross_entropy_with_integer_labels
    )
    loss, pullback = jax.vjp(jax.jit(lambda z: function(z, jnp.asarray(labels))), logits)
    (grad,) = pullback(jnp.ones_like(loss))
    return np.asarray(loss), np.asarray(grad)


@pytest.fixture(
    params=[of_torch, pytest.param(partial(of_torch, device="cuda"), marks=NO_GPU), of_jax],
    ids=["torch", "torch on a GPU", "jax"],
)
def value_and_grad(request):
    return request.param


@pytest.mark.parametrize("classes", SIZES)
def test_labels_stay_within_their_bars(value_and_grad, classes, dtype):
    logits, labels = stress_rows(dtype, classes, SIZES[classes])
    u, floor = np.finfo(dtype).eps / 2, classes * np.finfo(dtype).tiny
    lead, gap = gaps(logits, labels)
    gap[np.arange(len(labels)), labels] = lead
    true_loss, true_grad = exact(logits, labels)
    loss, grad = value_and_grad(logits, labels)
    losses = relative_errors(loss, true_loss, floor, u)
    entries = relative_errors(grad, true_grad, floor, u)
    assert np.all(losses <= 6 + np.log(classes) + lead)
    assert np.all(entries <= 12 + np.log(classes) + gap)
    assert np.all(loss[true_loss >= floor] > 0)


def exact_soft(logits, labels):
    """Return loss and gradient of probabilities in 80-bit arithmetic."""
    z, t = logits.astype(np.longdouble), labels.astype(np.longdouble)
    best = np.arange(len(z)), z.argmax(axis=1)
    terms = np.exp(z - z[best][:, None])
    terms[best] = 0
    small = np.sort(terms, axis=1).sum(axis=1)
    rest = t.copy()
    rest[best] = 0
    total = rest.sum(axis=1) + t[best]
    grad = total[:, None] * terms - rest * (1 + small)[:, None]
    grad[best] = rest.sum(axis=1) - t[best] * small
    loss = (t * (z[best][:, None] - z)).sum(axis=1) + total * np.log1p(small)
    terms[best] = 1
    y = terms / (1 + small)[:, None]
    return loss, grad / (1 + small)[:, None], total[:, None] * y + t


@pytest.mark.parametrize("classes", [2, 3, 10, 100, 1000])
def test_probabilities_stay_within_their_bar(value_and_grad, classes, dtype):
    """The gradient's is relative to T y + t. PyTorch's exp is as good as NumPy's, XLA's is not."""
    rng = np.random.default_rng(0)
    logits, labels = stress_rows(dtype, classes, 10)
    soft = rng.dirichlet(np.ones(classes), size=len(labels)).astype(dtype)
    soft[1::2] = np.eye(classes)[labels[1::2]]
    loss, grad = value_and_grad(logits, soft)
    true_loss, true_grad, scale = exact_soft(logits, soft)
    u, floor, bar = np.finfo(dtype).eps / 2, classes * np.finfo(dtype).tiny, 12 + np.log(classes)
    truths = [(true_loss, true_grad, bar + gaps(logits, labels)[1].max(axis=1))]
    if value_and_grad is not of_jax:
        truths += [(*nll.softmax_cross_entropy_value_and_grad(logits, soft), 2 * bar)]
    for losses, grads, within in truths:
        assert (relative_errors(loss, losses, floor, u) <= within).all()
        off = np.where(scale < floor, 0, np.abs(grad - grads) / scale / u)
        assert (off.max(axis=1) <= within).all()


def test_ties_pull_alike(value_and_grad, dtype):
    np.testing.assert_array_equal(value_and_grad(np.zeros((1, 2), dtype), [0])[1], [[-0.5, 0.5]])


def test_masked_class_costs_nothing_where_its_label_is_0(value_and_grad):
    loss, grad = value_and_grad(np.array([[2.0, -np.inf, 0.5]]), np.array([[0.6, 0.0, 0.4]]))
    expected, slope = nll.softmax_cross_entropy_value_and_grad([2.0, 0.5], [0.6, 0.4])
    np.testing.assert_allclose(loss, [expected], rtol=1e-14)
    np.testing.assert_allclose(grad[0, ::2], slope, rtol=1e-14)


def test_infinities(value_and_grad):
    inf, nan = np.inf, np.nan
    rows = np.array([[inf, 0], [-inf, -inf], [nan, 0], [0, -inf], [-inf, 0]], np.float32)
    for labels in (np.zeros(5, int), np.eye(2, dtype=np.float32)[[0] * 5]):
        loss, grad = value_and_grad(rows, labels)
        np.testing.assert_array_equal(loss, [nan, nan, nan, 0, inf])
        np.testing.assert_array_equal(grad[3], [0, 0])
