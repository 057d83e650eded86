"""Functions between logits and probabilities, exact at both ends.

Two habits give the accuracy. Exponentials are taken of differences from the largest logit, so none
overflows; and that logit's own term, a 1, is kept out of the sum of the others until `log1p` adds
it, so that a sum below the rounding error of 1 is not lost.
"""

from collections.abc import Callable
from math import prod

import numpy as np
from numpy.typing import ArrayLike

from nll._validate import Array, as_float, check_axes

Axis = int | tuple[int, ...] | None

BLOCK_BYTES = 1 << 19  # of logits worked on at a time: they and what is made of them stay in cache
FEW_CLASSES = 40  # up to here, passes down long columns are quicker than passes along short rows
_ENOUGH_ROWS = 40  # to make columns long
_WIDE = 256  # columns worked on at a time, at least


def logsumexp(logits: ArrayLike, *, axis: Axis = -1, keepdims: bool = False) -> Array:
    r"""Compute the logarithm of a sum of exponentials.

    .. math:: \operatorname{logsumexp}(z) = \log \sum_j e^{z_j}

    Parameters
    ----------
    logits : array_like, shape (..., K)
        Unnormalized log-probabilities, in nats.
    axis : int, tuple of int or None, default -1
        Axis or axes to sum over; None is all of them.
    keepdims : bool, default False
        Whether to keep the axes summed over, with length one.

    Returns
    -------
    ndarray or scalar, shape (...)
        float32 for float16 and float32 logits, float64 for all others.

    Raises
    ------
    TypeError
        If `logits` does not hold real numbers.
    ValueError
        If `axis` is not one of `logits`.

    Notes
    -----
    The largest logit :math:`m` is taken out, as in :math:`m + \log(1 + s)` with
    :math:`s = \sum_{j \ne a} e^{z_j - m}`, and ``log1p`` keeps every digit of a small :math:`s`.
    The error is a few units roundoff of :math:`|m| + \log(1 + s)`. Nothing, or nothing but −inf,
    sums to −inf; any +inf gives +inf; any NaN gives NaN.

    References
    ----------
    Chapter *stable_kernels* derives it.

    P. Blanchard, D. J. Higham, N. J. Higham, "Accurately computing the log-sum-exp and softmax
    functions", IMA Journal of Numerical Analysis 41 (2021), doi:10.1093/imanum/draa038.

    Examples
    --------
    >>> import numpy as np
    >>> from nll import logsumexp
    >>> logits = np.array([0.0, -40.0])
    >>> print(np.log(np.exp(logits).sum()))
    0.0
    >>> print(f"{logsumexp(logits):.6e}")
    4.248354e-18
    >>> print(f"{logsumexp([1000.0, 1000.0]):.3f}")
    1000.693
    """
    total = _along(axis, _logsumexp, logits, reduce=True)
    if not keepdims:
        return total
    kept: Array = np.expand_dims(total, check_axes(axis, np.ndim(logits), "logits"))[()]
    return kept


def softmax(logits: ArrayLike, *, axis: Axis = -1) -> Array:
    r"""Turn logits into probabilities.

    .. math:: y_j = \frac{e^{z_j}}{\sum_k e^{z_k}}

    Parameters
    ----------
    logits : array_like, shape (..., K)
        Unnormalized log-probabilities, in nats.
    axis : int, tuple of int or None, default -1
        Axis or axes of the classes; None is all of them.

    Returns
    -------
    ndarray or scalar, shape (..., K)
        Probabilities that sum to 1 along `axis`: float32 for float16 and float32 logits, float64
        for all others.

    Raises
    ------
    TypeError
        If `logits` does not hold real numbers.
    ValueError
        If `axis` is not one of `logits`.

    Notes
    -----
    Adding a constant to all logits changes nothing, so the largest is subtracted first. A logit of
    −inf has probability 0; with +inf, NaN or nothing but −inf there is no softmax, and the whole
    row is NaN.

    References
    ----------
    Chapter *likelihood* introduces it, chapter *stable_kernels* computes it.

    P. Blanchard, D. J. Higham, N. J. Higham, "Accurately computing the log-sum-exp and softmax
    functions", IMA Journal of Numerical Analysis 41 (2021), doi:10.1093/imanum/draa038.

    Examples
    --------
    >>> import numpy as np
    >>> from nll import softmax
    >>> logits = np.array([1000.0, 999.0, 0.0])
    >>> with np.errstate(over="ignore", invalid="ignore"):
    ...     print(np.exp(logits) / np.exp(logits).sum())
    [nan nan  0.]
    >>> print(softmax(logits).round(4))
    [0.7311 0.2689 0.    ]
    """
    return _along(axis, _softmax, logits)


