"""The softmax cross-entropy and its gradient, right to the last digits at every gap of the logits.

For one row of logits z with label t, let a = argmax z, e_j = exp(z_j − z_a), o = Σ_{j≠t} e_j. Then

    loss      = (z_a − z_t) + log1p(o + (e_t − 1))
    y_j       = e_j / (e_t + o)
    ∂loss/∂z  = y_j for j ≠ t, and −o / (e_t + o) for t

The usual forms, logsumexp(z) − z_t and y − onehot(t), add o to 1 first: once o falls below the unit
roundoff, the loss and the label's own entry of the gradient are exactly 0. Here nothing cancels.

One pass over blocks of rows that fit the cache does it all. Every kernel below takes one block,
fills `e` with the numerators of its gradient, and returns its losses and the denominators.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from nll._validate import (
    Array,
    as_array,
    as_logits,
    as_row_mask,
    check_class_labels,
    check_label_smoothing,
    check_out,
    check_reduction,
    check_soft_labels,
)

_Kernel = Callable[[Array, Array, Array], tuple[Array, Array]]

_BLOCK_BYTES = 1 << 19  # a block of logits and the few arrays as large as it stay in the cache
_FEW_CLASSES = 40  # up to here, passes along columns are quicker than passes along short rows


def _sum_columns(e: Array) -> Array:
    """Row sums by folding the columns in half: errs by log2(K) u, column after column by K u."""
    half, odd = divmod(e.shape[1], 2)
    if half < 2:
        return np.asarray(e.sum(axis=1))
    folded = e[:, :half] + e[:, half : 2 * half]
    if odd:
        folded[:, 0] += e[:, -1]
    return _sum_columns(folded)


def _few_classes(logits: Array, labels: Array, e: Array) -> tuple[Array, Array]:
    """Integer labels, `e` column-major: every step runs down a column, thousands of rows long."""
    label = np.arange(len(logits)), labels
    np.copyto(e, logits)
    best = e.max(axis=1)
    lead = best - e[label]
    np.exp(np.subtract(e, best[:, None], out=e), out=e)
    right = e[label]
    e[label] = 0
    wrong = _sum_columns(e)
    e[label] = 0 - wrong  # y_t - 1 = -wrong / (right + wrong); 0 - 0 is 0, where -0 would be -0.0
    return lead + np.log1p(wrong + (right - 1)), right + wrong


def _many_classes(logits: Array, labels: Array, e: Array) -> tuple[Array, Array]:
    """Integer labels, `e` row-major: every step runs along a row."""
    rows = np.arange(len(logits))
    label, best = (rows, labels), (rows, logits.argmax(axis=1))
    top = logits[best]
    lead = top - logits[label]
    np.exp(np.subtract(logits, top[:, None], out=e), out=e)
    right = e[label]
    one = 1 + (top - top)  # the maximum's own term: 1, or NaN where infinities leave no softmax
    e[label] = e[best] = 0  # the small terms are summed apart from that 1, for precision
    wrong = e.sum(axis=1) + one * (best[1] != labels)
    e[best] = one
    e[label] = 0 - wrong
    return lead + np.log1p(wrong + (right - 1)), right + wrong


def _soft_labels(logits: Array, labels: Array, e: Array) -> tuple[Array, Array]:
    """Probabilities t: loss = Σ t_k (z_a − z_k) + T log1p(s) with s = Σ_{j≠a} e_j and T = Σ t_k."""
    best = np.arange(len(logits)), logits.argmax(axis=1)
    top = logits[best]
    np.subtract(top[:, None], logits, out=e)
    cost = e * labels
    cost[labels == 0] = 0  # a class without probability costs nothing, be its gap infinite
    np.exp(np.negative(e, out=e), out=e)
    e[best] = 0
    small = e.sum(axis=1) + (top - top)  # NaN where infinities leave no softmax
    others = labels.copy()
    others[best] = 0
    rest = others.sum(axis=1)
    total = rest + labels[best]
    e *= total[:, None]
    e -= np.multiply(others, (1 + small)[:, None], out=others)
    e[best] = rest - labels[best] * small  # T y_a - t_a = (rest - t_a small) / (1 + small)
    return cost.sum(axis=1) + total * np.log1p(small), 1 + small


class _Rows(NamedTuple):
    """The checked arguments in rows: classes run along the last axis."""

    logits: Array  # (N, K)
    labels: Array  # (N,) integer classes, or (N, K) probabilities
    where: Array | None  # (N,)
    label_smoothing: float
    reduction: str

    def block(self, rows: slice) -> tuple[Array, Array, Array | None]:
        """Logits, labels and excluded rows of one block, ready for a kernel."""
        logits, labels = np.ascontiguousarray(self.logits[rows]), self.labels[rows]
        excluded = None if self.where is None else ~self.where[rows]
        if labels.ndim == 2:
            return logits, np.ascontiguousarray(labels, logits.dtype), excluded
        if excluded is not None:
            labels = np.where(excluded, 0, labels)  # -1 or 255 may stand there
        labels = labels.astype(np.intp, copy=False)
        if self.label_smoothing:
            labels = _smoothed(labels, self.label_smoothing, logits)
        return logits, labels, excluded


def _smoothed(labels: Array, label_smoothing: float, logits: Array) -> Array:
    """Soft labels: `label_smoothing` spread over all classes, the rest on the integer label."""
    soft = np.full_like(logits, label_smoothing / logits.shape[1])
    soft[np.arange(len(labels)), labels] += 1 - label_smoothing
    return soft


def _classes_last(array: Array, axis: int) -> Array:
    """`array` with its classes along the last axis."""
    return array if axis == -1 else np.moveaxis(array, axis, -1)


def _as_rows(array: Array, axis: int) -> Array:
    """`array` as a matrix of rows: a view where its strides allow one, else a copy."""
    moved = _classes_last(array, axis)
    return moved if moved.ndim == 2 else moved.reshape(-1, moved.shape[-1])


def _check(  # noqa: PLR0913, PLR0917
    logits: Array,
    labels: ArrayLike,
    axis: int,
    where: ArrayLike | None,
    label_smoothing: float,
    reduction: str,
) -> _Rows:
    """Check every argument before anything is computed, and bring them into rows."""
    check_reduction(reduction)
    targets = as_array(labels, "labels")
    soft = targets.ndim == logits.ndim
    check_label_smoothing(label_smoothing, soft)
    shape = _classes_last(logits, axis).shape[:-1]
    kept = None if where is None else as_row_mask(where, shape)
    if soft:
        check_soft_labels(targets, logits, axis, kept)
        targets = _as_rows(targets, axis)
    else:
        check_class_labels(targets, shape, logits.shape[axis], kept)
        targets = targets.reshape(-1)
    kept = None if kept is None else kept.reshape(-1)
    return _Rows(_as_rows(logits, axis), targets, kept, label_smoothing, reduction)


def _plan(rows: _Rows) -> tuple[_Kernel, Array]:
    """Choose a kernel, and the scratch for one block: its length is the number of rows in it."""
    n, k = rows.logits.shape
    dtype = rows.logits.dtype
    size = max(1, min(n, _BLOCK_BYTES // (k * dtype.itemsize)))
    if rows.labels.ndim == 2 or rows.label_smoothing:
        return _soft_labels, np.empty((size, k), dtype)
    if 1 < k <= _FEW_CLASSES < size:
        return _few_classes, np.empty((k, size), dtype).T
    return _many_classes, np.empty((size, k), dtype)


def _sweep(rows: _Rows, grad: Array | None) -> Array:
    """Losses, or their sum or mean; fills `grad`, if there is one, with the gradient of that."""
    n, dtype = len(rows.logits), rows.logits.dtype
    kernel, scratch = _plan(rows)
    kept = n if rows.where is None else np.count_nonzero(rows.where)
    scale = kept if rows.reduction == "mean" else 1
    losses = np.empty(n if rows.reduction == "none" else 0, dtype)
    sums = []  # of blocks: pairwise sums of pairwise sums
    for start in range(0, n, len(scratch)):
        block = slice(start, min(start + len(scratch), n))
        logits, labels, excluded = rows.block(block)
        numerators = scratch[: len(logits)]
        loss, denominators = kernel(logits, labels, numerators)
        if excluded is not None:
            loss[excluded] = 0
        if grad is not None:
            np.divide(numerators, (denominators * scale)[:, None], out=grad[block])
            if excluded is not None:
                grad[block][excluded] = 0
        if rows.reduction == "none":
            losses[block] = loss
        else:
            sums.append(loss.sum(dtype=np.float64))
    return losses if rows.reduction == "none" else dtype.type(np.sum(sums) / scale)


def _in_shape(loss: Array, shape: tuple[int, ...], reduction: str) -> Array:
    """Give the losses of all rows their shape; a single one becomes a NumPy scalar."""
    return loss.reshape(shape)[()] if reduction == "none" else loss


def softmax_cross_entropy(  # noqa: PLR0913
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    axis: int = -1,
    where: ArrayLike | None = None,
    label_smoothing: float = 0.0,
    reduction: str = "none",
) -> Array:
    r"""Return the negative log-likelihood of `labels` under the softmax of `logits`.

    .. math:: \ell(z, t) = -\sum_k t_k \log y_k, \qquad y_k = \frac{\exp(z_k)}{\sum_j \exp(z_j)}

    For an integer label, t is 1 at that class and 0 elsewhere. The loss is right to the last
    digits however far the label leads, where ``logsumexp(z) - z[label]`` is exactly 0 from a lead
    of about 37 on (17 in float32).

    Parameters
    ----------
    logits : array_like, shape ``(..., K)``
        Unnormalised log-probabilities. A class at −inf is masked: its probability is 0.
    labels : array_like, shape ``(...)`` or ``(..., K)``
        One dimension less than the logits: integer classes in [0, K). As many dimensions:
        probabilities, non-negative, which sum to 1 within 1e-6 (1e-3 with float32 logits).
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
        If a dtype makes no sense: complex, object or masked arrays, real-valued integer labels.
    ValueError
        If shapes do not match, a label is out of range, or soft labels are not probabilities.

    See Also
    --------
    softmax_cross_entropy_value_and_grad : The loss together with its gradient.

    Notes
    -----
    The relative error is at most (4 + ln K + Δ) u for an integer label, where u is the unit
    roundoff and Δ the label's lead over the best other class, 0 if it does not lead: rounding the
    logits alone may cost Δ u. A row with +inf or NaN, or with −inf only, has no softmax: its loss
    is NaN.

    There are no class weights, since libraries disagree on what they mean: ``w[labels] * loss``
    weights each row, and its sum may be divided by N or by ``w[labels].sum()``.

    References
    ----------
    .. [1] P. Blanchard, D. J. Higham, N. J. Higham, "Accurately computing the log-sum-exp and
       softmax functions", IMA J. Numer. Anal. 41(4), 2021. https://doi.org/10.1093/imanum/draa038

    Examples
    --------
    >>> import numpy as np
    >>> from nll.softmax_loss import softmax_cross_entropy
    >>> softmax_cross_entropy([[2.0, 1.0, 0.0], [0.0, 0.0, 0.0]], [0, 2]).round(6)
    array([0.407606, 1.098612])

    The textbook form loses a confident right answer altogether:

    >>> logits = np.array([40.0, 0.0])
    >>> naive = np.log(np.exp(logits).sum()) - logits[0]
    >>> print(f"{naive:.4g} against {softmax_cross_entropy(logits, 0):.4g}")
    0 against 4.248e-18
    """
    z, axis = as_logits(logits, axis)
    rows = _check(z, labels, axis, where, label_smoothing, reduction)
    with np.errstate(all="ignore"):
        loss = _sweep(rows, None)
    return _in_shape(loss, _classes_last(z, axis).shape[:-1], reduction)


def softmax_cross_entropy_value_and_grad(  # noqa: PLR0913
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    axis: int = -1,
    where: ArrayLike | None = None,
    label_smoothing: float = 0.0,
    reduction: str = "none",
    out: Array | None = None,
) -> tuple[Array, Array]:
    r"""Return the softmax cross-entropy and its gradient with respect to the logits, in one pass.

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
        the inputs. Untouched if an error is raised.

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
    For integer labels the relative error of every entry is at most (10 + ln K + Δ) u, with
    Δ = max z − z_j for the entry of another class and the label's lead for its own. For soft
    labels the error is at most (10 + ln K + max z − min z) u relative to y_j + t_j. A row with
    +inf or NaN, or with −inf only, has no softmax: its loss and its whole gradient are NaN.

    Beyond what is returned, two-dimensional C-ordered logits take less than 4 MiB of memory.

    References
    ----------
    .. [1] L. Prieto, M. Barsbey, P. A. M. Mediano, T. Birdal, "Grokking at the Edge of Numerical
       Stability", ICLR 2025. https://arxiv.org/abs/2501.04697

    Examples
    --------
    >>> import numpy as np
    >>> from nll.softmax_loss import softmax_cross_entropy_value_and_grad
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
    z, axis = as_logits(logits, axis)
    rows = _check(z, labels, axis, where, label_smoothing, reduction)
    if out is None:
        grad = np.empty(rows.logits.shape, z.dtype)
        out = np.moveaxis(grad.reshape(_classes_last(z, axis).shape), -1, axis)
    else:
        check_out(out, z, {"logits": logits, "labels": labels, "where": where})
        grad = _as_rows(np.asarray(out), axis)
    with np.errstate(all="ignore"):
        loss = _sweep(rows, grad)
    if not np.may_share_memory(grad, out):  # no strides could show `out` as rows
        moved = _classes_last(out, axis)
        moved[...] = grad.reshape(moved.shape)
    return _in_shape(loss, _classes_last(z, axis).shape[:-1], reduction), out
