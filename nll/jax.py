"""The softmax cross-entropy of `nll` in JAX, with the names and the arguments that it has in optax.

For one row of logits z with label t, let r be the largest logit of the others, d = r − z_t,
s = Σ_{j≠t} exp(z_j − r) and p = exp(−|d|). Then

    loss      = log1p(s p)                  if the label leads, d < 0,
                d + log1p((s − 1) + p)      if it does not
    ∂loss/∂z  = exp(z_j − r) p / (1 + s p)  or  exp(z_j − r) / (s + p)  for j ≠ t,
                and minus the sum of these for t

and nothing cancels. XLA takes numbers below the smallest normal one for 0. So the others are
measured from their own largest, and p is multiplied in as the square of its root: a thousand of
them, each too small beside the label, still count.
The rules below hand these gradients to JAX, and JAX differentiates the rules for the next order.
"""

import math
from functools import partial
from typing import Any

try:
    import jax
    import jax.numpy as jnp
    from jax import Array
    from jax.custom_derivatives import SymbolicZero
    from jax.typing import ArrayLike
except ImportError as error:
    raise ImportError("nll.jax needs JAX: pip install 'nll-kernels[jax]'") from error

__all__ = ["softmax_cross_entropy", "softmax_cross_entropy_with_integer_labels"]


def _rivals(z: Array, label: Array) -> tuple[Array, Array, Array, Array, Array]:
    """Return which class is the label; exp(z_j − r), 0 for the label; their sum; z_t; d = r − z_t.

    Labels are (..., 1). d is NaN where there is no softmax, or no such class.
    """
    is_label = label == jnp.arange(z.shape[-1])
    others = jnp.where(is_label, -jnp.inf, z)
    top = jax.lax.stop_gradient(others.max(-1, keepdims=True))  # nothing depends on the shift
    own = jnp.take_along_axis(z, label, -1, mode="clip")
    terms = jnp.exp(others - jnp.where(top == -jnp.inf, 0, top))
    known = (label >= 0) & (label < z.shape[-1]) & jnp.isfinite(jnp.maximum(top, own))
    behind = jnp.where(known, top - own, jnp.nan)
    return is_label, terms, terms.sum(-1, keepdims=True), own, behind


def _hard_parts(z: Array, label: Array) -> tuple[Array, Array]:
    """Return the loss of labels (..., 1) and its gradient (..., K)."""
    is_label, terms, total, _, behind = _rivals(z, label)
    leads = behind < 0
    half = jnp.exp(jnp.where(leads, behind, -behind) / 2)  # p may be too small for XLA, not s p
    small = jnp.where(leads, total * half * half, total - 1 + half * half)
    loss = jnp.where(leads, 0, behind) + jnp.log1p(small)
    scale = jnp.where(leads, half * half, 1) / (1 + small)
    own = jnp.where(leads, small, total) / (1 + small)
    return loss[..., 0], jnp.where(is_label, -own, terms * scale)


@jax.custom_jvp
def _hard_loss(z: Array, label: Array) -> Array:
    return _hard_parts(z, label)[0]


@_hard_loss.defjvp
def _hard_rule(primals: Any, tangents: Any) -> tuple[Array, Array]:
    loss, grad = _hard_parts(*primals)
    return loss, (grad * tangents[0]).sum(-1)


def _soft_parts(z: Array, t: Array) -> tuple[Array, Array, Array]:
    """Return the loss of probabilities (..., K), and its gradients with respect to both."""
    is_best, terms, total, own, behind = _rivals(z, z.argmax(-1, keepdims=True))
    half = jnp.exp(behind / 2)
    small = total * half * half
    costs = jnp.log1p(small) + (own - z)
    rest = jnp.where(is_best, 0, t).sum(-1, keepdims=True)
    best = jnp.where(is_best, t, 0).sum(-1, keepdims=True)
    grad = (rest + best) * (terms * half * half) - t * (1 + small)
    grad = jnp.where(is_best, rest - best * small, grad) / (1 + small)
    loss = jnp.where(t == 0, 0, t * costs).sum(-1)  # a masked class: 0 · ∞ is 0
    return loss, grad, costs


@jax.custom_jvp
def _soft_loss(z: Array, t: Array) -> Array:
    return _soft_parts(z, t)[0]


def _soft_rule(primals: Any, tangents: Any) -> tuple[Array, Array]:
    loss, *grads = _soft_parts(*primals)
    change = jnp.zeros_like(loss)
    for grad, tangent in zip(grads, tangents, strict=True):
        if not isinstance(tangent, SymbolicZero):
            change += (grad * tangent).sum(-1)
    return loss, change


