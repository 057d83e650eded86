"""The tables of book/use_it.ipynb: what you have in PyTorch or optax, and what you write."""

import jax
import numpy as np
import optax
import torch
import torch.nn.functional as F  # noqa: N812
from scipy.special import gammaln

import nll
from nll import softmax_cross_entropy as loss

jax.config.update("jax_enable_x64", True)
RNG = np.random.default_rng(0)
Z, T, W = RNG.normal(size=(6, 4)), RNG.integers(4, size=6), RNG.uniform(1, 2, size=4)
P, Q = nll.softmax(RNG.normal(size=(6, 4))), nll.softmax(Z)
ETA, YES, COUNTS = RNG.normal(size=6), np.arange(6) % 2.0, np.arange(6.0)
IGNORED = np.where(np.arange(6) == 2, -100, T)
PIXELS, CLASSES = RNG.normal(size=(2, 4, 3, 3)), RNG.integers(4, size=(2, 3, 3))
ONE_HOT = np.eye(4)[T]
z, t, p, w, q, eta, yes, counts, ignored, pixels, classes, one_hot = map(
    torch.tensor, (Z, T, P, W, Q, ETA, YES, COUNTS, IGNORED, PIXELS, CLASSES, ONE_HOT)
)


def family_loss(family, y):
    """Return the mean negative log-likelihood."""
    return nll.negative_log_likelihood(family, ETA, y).mean()


def value_and_grad():
    """Return what JAX makes of the mean of optax's loss."""
    losses = optax.softmax_cross_entropy_with_integer_labels
    return jax.value_and_grad(lambda logits: losses(logits, T).mean())(Z)


PAIRS = {
    "cross_entropy": (F.cross_entropy(z, t), loss(Z, T, reduction="mean")),
    "soft labels": (F.cross_entropy(z, p), loss(Z, P, reduction="mean")),
    "label_smoothing": (
        F.cross_entropy(z, t, label_smoothing=0.1),
        loss(Z, T, label_smoothing=0.1, reduction="mean"),
    ),
    "ignore_index": (
        F.cross_entropy(z, ignored, ignore_index=-100),
        loss(Z, IGNORED, where=IGNORED != -100, reduction="mean"),
    ),
    "weight": (F.cross_entropy(z, t, weight=w), np.average(loss(Z, T), weights=W[T])),
    "weight of one-hot labels": (F.cross_entropy(z, one_hot, weight=w), np.mean(W[T] * loss(Z, T))),
    "axis": (
        F.cross_entropy(pixels, classes),
        loss(PIXELS, CLASSES, axis=1, reduction="mean"),
    ),
    "nll_loss": (F.nll_loss(F.log_softmax(z, dim=-1), t), loss(Z, T, reduction="mean")),
    "binary": (
        F.binary_cross_entropy_with_logits(eta, yes),
        family_loss(nll.BERNOULLI, YES),
    ),
    "kl_div": (F.kl_div(q.log(), p, reduction="sum"), nll.kl_divergence(P, Q).sum()),
    "gaussian": (
        F.gaussian_nll_loss(eta, counts, torch.ones_like(eta), full=True),
        family_loss(nll.GAUSSIAN, COUNTS),
    ),
    "mse_loss": (
        F.mse_loss(eta, counts),
        2 * (family_loss(nll.GAUSSIAN, COUNTS) - np.log(2 * np.pi) / 2),
    ),
    "poisson": (
        F.poisson_nll_loss(eta, counts) + gammaln(COUNTS + 1).mean(),
        family_loss(nll.POISSON, COUNTS),
    ),
    "optax classes": (optax.softmax_cross_entropy_with_integer_labels(Z, T), loss(Z, T)),
    "optax soft labels": (optax.softmax_cross_entropy(Z, P), loss(Z, P)),
    "optax smooth_labels": (
        optax.softmax_cross_entropy(Z, optax.smooth_labels(ONE_HOT, 0.1)),
        loss(Z, T, label_smoothing=0.1),
    ),
    "optax binary": (
        optax.sigmoid_binary_cross_entropy(ETA, YES),
        nll.negative_log_likelihood(nll.BERNOULLI, ETA, YES),
    ),
    "optax kl_divergence": (optax.kl_divergence(np.log(Q), P), nll.kl_divergence(P, Q)),
    "jax value": (
        value_and_grad()[0],
        nll.softmax_cross_entropy_value_and_grad(Z, T, reduction="mean")[0],
    ),
    "jax gradient": (
        value_and_grad()[1],
        nll.softmax_cross_entropy_value_and_grad(Z, T, reduction="mean")[1],
    ),
}
