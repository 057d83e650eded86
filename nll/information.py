"""How surprising outcomes are, and how much a wrong belief adds to that.

All three are sums over the last axis (or `axis`) of probabilities, in nats unless `base` is given.
They compute the value at the edge, 0 or infinity, and never add an epsilon.
"""

import math
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike

from nll._validate import Array, as_float, check_axis, check_broadcast, check_probabilities

_NEAR = 0.5  # up to here q / p - 1 goes into a series: beyond, little cancels
_LAST_POWER = 33  # of that series in r <= 1/3: the next term is below rounding


@np.errstate(all="ignore")
def entropy(p: ArrayLike, *, axis: int = -1, base: float | None = None) -> Array:
    r"""Compute the mean surprise of a distribution.

    .. math:: H(p) = -\sum_k p_k \log p_k

    Parameters
    ----------
    p : array_like, shape (..., K)
        Probabilities: at least 0, summing to 1 along `axis` within 1e-3.
    axis : int, default -1
        Axis of the K outcomes.
    base : float, optional
        Base of the logarithm: 2 for bits. Nats by default.

    Returns
    -------
    ndarray or scalar, shape (...)
        Nats, or units of `base`: float32 for float16 and float32 probabilities, else float64.

    Raises
    ------
    TypeError
        If `p` does not hold real numbers.
    ValueError
        If `p` is negative or NaN anywhere or does not sum to 1, or for a bad `axis` or `base`.

    Notes
    -----
    :math:`0 \log 0 = 0`, its limit: an outcome that never happens adds no surprise.

    References
    ----------
    Chapter *information* derives it.

    C. E. Shannon, "A mathematical theory of communication", Bell System Technical Journal 27
    (1948), doi:10.1002/j.1538-7305.1948.tb01338.x.

    Examples
    --------
    >>> import numpy as np
    >>> from nll import entropy
    >>> p = np.array([1.0, 0.0])
    >>> with np.errstate(divide="ignore", invalid="ignore"):
    ...     print(-np.sum(p * np.log(p)))
    nan
    >>> print(entropy(p), entropy([0.5, 0.5], base=2))
    0.0 1.0
    """
    unit = _nats_per_unit(base)
    p = np.ascontiguousarray(_distribution(p, "p", axis))
    return (0.0 - _sum_of_logs(p, p)) / unit


@np.errstate(all="ignore")
def cross_entropy(
    p: ArrayLike, q: ArrayLike, *, axis: int = -1, base: float | None = None
) -> Array:
    r"""Compute the mean surprise of outcomes from one distribution to a believer in another.

    .. math:: H(p, q) = -\sum_k p_k \log q_k

    Parameters
    ----------
    p : array_like, shape (..., K)
        Probabilities that outcomes come with: at least 0, summing to 1 along `axis` within 1e-3.
    q : array_like, shape (..., K)
        Probabilities that are believed in, likewise. The other axes are broadcast against `p`.
    axis : int, default -1
        Axis of the K outcomes.
    base : float, optional
        Base of the logarithm: 2 for bits. Nats by default.

    Returns
    -------
    ndarray or scalar, shape (...)
        Nats, or units of `base`: float32 if neither argument needs float64.

    Raises
    ------
    TypeError
        If an argument does not hold real numbers.
    ValueError
        If an argument is negative or NaN anywhere or does not sum to 1, if the shapes do not fit,
        or for a bad `axis` or `base`.

    Notes
    -----
    An outcome with :math:`p_k = 0` adds 0, whatever :math:`q_k`; one with :math:`p_k > 0` and
    :math:`q_k = 0` makes it infinite. If `q` comes from logits, `softmax_cross_entropy` is the
    exact way.

    References
    ----------
    Chapter *information* derives it.

    Examples
    --------
    >>> from nll import cross_entropy
    >>> print(f"{cross_entropy([1, 0], [0.9, 0.1]):.6f}")
    0.105361
    >>> print(cross_entropy([1, 0], [1, 0]), cross_entropy([1, 0], [0, 1]))
    0.0 inf
    """
    unit = _nats_per_unit(base)
    p, q = _pair(p, q, axis)
    return (0.0 - _sum_of_logs(p, q)) / unit