_soft_loss.defjvp(_soft_rule, symbolic_zeros=True)


def _as_floats(logits: ArrayLike) -> Array:
    z = jnp.asarray(logits)
    if not jnp.issubdtype(z.dtype, jnp.floating):
        raise TypeError(f"Expected `logits` to hold floating-point numbers, got {z.dtype}.")
    return z


def _as_axes(axis: int | tuple[int, ...] | None, ndim: int) -> tuple[int, ...]:
    """Return the axes of the classes, counted from the front."""
    axes = tuple(range(ndim)) if axis is None else (axis,) if isinstance(axis, int) else axis
    if any(not -ndim <= a < ndim for a in axes) or len({a % ndim for a in axes}) < len(axes):
        raise ValueError(f"Expected `axis` to name axes of {ndim} dimensions, got {axis}.")
    return tuple(a % ndim for a in axes)


def _as_rows(array: Array, axes: tuple[int, ...]) -> Array:
    """Make `axes`, in the order in which they stand there, one axis, the last."""
    batch = tuple(a for a in range(array.ndim) if a not in axes)
    moved = array.transpose(batch + axes)
    return moved.reshape(*moved.shape[: len(batch)], math.prod(moved.shape[len(batch) :]))


def _mask(z: Array, where: ArrayLike, axes: tuple[int, ...]) -> Array:
    """Return which logits are kept, as rows; `where` may speak of rows or of single logits."""
    kept = jnp.asarray(where, bool)
    if kept.ndim != z.ndim:
        kept = jnp.expand_dims(kept, axes)
    return _as_rows(jnp.broadcast_to(kept, z.shape), axes)


@partial(jax.jit, static_argnames="axis")
def softmax_cross_entropy_with_integer_labels(
    logits: ArrayLike,
    labels: ArrayLike,
    axis: int | tuple[int, ...] = -1,
    where: ArrayLike | None = None,
) -> Array:
    r"""Return the negative log-likelihood of integer `labels` under the softmax of `logits`.

    A drop-in for optax's function of that name: the same numbers where that one is right, and
    digits where it has none left.

    .. math:: \ell(z, t) = -\log y_t, \qquad y_t = \frac{\exp(z_t)}{\sum_j \exp(z_j)}

    Parameters
    ----------
    logits : array_like, shape ``(..., K)``
        Unnormalized log-probabilities. Computed in float32 if they are float16 or bfloat16. A class
        at −inf is masked: its probability is 0.
    labels : array_like of int, shape ``(...)``
        Classes in [0, K).
    axis : int or tuple of int, default -1
        Where the classes are. With several axes, a label is a flat index into them, in the order in
        which they are named.
    where : array_like of bool, shape ``(...)`` or that of `logits`, optional
        Rows or single logits to keep. What is left out has probability 0 and no gradient. Rows
        without any give 0, whatever their label is.

    Returns
    -------
    loss : Array, shape ``(...)``
        Nats; float64 for float64 logits, else float32. NaN for a label that is no class.

    Raises
    ------
    TypeError
        If `logits` does not hold floating-point numbers, or `labels` no integers.
    ValueError
        If `axis` names none of the logits' axes, or shapes do not broadcast.

    See Also
    --------
    softmax_cross_entropy : The loss of probabilities.
    nll.softmax_cross_entropy : Both in NumPy.

    Notes
    -----
    The relative error of the loss stays within :math:`(6 + \log K + \Delta)\,u`, that of every
    entry of its gradient within :math:`(12 + \log K + \Delta)\,u`; what :math:`u` and
    :math:`\Delta` are says `nll.softmax_cross_entropy_value_and_grad`. There are derivatives of
    every order, in both modes, under `jax.jit` and `jax.vmap`.

    References
    ----------
    Chapter *use_it* puts it to use, chapter *stable_kernels* derives the formula.

    L. Prieto, M. Barsbey, P. A. M. Mediano, T. Birdal, "Grokking at the Edge of Numerical
    Stability", ICLR 2025, arXiv:2501.04697.

    Examples
    --------
    >>> import jax
    >>> import jax.numpy as jnp
    >>> from nll.jax import softmax_cross_entropy_with_integer_labels
    >>> logits = jnp.array([30.0, 0.0], jnp.float32)
    >>> loss, grad = jax.value_and_grad(softmax_cross_entropy_with_integer_labels)(logits, 0)
    >>> print(f"{loss:.3g}", [f"{entry:.3g}" for entry in grad.tolist()])
    9.36e-14 ['-9.36e-14', '9.36e-14']

    The function that it replaces has lost the loss, and with it the label's pull:

    >>> import optax
    >>> lost = optax.softmax_cross_entropy_with_integer_labels
    >>> loss, grad = jax.value_and_grad(lost)(logits, jnp.array(0))
    >>> print(f"{loss:.3g}", [f"{entry:.3g}" for entry in grad.tolist()])
    0 ['0', '9.36e-14']
    """
    z, classes = _as_floats(logits), jnp.asarray(labels)
    if not jnp.issubdtype(classes.dtype, jnp.integer):
        raise TypeError(f"Expected `labels` to hold integers, got {classes.dtype}.")
    if classes.dtype.itemsize < 4:  # which might not hold the number of classes
        classes = classes.astype(jnp.int32)
    axes = _as_axes(axis, z.ndim)
    rows = _as_rows(z.astype(jnp.promote_types(z.dtype, jnp.float32)), axes)
    kept = None if where is None else _mask(z, where, axes)
    rows = rows if kept is None else jnp.where(kept, rows, -jnp.inf)
    shape = jnp.broadcast_shapes(rows.shape[:-1], classes.shape)
    rows = jnp.broadcast_to(rows, (*shape, rows.shape[-1]))
    loss = _hard_loss(rows, jnp.broadcast_to(classes, shape)[..., None])
    return loss if kept is None else jnp.where(kept.any(-1), loss, 0)


