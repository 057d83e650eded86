"""One loss, many output units: negative log-likelihoods of distributions of y.

A family is a value, not a code path. Where a model puts out the natural parameter eta of an
exponential family, all are of one form: the loss is A(eta) - eta T(y) + c(y), the output unit is
the mean A'(eta), and the gradient is mean - T(y). That is the algebra; the code keeps the digits
which it would cancel. Other parameters, and more than one, fit too: only this form goes.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, wraps
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike

from nll._validate import (
    Array,
    Reduction,
    as_array,
    as_float,
    check,
    check_broadcast,
    check_reduction,
)
from nll.information import surprise_added
from nll.softmax_loss import (
    softmax_cross_entropy,
    softmax_cross_entropy_value_and_grad,
    sum_over,
)
from nll.special import sigmoid, softmax, softplus


def _nothing(y: ArrayLike) -> ArrayLike:
    return 0.0


@dataclass(frozen=True)
class Family:
    """Hold what a distribution of y says about a loss in eta, the parameter that a model puts out.

    Parameters
    ----------
    name : str
        What the family is called.
    output_unit : callable
        ``output_unit(eta)`` is what the model predicts: the mean of y as a rule. Where eta is
        natural, it is the derivative of the log-normalizer A.
    nll : callable
        ``nll(eta, y)`` is the negative log-likelihood of each example, in nats, constants kept.
    gradient : callable
        ``gradient(eta, y)`` is its derivative with respect to eta, in the shape of eta. Where eta
        is natural, it is the mean of T(y) minus T(y), and T(y) is y in most families.
    constant : callable, optional
        ``constant(y)`` is what the everyday form of the loss leaves out, in nats: squared error is
        ``nll - constant(y)`` of the Gaussian, twice over. Zero by default.

    Notes
    -----
    A family of m parameters takes eta of shape (..., m), as ``CATEGORICAL`` takes (..., K); y and
    the losses have shape (...), and the gradient has the shape of eta. A family with a fixed shape
    of its own is what a function returns, as `negative_binomial` does.

    References
    ----------
    Chapter *output_units* derives the four that this module holds; chapter *beyond_the_three* goes
    on to families whose eta is not natural, or is more than one number.

    Examples
    --------
    A family is one value:

    >>> import numpy as np
    >>> from nll import Family, negative_log_likelihood
    >>> EXPONENTIAL = Family(
    ...     name="exponential",
    ...     output_unit=lambda eta: -1 / eta,
    ...     nll=lambda eta, y: -np.log(-eta) - eta * y,
    ...     gradient=lambda eta, y: -1 / eta - y,
    ... )
    >>> print(negative_log_likelihood(EXPONENTIAL, [-1.0, -1.0], [0.5, 2.0]))
    [0.5 2. ]
    """

    name: str
    output_unit: Callable[..., Array]
    nll: Callable[..., Array]
    gradient: Callable[..., Array]
    constant: Callable[..., ArrayLike] = _nothing


def negative_log_likelihood(
    family: Family, eta: ArrayLike, y: ArrayLike, *, reduction: Reduction = "none"
) -> Array:
    r"""Compute the one loss of all families.

    .. math:: -\log p(y \mid \eta)

    It is :math:`A(\eta) - \eta y + c(y)` where :math:`\eta` is the natural parameter of y.

    Parameters
    ----------
    family : Family
        ``GAUSSIAN``, ``BERNOULLI``, ``CATEGORICAL``, ``POISSON``, what `negative_binomial` returns,
        or one of your own, which is given floating-point arrays of the result's dtype.
    eta : array_like, shape (...); (..., K) for ``CATEGORICAL``, (..., m) for m parameters
        What goes into the output unit: the mean itself, log-odds, logits, or the log of a rate.
    y : array_like, shape (...)
        What was observed: real numbers, labels in [0, 1], classes in [0, K) (or their
        probabilities, shape (..., K)), or counts. Broadcast against `eta`, but for
        ``CATEGORICAL``; not to more numbers than either has, as (N, 1) against (N,) would be.
    reduction : {"none", "sum", "mean"}, default "none"
        Keep the losses apart, add them up, or average them. The mean of no losses is NaN.

    Returns
    -------
    ndarray or scalar, shape (...) or ()
        Nats, constants kept: float32 for float16 and float32 `eta`, unless `y` is float64.

    Raises
    ------
    TypeError
        If `family` is not a `Family`, or if `eta` or `y` does not hold real numbers.
    ValueError
        If `y` holds what the family cannot produce, if the shapes do not fit, or for an unknown
        `reduction`.

    References
    ----------
    Chapter *output_units* derives the families, chapter *likelihood* the loss.

    Examples
    --------
    >>> import numpy as np
    >>> from nll import BERNOULLI, GAUSSIAN, negative_log_likelihood, sigmoid
    >>> loss = negative_log_likelihood(GAUSSIAN, [1.0, 2.0], [1.0, 4.0])
    >>> print(loss - GAUSSIAN.constant([1.0, 4.0]))
    [0. 2.]
    >>> print(1 - sigmoid(40.0))
    0.0
    >>> print(f"{negative_log_likelihood(BERNOULLI, 40.0, 1):.6e}")
    4.248354e-18
    """
    if not isinstance(family, Family):
        raise TypeError(f"Expected `family` to be a Family, got {type(family).__name__}.")
    check_reduction(reduction)
    eta, y = as_float(eta, "eta"), as_array(y, "y")
    if family.nll is not softmax_cross_entropy:  # whose y may be classes, and no numbers
        eta, y = _promoted(eta, y)
    with np.errstate(all="ignore"):
        losses = np.asarray(family.nll(eta, y), eta.dtype)
        _check_size(losses.size, eta, y)
        if reduction == "none":
            return losses[()]
        return sum_over(losses, losses.size if reduction == "mean" else 1)


def _promoted(eta: Array, y: Array) -> tuple[Array, Array]:
    """Give both the dtype of the result: that of eta, unless y is wider. Integers go along."""
    dtype = eta.dtype if y.dtype.kind in "biu" else np.result_type(eta, as_float(y, "y"))
    return np.asarray(eta, dtype), np.asarray(y, dtype)


def _check_size(size: int, eta: Array, y: Array) -> None:
    """Refuse a broadcast that neither of the two asked for: N losses, not N times N."""
    if size > max(eta.size, y.size):
        raise ValueError(
            "Expected `eta` and `y` that broadcast to the shape of one of them, "
            f"got {eta.shape} and {y.shape}."
        )


_Term = Callable[..., Array]


def _checked(valid: Callable[[Array], Array], expected: str) -> Callable[[_Term], _Term]:
    """Let a function of eta and y take what all kernels take, with every y `valid`."""

    def decorate(function: _Term) -> _Term:
        @wraps(function)
        @np.errstate(all="ignore")
        def checked(eta: ArrayLike, y: ArrayLike, **options: float) -> Array:
            eta, y = _promoted(as_float(eta, "eta"), as_array(y, "y"))
            check(valid(y), y, "y", expected)
            check_broadcast(eta=eta.shape, y=y.shape)
            _check_size(math.prod(np.broadcast_shapes(eta.shape, y.shape)), eta, y)
            return np.asarray(function(eta, y, **options), eta.dtype)[()]

        return checked

    return decorate


def _is_count(y: Array) -> Array:
    valid: Array = (y >= 0.0) & (y < np.inf) & (y == np.floor(y))
    return valid


_COUNT = "to be a whole number from 0 on"
_real = _checked(np.isfinite, "to be finite")
_fraction = _checked(lambda y: (y >= 0.0) & (y <= 1.0), "in [0, 1]")
_count = _checked(_is_count, _COUNT)

_HALF_LOG_TAU = math.log(2.0 * math.pi) / 2.0


def _times(weight: Array, cost: Array) -> Array:
    """Multiply, with 0 times infinity being 0."""
    return np.where(weight == 0.0, 0.0, weight * cost)


# Stirling's remainder at x is log(x!) - [(x + 1/2) log x - x + log(2 pi) / 2], about 1 / (12 x).

_TABLED = 16  # remainders from the first on that come from a table; five terms do from here


def _series_of_stirling(x: Array) -> Array:
    square = x * x
    tail = 1 / 360 - (1 / 1260 - (1 / 1680 - 1 / 1188 / square) / square) / square
    remainder: Array = (1 / 12 - tail / square) / x
    return remainder


def _table_of_stirling(first: float) -> Array:
    """Compute the remainders at first, first + 1, …: each from the next, in sums of like sign."""
    table = np.full(_TABLED, _series_of_stirling(np.asarray(first + _TABLED)))
    for k in reversed(range(_TABLED)):
        x = first + k  # the step from x to x + 1 is (x + 1/2) log(1 + 1/x) - 1
        s = 1 / (2 * x + 1)
        near = sum(s**power / (power + 1) for power in range(2, 40, 2))
        table[: k + 1] += near if x >= 1 else (x + 0.5) * (math.log1p(x) - math.log(x)) - 1
    return table


def _stirling(counts: Array, first: float, table: Array) -> Array:
    """Look up, or compute, the remainders at `first` + `counts`."""
    index = np.minimum(counts, _TABLED - 1).astype(np.intp)
    return np.where(counts < _TABLED, table[index], _series_of_stirling(first + counts))


_FROM_ONE = _table_of_stirling(1.0)


def _remainder_of_factorial(y: Array) -> Array:
    """Give Stirling's remainder of y!, for y from 1 on."""
    return _stirling(y - 1.0, 1.0, _FROM_ONE)