def log_softmax(logits: ArrayLike, *, axis: Axis = -1) -> Array:
    r"""Turn logits into log-probabilities.

    .. math:: \log y_j = z_j - \log \sum_k e^{z_k}

    Parameters
    ----------
    logits : array_like, shape (..., K)
        Unnormalized log-probabilities, in nats.
    axis : int, tuple of int or None, default -1
        Axis or axes of the classes; None is all of them.

    Returns
    -------
    ndarray or scalar, shape (..., K)
        Log-probabilities in nats, none above 0: float32 for float16 and float32 logits, float64
        for all others.

    Raises
    ------
    TypeError
        If `logits` does not hold real numbers.
    ValueError
        If `axis` is not one of `logits`.

    Notes
    -----
    Computed as :math:`(z_j - m) - \log(1 + s)`, where :math:`m` is the largest logit and :math:`s`
    the sum of the other terms :math:`e^{z_k - m}`: two numbers of one sign, so nothing cancels, and
    the log-probability of a near-certain class, about :math:`-s`, keeps its digits. The relative
    error is at most :math:`(4 + \log K + \Delta)` units roundoff, :math:`\Delta` the lead of the
    class over all others (0 if it does not lead).

    A logit of −inf has log-probability −inf; with +inf, NaN or nothing but −inf there is no
    softmax, and the whole row is NaN.

    References
    ----------
    Chapter *stable_kernels* derives it.

    P. Blanchard, D. J. Higham, N. J. Higham, "Accurately computing the log-sum-exp and softmax
    functions", IMA Journal of Numerical Analysis 41 (2021), doi:10.1093/imanum/draa038.

    Examples
    --------
    >>> import numpy as np
    >>> from nll import log_softmax, softmax
    >>> logits = np.array([40.0, 0.0])
    >>> print(np.log(softmax(logits)))
    [  0. -40.]
    >>> print(f"{log_softmax(logits)[0]:.6e}")
    -4.248354e-18
    """
    return _along(axis, _log_softmax, logits)


def softplus(logits: ArrayLike) -> Array:
    r"""Compute :math:`\log(1 + e^z)`, elementwise.

    Parameters
    ----------
    logits : array_like
        Log-odds, in nats.

    Returns
    -------
    ndarray or scalar
        Nats, at least 0, in the shape of `logits`: float32 for float16 and float32 logits, float64
        for all others.

    Raises
    ------
    TypeError
        If `logits` does not hold real numbers.

    Notes
    -----
    Computed as :math:`\max(z, 0) + \log(1 + e^{-|z|})` with ``log1p``: no overflow, and for very
    negative :math:`z` the true :math:`e^z` instead of 0.

    References
    ----------
    Chapter *stable_kernels* derives it.

    Martin Mächler, "Accurately computing :math:`\log(1 - e^{-|a|})`", vignette of the R package
    Rmpfr.

    Examples
    --------
    >>> import numpy as np
    >>> from nll import softplus
    >>> print(np.log(1 + np.exp(-40.0)))
    0.0
    >>> print(f"{softplus(-40.0):.6e}")
    4.248354e-18
    """
    array = as_float(logits, "logits")
    with np.errstate(all="ignore"):
        total: Array = np.log1p(np.exp(-np.abs(array)))
        total += np.maximum(array, 0.0)
    return total


def sigmoid(logits: ArrayLike) -> Array:
    r"""Compute the logistic function :math:`1 / (1 + e^{-z})`, elementwise.

    Parameters
    ----------
    logits : array_like
        Log-odds, in nats.

    Returns
    -------
    ndarray or scalar
        Probabilities in the shape of `logits`: float32 for float16 and float32 logits, float64 for
        all others.

    Raises
    ------
    TypeError
        If `logits` does not hold real numbers.

    Notes
    -----
    The exponential is that of :math:`-|z|` and never overflows: :math:`1 / (1 + e^{-|z|})` for
    :math:`z \ge 0`, :math:`e^{-|z|} / (1 + e^{-|z|})` below.

    References
    ----------
    Chapter *output_units* derives it.

    Examples
    --------
    >>> import numpy as np
    >>> from nll import sigmoid
    >>> with np.errstate(over="ignore"):
    ...     print(1 / (1 + np.exp(740.0)))
    0.0
    >>> print(f"{sigmoid(-740.0):.0e}")
    4e-322
    """
    array = as_float(logits, "logits")
    with np.errstate(all="ignore"):
        small = np.exp(-np.abs(array))
        odds: Array = np.maximum(small, array >= 0.0)  # 1 for a logit of 0 or more
        return odds / (1.0 + small)


