"""The softmax cross-entropy and its gradient, right to the last digits at every gap of the logits.

For one row of logits z with label t, let a = argmax z, e_j = exp(z_j − z_a), o = Σ_{j≠t} e_j. Then

    loss      = (z_a − z_t) + log1p(o + (e_t − 1))
    y_j       = e_j / (e_t + o)
    ∂loss/∂z  = y_j for j ≠ t, and −o / (e_t + o) for t

The usual forms, logsumexp(z) − z_t and y − onehot(t), add o to 1 first: once o falls below the unit
roundoff, the loss and the label's own entry of the gradient are exactly 0. Here nothing cancels.

One pass over blocks of rows that fit the cache does it all. A kernel takes one block, works in the
scratch `e`, returns the losses, and fills `grad`, if there is one, with their gradient.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from nll._validate import (
    Array,
    Reduction,
    as_array,
    as_label_smoothing,
    as_logits,
    as_row_mask,
    check_class_labels,
    check_out,
    check_reduction,
    check_soft_labels,
)
from nll.special import BLOCK_BYTES, FEW_CLASSES, pairwise_sum

_BLOCK_ROWS = 1 << 14  # at most, so that vectors with one number a row stay in the cache too
_log1p = partial(np.log1p, dtype=np.float64)  # quicker than in float32, and exact there


def _log1p_of_many(x: Array) -> Array:
    """`log1p` in a third of the time, to 2 u: the logarithm of 1 + x, and what that sum lost."""
    x = np.asarray(x, np.float64)
    total = 1 + x
    return np.asarray(np.log(total) + (x - (total - 1)) / total)


def _by_columns(logits: Array, labels: Array, e: Array, grad: Array | None) -> Array:
    """Integer labels, few classes: each pass runs down a class, thousands of rows long."""
    n, k = logits.shape
    label = labels * n + np.arange(n)
    classes = e.reshape(k, n)
    for start in range(0, n, 1024):  # rows that stay in the nearest cache for all classes
        few = slice(start, start + 1024)
        np.copyto(classes[:, few], logits[few].T)
    best = classes.max(axis=0)
    lead = best - e[label]
    np.subtract(classes, best, out=classes)
    np.exp(classes, out=classes)
    right = e[label]
    e[label] = 0
    wrong = pairwise_sum(classes[np.newaxis])[0, 0]
    if grad is not None:
        e[label] = -wrong  # y_t - 1 = -wrong / (right + wrong)
        np.divide(classes, right + wrong, out=classes)
        np.copyto(grad, classes.T)
    return np.asarray(lead + _log1p_of_many(wrong + (right - 1)))


def _by_rows(logits: Array, labels: Array, e: Array, grad: Array | None) -> Array:
    """Integer labels, many classes: each pass runs along a row."""
    n, k = logits.shape
    starts = np.arange(0, n * k, k)
    label, best = starts + labels, starts + logits.argmax(axis=1)
    z, rows = logits.ravel(), e.reshape(n, k)
    top = z[best]
    lead = top - z[label]
    np.exp(np.subtract(logits, top[:, None], out=rows), out=rows)
    right = e[label]
    e[label] = 0
    if k > FEW_CLASSES:  # a large term swallows small ones: the best rival is added last
        won = np.flatnonzero(best == label)
        best[won] = starts[won] + rows[won].argmax(axis=1)
        rival = e[best]
        e[best] = 0
        wrong = np.add.reduce(rows, axis=1) + rival
        e[best] = rival
    else:
        wrong = np.add.reduce(rows, axis=1)
    if grad is not None:
        e[label] = -wrong
        np.divide(rows, (right + wrong)[:, None], out=grad)
    return np.asarray(lead + _log1p(wrong + (right - 1)))


def _one_row(logits: Array, labels: Array, e: Array, grad: Array | None) -> Array:
    """Integer label, one row of few classes: what calls cost counts, and scalars are quick."""
    z, label = logits[0], labels[0]
    top = z[z.argmax()]
    np.exp(np.subtract(z, top, out=e), out=e)
    right = e[label]
    e[label] = 0
    wrong = np.add.reduce(e)
    if grad is not None:
        e[label] = -wrong
        np.divide(e, right + wrong, out=grad[0])
    return np.asarray([top - z[label] + _log1p(wrong + (right - 1))])


def _soft_labels(logits: Array, labels: Array, e: Array, grad: Array | None) -> Array:
    """Probabilities t: loss = Σ t_k (z_a − z_k) + T log1p(s) with s = Σ_{j≠a} e_j and T = Σ t_k."""
    n, k = logits.shape
    best = np.arange(n), logits.argmax(axis=1)
    rows = e.reshape(n, k)
    np.multiply(logits, -0.5, out=rows)
    rows += logits[best][:, None] / 2  # half a gap, which cannot overflow
    costs = rows * labels
    costs[labels == 0] = 0  # a class without probability costs nothing, even an infinite gap
    np.exp(np.multiply(rows, -2, out=rows), out=rows)
    one = rows[best]  # NaN where infinities leave no softmax
    rows[best] = 0
    small = rows.sum(axis=1) + (one - 1)
    others = labels.copy()
    others[best] = 0
    rest = others.sum(axis=1)
    total = rest + labels[best]
    if grad is not None:
        rows *= total[:, None]
        rows -= np.multiply(others, (1 + small)[:, None], out=others)
        rows[best] = rest - labels[best] * small  # T y_a - t_a = (rest - t_a small) / (1 + small)
        np.divide(rows, (1 + small)[:, None], out=grad)
    return np.asarray(2 * costs.sum(axis=1) + total * _log1p(small))


_Kernel = Callable[[Array, Array, Array, Array | None], Array]


class _Rows(NamedTuple):
    """The checked arguments in rows: classes run along the last axis."""

    logits: Array  # (N, K)
    labels: Array  # (N,) integer classes, or (N, K) probabilities
    where: Array | None  # (N,)
    label_smoothing: float
    reduction: Reduction

    def block(self, rows: slice) -> tuple[Array, Array, Array | None]:
        """Logits, labels and excluded rows of one block, ready for a kernel."""
        logits, labels = np.ascontiguousarray(self.logits[rows]), self.labels[rows]
        excluded = None if self.where is None else ~self.where[rows]
        if labels.ndim == 2:
            return logits, np.ascontiguousarray(labels, logits.dtype), excluded
        if excluded is not None:
            labels = np.where(excluded, 0, labels)  # -1 or 255 may stand there
        labels = np.asarray(labels, np.intp)
        if self.label_smoothing:
            labels = _smoothed(labels, self.label_smoothing, logits)
        return logits, labels, excluded


def _smoothed(labels: Array, label_smoothing: float, logits: Array) -> Array:
    """Soft labels: `label_smoothing` spread over all classes, the rest on the integer label."""
    soft = np.full_like(logits, label_smoothing / logits.shape[1])
    soft[np.arange(len(labels)), labels] += 1 - label_smoothing
    return soft


def _move(array: Array, source: int, destination: int) -> Array:
    """`array` with one axis moved, without the cost of that if there is nothing to move."""
    return array if source == destination else np.moveaxis(array, source, destination)


def _as_rows(array: Array, axis: int) -> Array:
    """`array` as a matrix of rows: a view where its strides allow one, else a copy."""
    moved = _move(array, axis, -1)
    return moved if moved.ndim == 2 else moved.reshape(-1, moved.shape[-1])


def _check(
    logits: ArrayLike,
    labels: ArrayLike,
    axis: int,
    where: ArrayLike | None,
    label_smoothing: float,
    reduction: Reduction,
    out: Array | None = None,
) -> tuple[Array, int, _Rows]:
    """Check every argument before anything is computed, and bring them into rows."""
    check_reduction(reduction)
    given, targets = as_array(logits, "logits"), as_array(labels, "labels")
    z, axis = as_logits(given, axis)
    soft = targets.ndim == z.ndim
    label_smoothing = as_label_smoothing(label_smoothing, soft)
    shape = _move(z, axis, -1).shape[:-1]
    kept = None if where is None else as_row_mask(where, shape)
    if soft:
        check_soft_labels(targets, z, axis, kept)
    else:
        check_class_labels(targets, shape, z.shape[axis], kept)
    if out is not None:
        check_out(out, z, {"logits": given, "labels": targets, "where": kept})
    targets = _as_rows(targets, axis) if soft else targets.ravel()
    kept = None if kept is None else kept.ravel()
    return z, axis, _Rows(_as_rows(z, axis), targets, kept, label_smoothing, reduction)


def _plan(rows: _Rows) -> tuple[_Kernel, int]:
    """Choose a kernel and the number of rows in a block."""
    n, k = rows.logits.shape
    size = max(1, min(_BLOCK_ROWS, BLOCK_BYTES // (k * rows.logits.itemsize)))
    if rows.labels.ndim == 2 or rows.label_smoothing:
        return _soft_labels, max(1, size // 2)  # it works in several arrays of that size
    if k <= FEW_CLASSES < n:
        # Never a power of two: then all classes of a row would compete for the same cache lines.
        return _by_columns, size & ~31 | 16
    return _one_row if n == 1 and k <= FEW_CLASSES else _by_rows, size


@np.errstate(all="ignore")  # infinities are legal, and what they give is defined
def _sweep(rows: _Rows, grad: Array | None) -> Array:
    """Losses, or their sum or mean; fills `grad`, if there is one, with the gradient of that."""
    (n, k), dtype = rows.logits.shape, rows.logits.dtype
    kernel, size = _plan(rows)
    scratch = np.empty(k * min(n, size), dtype)
    kept = n if rows.where is None else int(np.count_nonzero(rows.where))
    count = kept if rows.reduction == "mean" else 1
    losses, sums = np.empty(n if rows.reduction == "none" else 0, dtype), []
    for start in range(0, n, size):
        block = slice(start, start + size)
        loss = _block(kernel, rows, block, scratch, None if grad is None else grad[block], count)
        if rows.reduction == "none":
            losses[block] = loss
        else:
            sums.append(sum_over(loss, count))
    if rows.reduction == "none":
        return losses
    return np.asarray(np.sum(sums) if count else np.nan, dtype)


def _block(
    kernel: _Kernel, rows: _Rows, block: slice, scratch: Array, grad: Array | None, count: int
) -> Array:
    """Losses of one block; fills its gradient, over `count`. Rows left out get 0 in both."""
    logits, labels, excluded = rows.block(block)
    loss = kernel(logits, labels, scratch[: logits.size], grad)
    if grad is not None and count != 1:
        grad /= count
    if excluded is not None:
        loss[excluded] = 0
        if grad is not None:
            grad[excluded] = 0
    return loss


def sum_over(losses: Array, count: int) -> Array:
    """Sum of `losses` over `count`, which overflows only if that does."""
    total: Array = np.sum(losses) / count
    return np.asarray(np.sum(losses / count))[()] if np.isinf(total) else total


def _in_shape(loss: Array, shape: tuple[int, ...], reduction: Reduction) -> Array:
    """Give the losses of all rows their shape; a single one becomes a NumPy scalar."""
    return loss.reshape(shape if reduction == "none" else ())[()]


def softmax_cross_entropy(
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    axis: int = -1,
    where: ArrayLike | None = None,
    label_smoothing: float = 0.0,
    reduction: Reduction = "none",
) -> Array:
    r"""Return the negative log-likelihood of `labels` under the softmax of `logits`.

    .. math:: \ell(z, t) = -\sum_k t_k \log y_k, \qquad y_k = \frac{\exp(z_k)}{\sum_j \exp(z_j)}

    For an integer label, :math:`t` is 1 at that class and 0 elsewhere. The loss is right to the
    last digits however far the label leads, where ``logsumexp(z) - z[label]`` is exactly 0 from a
    lead of about 37 on (17 in float32).

    Parameters
    ----------
    logits : array_like, shape ``(..., K)``
        Unnormalized log-probabilities. A class at −inf is masked: its probability is 0.
    labels : array_like, shape ``(...)`` or ``(..., K)``
        One dimension less than the logits: integer classes in [0, K). As many dimensions:
        probabilities, non-negative, which sum to 1 within 1e-3 and are rounded to the dtype of
        the result.
    axis : int, default -1
        The axis of `logits` (and of soft labels) along which the classes run.
    where : array_like of bool, shape ``(...)``, optional
        Rows to keep. The others give 0, their labels are not looked at, and the mean divides by
        the rows kept.
    label_smoothing : float, default 0.0
        Mass in [0, 1] taken from an integer label and spread evenly over all K classes.
    reduction : {"none", "sum", "mean"}, default "none"
        One loss per row, or their sum or mean. The mean over no rows is NaN.

    Returns
    -------
    loss : ndarray, shape ``(...)``, or NumPy scalar
        Nats; float32 for float16 and float32 logits, else float64.

    Raises
    ------
    TypeError
        If a dtype makes no sense: complex, object or masked arrays, or floating-point numbers
        where integer labels are expected.
    ValueError
        If shapes do not match, a label is out of range, or soft labels are not probabilities.

    See Also
    --------
    softmax_cross_entropy_value_and_grad : The loss together with its gradient.

    Notes
    -----
    For an integer label the relative error stays within :math:`(4 + \log K + \Delta)\,u`, where
    :math:`u` is the unit roundoff and :math:`\Delta` the label's lead over the best other class, 0
    if it does not lead: rounding the logits alone may cost :math:`\Delta u`. (Measured on the hard
    rows of ``benchmarks/accuracy.py``, and for results above K times the smallest normal number.)
    A row with +inf or NaN, or with −inf only, has no softmax: its loss is NaN.

    There are no class weights, since libraries disagree on what they mean: ``w[labels] * loss``
    weights each row, and its sum may be divided by N or by ``w[labels].sum()``.

    References
    ----------
    Chapter *one_hot_examples* works it by hand, chapter *stable_kernels* derives the formula.

    P. Blanchard, D. J. Higham, N. J. Higham, "Accurately computing the log-sum-exp and softmax
    functions", IMA Journal of Numerical Analysis 41 (2021), doi:10.1093/imanum/draa038.

    Examples
    --------
    >>> import numpy as np
    >>> from nll import softmax_cross_entropy
    >>> softmax_cross_entropy([[2.0, 1.0, 0.0], [0.0, 0.0, 0.0]], [0, 2]).round(6)
    array([0.407606, 1.098612])

    The textbook form loses a confident right answer altogether:

    >>> logits = np.array([40.0, 0.0])
    >>> naive = np.log(np.exp(logits).sum()) - logits[0]
    >>> print(f"{naive:.4g} against {softmax_cross_entropy(logits, 0):.4g}")
    0 against 4.248e-18
    """
    z, axis, rows = _check(logits, labels, axis, where, label_smoothing, reduction)
    loss = _sweep(rows, None)
    return _in_shape(loss, _move(z, axis, -1).shape[:-1], reduction)


def softmax_cross_entropy_value_and_grad(
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    axis: int = -1,
    where: ArrayLike | None = None,
    label_smoothing: float = 0.0,
    reduction: Reduction = "none",
    out: Array | None = None,
) -> tuple[Array, Array]:
    r"""Return the softmax cross-entropy and its gradient with respect to the logits, at once.

    .. math:: \frac{\partial \ell}{\partial z_j} = y_j - t_j

    The gradient is that of the reduced value: with ``reduction="mean"`` it is divided by the number
    of rows kept. Every entry is right to the last digits, the label's own included, where that of
    ``softmax(z) - onehot`` is exactly 0 from a lead of about 37 on (17 in float32).

    Parameters
    ----------
    logits, labels, axis, where, label_smoothing, reduction
        As for `softmax_cross_entropy`.
    out : ndarray, shape ``(..., K)``, optional
        Where to put the gradient: of the logits' shape and the result's dtype, overlapping none of
        the inputs. Untouched if an error is raised, but half-written if the call is interrupted;
        two threads must not share it.

    Returns
    -------
    loss : ndarray, shape ``(...)``, or NumPy scalar
        Nats; what `softmax_cross_entropy` returns.
    grad : ndarray, shape ``(..., K)``
        Gradient; `out` itself, if given. Rows that `where` leaves out are 0.

    Raises
    ------
    TypeError, ValueError
        As `softmax_cross_entropy`, or if `out` does not fit or overlaps an input.

    See Also
    --------
    softmax_cross_entropy : The loss alone.

    Notes
    -----
    For integer labels the relative error of every entry stays within
    :math:`(10 + \log K + \Delta)\,u`, where :math:`\Delta` is :math:`\max z - z_j` for the entry of
    another class, and the label's lead for its own. For soft labels the error stays within
    :math:`(10 + \log K + \max z - \min z)\,u` relative to :math:`y_j + t_j`.
    A row with +inf or NaN, or with −inf only, has no softmax: its loss and its whole gradient are
    NaN.

    Beyond what is returned, two-dimensional C-ordered logits take less than 4 MiB of memory.

    References
    ----------
    Chapter *softmax_gradient* derives it, chapter *softmax_collapse* shows what it saves.

    L. Prieto, M. Barsbey, P. A. M. Mediano, T. Birdal, "Grokking at the Edge of Numerical
    Stability", ICLR 2025, arXiv:2501.04697.

    Examples
    --------
    >>> import numpy as np
    >>> from nll import softmax_cross_entropy_value_and_grad
    >>> loss, grad = softmax_cross_entropy_value_and_grad(np.log([0.2, 0.3, 0.5]), 1)
    >>> print(loss.round(6), grad.round(6))
    1.203973 [ 0.2 -0.7  0.5]

    Prediction minus target, computed as it is written, forgets that something is left to learn:

    >>> logits = np.array([40.0, 0.0])
    >>> naive = np.exp(logits) / np.exp(logits).sum() - [1, 0]
    >>> loss, grad = softmax_cross_entropy_value_and_grad(logits, 0)
    >>> print(naive, grad)
    [0.00000000e+00 4.24835426e-18] [-4.24835426e-18  4.24835426e-18]
    """
    z, axis, rows = _check(logits, labels, axis, where, label_smoothing, reduction, out)
    shape = rows.logits.shape
    grad = np.empty(shape, z.dtype) if out is None else _as_rows(np.asarray(out), axis)
    loss = _sweep(rows, grad)
    moved = _move(z if out is None else out, axis, -1)
    if out is None:
        out = _move(grad.reshape(moved.shape), -1, axis)
    elif not np.may_share_memory(grad, out):  # no strides could show `out` as rows
        moved[...] = grad.reshape(moved.shape)
    return _in_shape(loss, moved.shape[:-1], reduction), out