def _mean_of_gaussian(eta: ArrayLike) -> Array:
    return +as_float(eta, "eta")


def _constant_of_gaussian(y: ArrayLike) -> ArrayLike:
    return _HALF_LOG_TAU


@_real
def _nll_of_gaussian(eta: Array, y: Array) -> Array:
    return (y - eta) * ((y - eta) / 2.0) + _HALF_LOG_TAU  # the square alone might overflow


@_real
def _gradient_of_gaussian(eta: Array, y: Array) -> Array:
    return eta - y


@_fraction
def _nll_of_bernoulli(eta: Array, y: Array) -> Array:
    return _times(y, softplus(-eta)) + _times(1.0 - y, softplus(eta))


@_fraction
def _gradient_of_bernoulli(eta: Array, y: Array) -> Array:
    gradient: Array = (1.0 - y) * sigmoid(eta) - y * sigmoid(-eta)
    return gradient


def _gradient_of_categorical(eta: ArrayLike, y: ArrayLike) -> Array:
    return softmax_cross_entropy_value_and_grad(eta, y)[1]


@np.errstate(all="ignore")
def _mean_of_counts(eta: ArrayLike) -> Array:
    mean: Array = np.exp(as_float(eta, "eta"))
    return mean


@np.errstate(all="ignore")
def _constant_of_poisson(y: ArrayLike) -> Array:
    y = as_float(y, "y")
    check(_is_count(y), y, "y", _COUNT)
    n = np.maximum(y, 2.0, dtype=np.float64)  # 0! and 1! are 1
    stirling = (n + 0.5) * np.log(n) - n + _HALF_LOG_TAU + _remainder_of_factorial(n)
    return np.asarray(np.where(y < 2.0, 0.0, stirling), y.dtype)[()]