def log_sigmoid(logits: ArrayLike) -> Array:
    r"""Compute the logarithm of the logistic function, elementwise.

    .. math:: \log \sigma(z) = -\log(1 + e^{-z})

    Parameters
    ----------
    logits : array_like
        Log-odds, in nats.

    Returns
    -------
    ndarray or scalar
        Nats, at most 0, in the shape of `logits`: float32 for float16 and float32 logits, float64
        for all others.

    Raises
    ------
    TypeError
        If `logits` does not hold real numbers.

    Notes
    -----
    It is ``-softplus(-logits)``, and as exact.

    References
    ----------
    Chapter *stable_kernels* derives it.

    Examples
    --------
    >>> import numpy as np
    >>> from nll import log_sigmoid, sigmoid
    >>> print(np.log(sigmoid(40.0)))
    0.0
    >>> print(f"{log_sigmoid(40.0):.6e}")
    -4.248354e-18
    """
    log_prob: Array = -softplus(-as_float(logits, "logits"))
    return log_prob


def _logsumexp(logits: Array, out: Array) -> None:
    largest = logits.max(axis=1, keepdims=True)
    np.add(largest, _log_total(logits - largest), out=out)
    np.copyto(out, largest, where=np.isinf(largest))


def _softmax(logits: Array, out: Array) -> None:
    terms = logits - logits.max(axis=1, keepdims=True)
    np.exp(terms, out=terms)
    np.divide(terms, pairwise_sum(terms), out=out)


def _log_softmax(logits: Array, out: Array) -> None:
    shifted = logits - logits.max(axis=1, keepdims=True)
    np.subtract(shifted, _log_total(shifted), out=out)


def _log_total(shifted: Array) -> Array:
    """Log of the sum of exponentials, where the largest is that of 0."""
    terms = np.exp(shifted)
    ones = np.floor(terms)  # for precision, the ones are separated out of the sum
    terms -= ones
    total: Array = np.log1p(pairwise_sum(terms) + (ones.sum(axis=1, keepdims=True) - 1.0))
    return total


def pairwise_sum(terms: Array) -> Array:
    """Sum `(a, K, b)` over K pairwise, as NumPy does along the last axis only.

    Folding in half errs by log2(K) u; one row after another would err by K u.
    """
    k = terms.shape[1]
    if k < 4 or terms.shape[2] == 1:
        return np.add.reduce(terms, axis=1, keepdims=True)
    half = k // 2
    folded = terms[:, :half] + terms[:, half : 2 * half]
    folded[:, : k % 2] += terms[:, 2 * half :]
    return pairwise_sum(folded)


def _along(
    axis: Axis, kernel: Callable[[Array, Array], None], logits: ArrayLike, *, reduce: bool = False
) -> Array:
    """Let `kernel` normalize or `reduce` along one axis, or along several as if they were one."""
    array = as_float(logits, "logits")
    axes = check_axes(axis, array.ndim, "logits")
    if len(axes) != 1:
        last = range(array.ndim - len(axes), array.ndim)
        moved = np.moveaxis(array, axes, last)
        merged = moved.reshape(*moved.shape[: last.start], prod(moved.shape[last.start :]))
        out = _along(-1, kernel, merged, reduce=reduce)
        return out if reduce else np.moveaxis(out.reshape(moved.shape), last, axes)[()]
    start = axes[0] + array.ndim
    before, k, after = array.shape[:start], array.shape[start], array.shape[start + 1 :]
    out = np.empty(before + after if reduce else array.shape, array.dtype)
    if not array.size:
        out.fill(-np.inf)
        return out[()]
    a, b = prod(before), prod(after)
    with np.errstate(all="ignore"):
        cube = np.ascontiguousarray(array).reshape(a, k, b)
        _by_blocks(kernel, cube, out.reshape(a, 1 if reduce else k, b))
    return out[()]


def _by_blocks(kernel: Callable[[Array, Array], None], logits: Array, out: Array) -> None:
    """Call `kernel` on as much of the first and last axis at a time as stays in the cache."""
    a, k, b = logits.shape
    few = b == 1 and 1 < k <= FEW_CLASSES and a > _ENOUGH_ROWS
    if not few and logits.nbytes <= BLOCK_BYTES:
        return kernel(logits, out)
    if few:
        logits, out, a, b = logits.T, out.T, b, a
    size = BLOCK_BYTES // logits.itemsize
    rows, columns = max(1, size // (k * b)), max(_WIDE, size // k)
    for i in range(0, a, rows):
        for j in range(0, b, columns):
            block = slice(i, i + rows), slice(None), slice(j, j + columns)
            kernel(logits[block].copy() if few else logits[block], out[block])
