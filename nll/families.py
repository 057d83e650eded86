"""One loss, many output units: negative log-likelihoods of exponential families.

A family is a value, not a code path. All of them are of one form in the natural parameter eta that
a model puts out: the loss is A(eta) - eta y + c(y), the output unit is the mean A'(eta), and
the gradient is mean - y. That is the algebra; the code keeps the digits which it would cancel.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln  # type: ignore[import-untyped]

from nll._validate import Array, as_array, as_float, check, check_broadcast, check_reduction
from nll.softmax_loss import softmax_cross_entropy, softmax_cross_entropy_value_and_grad
from nll.special import sigmoid, softmax, softplus


def _nothing(y: ArrayLike) -> ArrayLike:
    return 0.0


@dataclass(frozen=True)
class Family:
    """Hold what a distribution of y says about a loss in its natural parameter eta.

    Parameters
    ----------
    name : str
        What the family is called.
    output_unit : callable
        ``output_unit(eta)`` is the mean of y, the derivative of the log-normalizer A.
    nll : callable
        ``nll(eta, y)`` is the negative log-likelihood of each example, in nats, constants kept.
    gradient : callable
        ``gradient(eta, y)`` is its derivative with respect to eta: mean minus y.
    constant : callable, optional
        ``constant(y)`` is what the everyday form of the loss leaves out, in nats: squared error is
        ``nll - constant(y)`` of the Gaussian, twice over. Zero by default.

    References
    ----------
    Chapter *output_units* derives the four that this module holds.

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
    family: Family, eta: ArrayLike, y: ArrayLike, *, reduction: str = "none"
) -> Array:
    r"""Compute the one loss of all families.

    .. math:: -\log p(y \mid \eta) = A(\eta) - \eta y + c(y)

    Parameters
    ----------
    family : Family
        ``GAUSSIAN``, ``BERNOULLI``, ``CATEGORICAL``, ``POISSON``, or one of your own.
    eta : array_like, shape (...) or, for ``CATEGORICAL``, (..., K)
        What goes into the output unit: the mean itself, log-odds, logits, or the log of a rate.
    y : array_like, shape (...)
        What was observed: real numbers, labels in [0, 1], classes in [0, K) (or their
        probabilities, shape (..., K)), or counts. Broadcast against `eta`, but for
        ``CATEGORICAL``.
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
    with np.errstate(all="ignore"):
        losses = family.nll(as_float(eta, "eta"), as_array(y, "y"))
        if reduction == "none":
            return losses
        total: Array = np.sum(losses)
        return total if reduction == "sum" else total / np.size(losses)


_Term = Callable[[Array, Array], Array]
_CheckedTerm = Callable[[ArrayLike, ArrayLike], Array]


def _checked(valid: Callable[[Array], Array], expected: str) -> Callable[[_Term], _CheckedTerm]:
    """Let a function of eta and y take what all kernels take, with every y `valid`."""

    def decorate(function: _Term) -> _CheckedTerm:
        @wraps(function)
        def checked(eta: ArrayLike, y: ArrayLike) -> Array:
            eta, y = as_float(eta, "eta"), as_array(y, "y")
            y = y.astype(eta.dtype) if y.dtype.kind in "biu" else as_float(y, "y")
            check(valid(y), y, "y", expected)
            check_broadcast(eta=eta, y=y)
            with np.errstate(all="ignore"):
                return function(eta, y)

        return checked

    return decorate


_real = _checked(np.isfinite, "to be finite")
_fraction = _checked(lambda y: (y >= 0.0) & (y <= 1.0), "in [0, 1]")
_count = _checked(
    lambda y: (y >= 0.0) & (y < np.inf) & (y == np.floor(y)), "to be a whole number from 0 on"
)


def _times(weight: Array, cost: Array) -> Array:
    """Multiply, with 0 times infinity being 0."""
    return np.where(weight == 0.0, 0.0, weight * cost)[()]


_HALF_LOG_TAU = math.log(2.0 * math.pi) / 2.0


def _mean_of_gaussian(eta: ArrayLike) -> Array:
    return +as_float(eta, "eta")


def _constant_of_gaussian(y: ArrayLike) -> ArrayLike:
    return _HALF_LOG_TAU


@_real
def _nll_of_gaussian(eta: Array, y: Array) -> Array:
    return (y - eta) ** 2 / 2.0 + _HALF_LOG_TAU


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


def _mean_of_poisson(eta: ArrayLike) -> Array:
    with np.errstate(all="ignore"):
        mean: Array = np.exp(as_float(eta, "eta"))
    return mean


def _constant_of_poisson(y: ArrayLike) -> Array:
    log_factorial: Array = gammaln(as_float(y, "y") + 1.0)
    return log_factorial


@_count
def _nll_of_poisson(eta: Array, y: Array) -> Array:
    mean = np.exp(eta)
    return np.where(np.isinf(mean), mean, mean - _times(y, eta) + gammaln(y + 1.0))[()]


@_count
def _gradient_of_poisson(eta: Array, y: Array) -> Array:
    gradient: Array = np.exp(eta) - y
    return gradient


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
    output_unit=_mean_of_poisson,
    nll=_nll_of_poisson,
    gradient=_gradient_of_poisson,
    constant=_constant_of_poisson,
)
"""Counts y with rate exp(eta): the loss is rate - y eta + log y!."""