def _scaled(eta: Array, y: Array) -> tuple[Array, Array, Array, Array]:
    """Give rate, count and log of the rate in float64, over a scale if they are huge."""
    eta, y = np.asarray(eta, np.float64), np.asarray(y, np.float64)
    log_scale = np.where(np.maximum(np.exp(eta), y) > _HUGE, 64.0, 0.0)
    scale = np.exp(log_scale)
    return np.exp(eta - log_scale), y / scale, eta - log_scale, scale


_HUGE = 1e300


@_count
def _nll_of_poisson(eta: Array, y: Array) -> Array:
    """Add what is lost on the best rate, y, to the loss of that."""
    mean, count, log_mean, scale = _scaled(eta, y)
    added = np.where(np.isinf(mean), mean, surprise_added(count, mean, log_mean) * scale)
    n = np.maximum(y, 1.0, dtype=np.float64)
    best = np.log(n) / 2.0 + _HALF_LOG_TAU + _remainder_of_factorial(n)
    return added + np.where(y == 0.0, 0.0, best)


@_count
def _gradient_of_poisson(eta: Array, y: Array) -> Array:
    mean, count, _, scale = _scaled(eta, y)
    return (mean - count) * scale


def _log_odds(eta: Array, size: float) -> tuple[Array, Array]:
    """Give z = eta - log(size) and exp(-abs(z)), whose digits the rounding of z would cost."""
    eta = np.asarray(eta, np.float64)
    odds, mean = eta - math.log(size), np.exp(eta)
    return odds, np.where(odds < 0.0, mean / size, size / mean)


@_count
def _nll_of_negative_binomial(eta: Array, y: Array, *, size: float) -> Array:
    odds, small = _log_odds(eta, size)
    y, rest = np.asarray(y, np.float64), np.log1p(small)  # softplus(z) is max(z, 0) + rest
    costs = _times(y, np.maximum(-odds, 0.0) + rest) + size * (np.maximum(odds, 0.0) + rest)
    return costs + _constant_of_negative_binomial(y, size=size)


@_count
def _gradient_of_negative_binomial(eta: Array, y: Array, *, size: float) -> Array:
    odds, small = _log_odds(eta, size)
    push, pull = np.where(odds < 0.0, small, 1.0), np.where(odds < 0.0, 1.0, small)
    return (size * push - np.asarray(y, np.float64) * pull) / (1.0 + small)