@partial(jax.jit, static_argnames="axis")
def softmax_cross_entropy(
    logits: ArrayLike,
    labels: ArrayLike,
    axis: int | tuple[int, ...] | None = -1,
    where: ArrayLike | None = None,
) -> Array:
    r"""Return the cross-entropy between probabilities `labels` and the softmax of `logits`.

    A drop-in for optax's function of that name: the same numbers where that one is right, and
    digits where it has none left.

    .. math:: \ell(z, t) = -\sum_k t_k \log y_k, \qquad y_k = \frac{\exp(z_k)}{\sum_j \exp(z_j)}

    Parameters
    ----------
    logits : array_like, shape ``(..., K)``
        Unnormalized log-probabilities. Computed in float32 if they are float16 or bfloat16. A class
        at −inf is masked: its probability is 0, and it costs nothing where its label is 0.
    labels : array_like, shape ``(..., K)``
        Probabilities, with respect to which the loss is differentiable, too:
        :math:`\partial \ell / \partial t_k = -\log y_k`.
    axis : int, tuple of int or None, default -1
        Where the classes are; None is all axes.
    where : array_like of bool, shape ``(...)`` or ``(..., K)``, optional
        Rows or single classes to keep. What is left out has probability 0, costs nothing and has no
        gradient. Rows without any give 0.

    Returns
    -------
    loss : Array, shape ``(...)``
        Nats; float64 if either is float64, else float32.

    Raises
    ------
    TypeError
        If `logits` does not hold floating-point numbers.
    ValueError
        If `axis` names none of the axes, or shapes do not broadcast.

    See Also
    --------
    softmax_cross_entropy_with_integer_labels : The loss of classes.
    nll.softmax_cross_entropy : Both in NumPy.

    Notes
    -----
    The gradient is :math:`T y - t` with :math:`T = \sum_k t_k`, where optax's is off in the largest
    logit's entry by up to :math:`u`, even where that is all there is. The labels are not checked.

    References
    ----------
    Chapter *use_it* puts it to use, chapter *softmax_gradient* derives the gradient.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> from nll.jax import softmax_cross_entropy
    >>> print(f"{softmax_cross_entropy(jnp.array([30.0, 0.0]), jnp.array([1.0, 0.0])):.3g}")
    9.36e-14
    >>> masked = jnp.array([2.0, -jnp.inf, 0.5])
    >>> print(f"{softmax_cross_entropy(masked, jnp.array([0.6, 0.0, 0.4])):.4f}")
    0.8014
    """
    z, t = _as_floats(logits), jnp.asarray(labels)
    dtype = jnp.result_type(z, t, jnp.float32)
    shape = jnp.broadcast_shapes(z.shape, t.shape)
    axes = _as_axes(axis, len(shape))
    z = jnp.broadcast_to(z, shape).astype(dtype)
    rows, t = _as_rows(z, axes), _as_rows(jnp.broadcast_to(t, shape).astype(dtype), axes)
    if not rows.shape[-1]:
        return jnp.zeros(rows.shape[:-1], dtype)
    if where is None:
        return _soft_loss(rows, t)
    kept = _mask(z, where, axes)
    loss = _soft_loss(jnp.where(kept, rows, -jnp.inf), jnp.where(kept, t, 0))
    return jnp.where(kept.any(-1), loss, 0)