@np.errstate(all="ignore")
def kl_divergence(
    p: ArrayLike, q: ArrayLike, *, axis: int = -1, base: float | None = None
) -> Array:
    r"""Compute the surprise that believing in another distribution adds.

    .. math:: \operatorname{KL}(p \,\|\, q) = \sum_k p_k \log \frac{p_k}{q_k}

    Parameters
    ----------
    p : array_like, shape (..., K)
        Probabilities that outcomes come with: at least 0, summing to 1 along `axis` within 1e-3.
    q : array_like, shape (..., K)
        Probabilities that are believed in, likewise. The other axes are broadcast against `p`.
    axis : int, default -1
        Axis of the K outcomes.
    base : float, optional
        Base of the logarithm: 2 for bits. Nats by default.

    Returns
    -------
    ndarray or scalar, shape (...)
        Nats, or units of `base`, never negative: float32 if neither argument needs float64.

    Raises
    ------
    TypeError
        If an argument does not hold real numbers.
    ValueError
        If an argument is negative or NaN anywhere or does not sum to 1, if the shapes do not fit,
        or for a bad `axis` or `base`.

    Notes
    -----
    Computed as :math:`\sum_k [p_k \log(p_k / q_k) + q_k - p_k]`. No term is negative, so nothing
    cancels between them, and sums that are 1 only up to rounding do no harm: up to the square of
    that rounding it is the divergence of the normalized vectors, times the sum of `p`.
    ``kl_divergence(p, p)`` is exactly 0; :math:`p_k > 0` with :math:`q_k = 0` gives infinity.

    References
    ----------
    Chapter *information* derives it.

    S. Kullback, R. A. Leibler, "On information and sufficiency", Annals of Mathematical Statistics
    22 (1951), doi:10.1214/aoms/1177729694.

    Examples
    --------
    >>> import numpy as np
    >>> from nll import kl_divergence
    >>> p, q = np.array([0.25, 0.75]), np.array([0.25 + 1e-9, 0.75 - 1e-9])
    >>> print(np.sum(p * np.log(p / q)) < 0)
    True
    >>> print(f"{kl_divergence(p, q):.4e}")
    2.6667e-18
    """
    unit = _nats_per_unit(base)
    p, q = _pair(p, q, axis)
    total: Array = surprise_added(p, q, np.log(q)).sum(axis=-1)
    return total / unit


def surprise_added(p: Array, q: Array, log_q: Array) -> Array:
    r"""Compute :math:`p \log(p / q) + q - p` elementwise, to a few u where `q` is near `p` too.

    Summed over outcomes it is the divergence; with a count for `p` and a rate for `q` it is what a
    Poisson loss adds to that of the best rate. `log_q` stands in where the ratio leaves the range
    of its type.
    """
    ratio = q / p
    in_range = (ratio >= np.finfo(ratio.dtype).tiny) & (ratio < np.inf)
    far = (q - p) - p * np.where(in_range, np.log(ratio), log_q - np.log(p))
    near = p * _excess_minus_log((q - p) / p)
    terms = np.where(np.abs(ratio - 1.0) < _NEAR, near, far)
    return np.where(p == 0.0, q, terms)


def _excess_minus_log(excess: Array) -> Array:
    """Compute x - log(1 + x) for |x| <= 1/2, where it is about x squared over 2."""
    r = excess / (2.0 + excess)  # log(1 + x) = 2 (r + r^3 / 3 + r^5 / 5 + ...)
    square = r * r
    series = np.zeros_like(r)
    for odd in range(_LAST_POWER, 1, -2):
        series = series * square + 1.0 / odd
    return r * (excess - 2.0 * square * series)


def _sum_of_logs(p: Array, q: Array) -> Array:
    """Sum p log q over the last axis, with 0 log 0 = 0."""
    total: Array = np.where(p == 0.0, 0.0, p * np.log(q)).sum(axis=-1)
    return total


def _distribution(values: ArrayLike, name: str, axis: int) -> Array:
    """Check probabilities, and give them back with the outcomes on the last axis."""
    array = as_float(values, name)
    if array.ndim == 0:
        raise ValueError(f"Expected `{name}` to have at least one dimension, got shape ().")
    axis = check_axis(axis, array.ndim, name)
    check_probabilities(array, name, axis)
    return np.moveaxis(array, axis, -1)


def _pair(p: ArrayLike, q: ArrayLike, axis: int) -> tuple[Array, Array]:
    """Check two distributions over the same outcomes, and give both the dtype of the result."""
    p, q = _distribution(p, "p", axis), _distribution(q, "q", axis)
    if p.shape[-1] != q.shape[-1]:
        raise ValueError(f"Expected `q` to have {p.shape[-1]} outcomes, got {q.shape[-1]}.")
    check_broadcast(p=p.shape[:-1], q=q.shape[:-1])
    dtype = np.result_type(p, q)
    return np.ascontiguousarray(p, dtype), np.ascontiguousarray(q, dtype)


def _nats_per_unit(base: float | None) -> float:
    """Measure the unit of a logarithm to `base` in nats."""
    if base is None:
        return 1.0
    if not isinstance(base, Real):
        raise TypeError(f"Expected `base` to be a number above 1, got {base!r}.")
    try:
        nats = math.log(base) if base > 1.0 else 0.0
    except OverflowError:  # of a fraction
        nats = math.inf
    if not 0.0 < nats < math.inf:
        raise ValueError(f"Expected `base` to be a number above 1, got {base!r}.")
    return nats