@np.errstate(all="ignore")
def _constant_of_negative_binomial(y: ArrayLike, *, size: float) -> Array:
    """Minus the log of binom(y + size - 1, y), the number of orders that y events may come in."""
    y = as_float(y, "y")
    check(_is_count(y), y, "y", _COUNT)
    n = np.maximum(y, 1.0, dtype=np.float64)  # no events have one order
    table = _table_of_stirling(size)
    ratio = np.log1p(n / size)
    ratio = np.where(np.isinf(ratio), np.log(n) - math.log(size), ratio)
    spread = (np.log(n) + ratio) / 2.0 + _HALF_LOG_TAU  # at a mean of y
    bend = _remainder_of_factorial(n) + table[0] - _stirling(n, size, table)
    log_orders = size * ratio + n * np.log1p(size / n)
    return np.asarray(np.where(y == 0.0, 0.0, spread - log_orders + bend), y.dtype)[()]


def negative_binomial(size: float) -> Family:
    r"""Return the family of counts that scatter more than Poisson's.

    .. math:: P(y \mid \eta) = \binom{y + r - 1}{y} \sigma(z)^y \sigma(-z)^r,
        \qquad z = \eta - \log r

    The mean is :math:`e^\eta`, as Poisson's, and the variance :math:`e^\eta + e^{2 \eta} / r`.

    Parameters
    ----------
    size : float
        The size :math:`r`, above 0: the larger, the closer to ``POISSON``, its limit.

    Returns
    -------
    Family
        Its eta is the log of the mean, which is not the natural parameter: the gradient is
        (mean - y) / (1 + mean / r), and the loss is convex all the same.

    Raises
    ------
    TypeError
        If `size` is not a real number.
    ValueError
        If `size` is not positive and finite.

    Notes
    -----
    The loss errs by at most 24 units roundoff of its largest term, `y` softplus(-z),
    `size` softplus(z) or the log of the binomial coefficient, for `size` from 0.01 to 1e9. The last
    is computed by Stirling's formula and its remainder, since a difference of three log-gammas
    loses every digit at a large `size`.

    References
    ----------
    Chapter *beyond_the_three* derives it.

    C. Loader, "Fast and accurate computation of binomial probabilities" (2000).

    Examples
    --------
    >>> import numpy as np
    >>> from nll import POISSON, negative_binomial, negative_log_likelihood
    >>> for family in (negative_binomial(2.0), negative_binomial(1e15), POISSON):
    ...     print(f"{negative_log_likelihood(family, np.log(3.0), 3):.6f}")
    1.978764
    1.495923
    1.495923
    """
    if not isinstance(size, Real):
        raise TypeError(f"Expected `size` to be a positive finite number, got {size!r}.")
    try:
        number = float(size)  # a positive fraction may be 0 as a float
    except OverflowError:
        number = math.inf
    if not 0.0 < number < math.inf:
        raise ValueError(f"Expected `size` to be a positive finite number, got {size}.")
    size = number
    return Family(
        name="negative binomial",
        output_unit=_mean_of_counts,
        nll=partial(_nll_of_negative_binomial, size=size),
        gradient=partial(_gradient_of_negative_binomial, size=size),
        constant=partial(_constant_of_negative_binomial, size=size),
    )


GAUSSIAN = Family(
    name="Gaussian",
    output_unit=_mean_of_gaussian,
    nll=_nll_of_gaussian,
    gradient=_gradient_of_gaussian,
    constant=_constant_of_gaussian,
)
"""Real y with standard deviation 1: the loss is half the squared error plus half of log 2 pi."""

BERNOULLI = Family(
    name="Bernoulli",
    output_unit=sigmoid,
    nll=_nll_of_bernoulli,
    gradient=_gradient_of_bernoulli,
)
"""Binary y, or its probability: the loss is the binary cross-entropy of log-odds."""

CATEGORICAL = Family(
    name="categorical",
    output_unit=softmax,
    nll=softmax_cross_entropy,
    gradient=_gradient_of_categorical,
)
"""One of K classes, or their probabilities: the loss is the softmax cross-entropy of logits."""

POISSON = Family(
    name="Poisson",
    output_unit=_mean_of_counts,
    nll=_nll_of_poisson,
    gradient=_gradient_of_poisson,
    constant=_constant_of_poisson,
)
"""Counts y with rate exp(eta): the loss is rate - y eta + log y!.

Its three terms cancel near the best rate, which is y; it is computed as the loss of that, by
Stirling's formula and its remainder, and what y log(y / rate) + rate - y adds.
"""
