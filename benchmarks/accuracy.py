"""How many digits does each library's softmax cross-entropy keep? One table, into README.md.

Errors are relative, in units roundoff u of the dtype, over the rows of `stress.stress_rows`. What
is too small to have all its digits, below K times the smallest normal number, is left out. A row is
lost if its value is off by more than a tenth: not one digit is right. "Of bar" is the worst error
over what the documentation of `nll` says for that row. The truth comes from 80-bit arithmetic.
"""

import sys

import jax
import numpy as np
import optax
import scipy.special
import torch
from report import write
from sklearn._loss.loss import HalfMultinomialLoss
from stress import gaps, stress_rows

import nll
import nll.jax
import nll.torch

jax.config.update("jax_enable_x64", True)

SIZES = {2: 400, 3: 200, 10: 400, 100: 200, 1000: 100, 50257: 2, 100_000: 2}
"""Classes, and rows for each of the eight kinds of trouble: 10 432 rows for each dtype."""


def nll_fused(logits, labels):
    """Return the fused value and gradient of this book."""
    return nll.softmax_cross_entropy_value_and_grad(logits, labels)


def scipy_log_softmax(logits, labels):
    """Return what most NumPy code does."""
    each, log_probs = np.arange(len(labels)), scipy.special.log_softmax(logits, axis=1)
    grad = np.exp(log_probs)
    grad[each, labels] -= 1
    return -log_probs[each, labels], grad


def scipy_logsumexp(logits, labels):
    """Return the form whose loss is right."""
    each, grad = np.arange(len(labels)), scipy.special.softmax(logits, axis=1)
    grad[each, labels] -= 1
    return scipy.special.logsumexp(logits - logits[each, labels, None], axis=1), grad


def pytorch(function):
    """Return forward and backward of a `cross_entropy`."""

    def call(logits, labels):
        z = torch.tensor(logits, requires_grad=True)
        loss = function(z, torch.tensor(labels), reduction="none")
        loss.sum().backward()
        return loss.detach().numpy(), z.grad.numpy()

    return call


def in_jax(function):
    """Return value and vector-Jacobian product of a loss with optax's signature."""

    def call(logits, labels):
        loss, pullback = jax.vjp(jax.jit(lambda z: function(z, labels)), logits)
        (grad,) = pullback(np.ones_like(loss))
        return np.asarray(loss), np.asarray(grad)

    return call


def scikit_learn(logits, labels):
    """Return what LogisticRegression minimizes."""
    loss = HalfMultinomialLoss(n_classes=logits.shape[1])
    return loss.loss_gradient(labels.astype(logits.dtype), logits)


CALLS = {
    "nll `softmax_cross_entropy_value_and_grad`": nll_fused,
    "SciPy `-log_softmax(z)[t]`, `exp(log_softmax(z)) - onehot`": scipy_log_softmax,
    "SciPy `logsumexp(z - z[t])`, `softmax(z) - onehot`": scipy_logsumexp,
    "PyTorch `cross_entropy`, `backward`": pytorch(torch.nn.functional.cross_entropy),
    "nll.torch `cross_entropy`, `backward`": pytorch(nll.torch.cross_entropy),
    "nll.torch, compiled": pytorch(torch.compile(nll.torch.cross_entropy, dynamic=True)),
    "optax `softmax_cross_entropy_with_integer_labels`": in_jax(
        optax.softmax_cross_entropy_with_integer_labels
    ),
    "nll.jax `softmax_cross_entropy_with_integer_labels`": in_jax(
        nll.jax.softmax_cross_entropy_with_integer_labels
    ),
    "scikit-learn `HalfMultinomialLoss.loss_gradient`": scikit_learn,
}


def exact(logits, labels):
    """Return loss and gradient in 80-bit arithmetic."""
    each, z = np.arange(len(labels)), logits.astype(np.longdouble)
    terms = np.exp(z - z.max(axis=1, keepdims=True))
    right = terms[each, labels]
    terms[each, labels] = 0
    wrong = np.sort(terms, axis=1).sum(axis=1)
    loss = z.max(axis=1) - z[each, labels] + np.log1p(wrong + (right - 1))
    terms[each, labels] = -wrong
    return loss, terms / (right + wrong)[:, None]


def relative_errors(actual, true, floor, u):
    """Return errors in u, 0 where the truth is too small to have digits."""
    with np.errstate(all="ignore"):
        ratio = np.abs(actual - true) / np.abs(true) / u
    ratio[np.isnan(actual)] = np.inf
    return np.where(np.abs(true) < floor, 0, ratio).astype(float)


def measure(call, dtype):
    """Return errors of losses, label's entries and (worst of a row) other entries, and bars."""
    results = []
    for classes, rows in SIZES.items():
        logits, labels = stress_rows(dtype, classes, rows)
        each, u = np.arange(len(labels)), np.finfo(dtype).eps / 2
        lead, gap = gaps(logits, labels)
        gap[each, labels] = lead
        floor = classes * np.finfo(dtype).tiny
        true_loss, true_grad = exact(logits, labels)
        loss, grad = call(logits, labels)
        entries = relative_errors(grad, true_grad, floor, u)
        used = entries / (10 + np.log(classes) + gap).astype(float)
        losses = relative_errors(loss, true_loss, floor, u)
        own, entries[each, labels] = entries[each, labels], 0
        bar = (4 + np.log(classes) + lead).astype(float)
        results.append([losses, own, entries.max(axis=1), losses / bar, used.max(axis=1)])
    return [np.concatenate(parts) for parts in zip(*results, strict=True)]


def show(errors, u):
    """Return median, worst and share of lost rows."""
    lost = np.mean(errors * u > 0.1)
    return f"{np.median(errors):.2g} | {errors.max():.3g} | {lost:.1%}"


def main():
    """Measure all calls in both dtypes."""
    if np.finfo(np.longdouble).nmant < 63:
        sys.exit("The exact results need a processor with 80-bit arithmetic (x86).")
    header = "call | dtype | loss: median u | worst u | rows lost "
    header += "| label's entry: median u | worst u | rows lost "
    header += "| other entries: median u | worst u | rows lost | loss, of bar | gradient, of bar"
    rows = []
    for dtype in (np.float32, np.float64):
        for name, call in CALLS.items():
            *errors, loss_bar, grad_bar = measure(call, dtype)
            cells = " | ".join(show(e, np.finfo(dtype).eps / 2) for e in errors)
            bars = f"{loss_bar.max():.3g} | {grad_bar.max():.3g}"
            rows.append(f"{name} | {dtype.__name__} | {cells} | {bars}")
    write("accuracy", header, rows)


if __name__ == "__main__":
    main()
