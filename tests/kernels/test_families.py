"""One loss, many output units: means, gradients, constants, and every digit."""

import copy
import pickle
from dataclasses import FrozenInstanceError, replace

import numpy as np
import oracle
import pytest
import scipy.special
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from strategies import arrays_of

from nll import (
    BERNOULLI,
    CATEGORICAL,
    GAUSSIAN,
    POISSON,
    Family,
    negative_binomial,
    negative_log_likelihood,
    softmax,
    softmax_cross_entropy,
    softmax_cross_entropy_value_and_grad,
)

INF, NAN = np.inf, np.nan
ELEMENTWISE = [GAUSSIAN, BERNOULLI, POISSON]
EVERY = [*ELEMENTWISE, CATEGORICAL]

every = pytest.mark.parametrize("family", EVERY, ids=lambda f: f.name)
elementwise = pytest.mark.parametrize("family", ELEMENTWISE, ids=lambda f: f.name)


def example(family, rng):
    """Return natural parameters and outcomes that fit a family."""
    if family is CATEGORICAL:
        return rng.normal(scale=3, size=(7, 4)), rng.integers(4, size=7)
    eta = rng.normal(scale=2, size=7)
    outcomes = {
        GAUSSIAN: rng.normal(scale=3, size=7),
        BERNOULLI: rng.integers(2, size=7),
        POISSON: rng.poisson(4, size=7),
    }
    return eta, outcomes[family]


# Digits


def grid(dtype, low, high, y):
    """Return natural parameters against outcomes, both ways round, as exact numbers too."""
    eta = np.append(np.linspace(low, high, 61), [0, 1e-3, -1e-3]).astype(dtype)
    eta, y = (a.ravel() for a in np.meshgrid(eta, np.array(y, dtype)))
    return eta, y, oracle.exact(eta), oracle.exact(y)


def test_gaussian_oracle(dtype):
    eta, y, exact_eta, exact_y = grid(dtype, -50, 50, [-3, 0, 0.5, 40])
    half_log_tau = oracle.log(2 * oracle.mpmath.pi + oracle.exact(0.0)) / 2
    true = (exact_y - exact_eta) ** 2 / 2 + half_log_tau
    assert (oracle.errors(negative_log_likelihood(GAUSSIAN, eta, y), true) <= 4).all()
    scale = abs(exact_y) + abs(exact_eta) + 1
    assert (oracle.errors(GAUSSIAN.gradient(eta, y), exact_eta - exact_y, scale) <= 1).all()


def test_bernoulli_oracle(dtype):
    """Error relative to the sum of both terms, which is what each hard label has only one of."""
    eta, y, exact_eta, exact_y = grid(dtype, -80, 80, [0, 0.25, 0.5, 1])
    one, other = oracle.log1p(oracle.exp(-exact_eta)), oracle.log1p(oracle.exp(exact_eta))
    true = exact_y * one + (1 - exact_y) * other
    assert (oracle.errors(negative_log_likelihood(BERNOULLI, eta, y), true) <= 5).all()
    pull = exact_y * oracle.exp(-exact_eta) / (1 + oracle.exp(-exact_eta))
    push = (1 - exact_y) / (1 + oracle.exp(-exact_eta))
    assert (oracle.errors(BERNOULLI.gradient(eta, y), push - pull, push + pull) <= 5).all()


def test_poisson_oracle(dtype):
    """Error relative to the largest term."""
    eta, y, exact_eta, exact_y = grid(dtype, -80, 20, [0, 1, 2, 7, 100, 12345])
    mean = oracle.exp(exact_eta)
    terms = np.array([mean, exact_eta * exact_y, oracle.log_factorial(exact_y)])
    true = terms[0] - terms[1] + terms[2]
    actual = negative_log_likelihood(POISSON, eta, y)
    assert (oracle.errors(actual, true, abs(terms).max(axis=0)) <= 6).all()
    scale = np.maximum(mean, exact_y)
    assert (oracle.errors(POISSON.gradient(eta, y), mean - exact_y, scale) <= 5).all()
    assert (oracle.errors(POISSON.output_unit(eta), mean) <= 4).all()


@pytest.mark.parametrize(
    "y", [1, 2, 7, 15, 16, 17, 100, 12345, 1e6, 1.68e7, 1e9, 5e15, 1e37, 1e100, 1e300, 1.7e308]
)
def test_poisson_near_its_best_rate_oracle(dtype, y):
    """The three terms, each about y log y, cancel to half of log y; the deviance does not."""
    y, u = dtype(min(y, float(np.finfo(dtype).max / 2))), oracle.unit_roundoff(dtype)
    near = 10.0 ** -np.arange(16)
    offsets = np.concatenate([[0, -800], near, -near, np.linspace(-3, 3, 25)])
    eta = (np.log(np.float64(y)) + offsets).astype(dtype)
    mean, count = oracle.exp(oracle.exact(eta)), oracle.exact(y).item()
    true = mean - oracle.exact(eta) * count + oracle.mpmath.loggamma(count + 1)
    bar = 24 * u * true
    bar += [4 * u * abs(m - count) * max(1, m / count) for m in mean]
    seen = true < float(np.finfo(dtype).max)
    losses = negative_log_likelihood(POISSON, eta, y)
    assert (abs(oracle.exact(losses[seen]) - true[seen]) <= bar[seen]).all()
    assert (losses[~seen] == INF).all()
    gradient = POISSON.gradient(eta, y)
    seen = mean < float(np.finfo(dtype).max)
    error = abs(oracle.exact(gradient[seen]) - (mean[seen] - count))
    assert (error <= 5 * u * np.maximum(mean[seen], count)).all()


def test_poisson_without_a_rate_to_speak_of():
    """Exp(-800) is 0 in float64, and its logarithm is -800 all the same."""
    assert_allclose(POISSON.nll(-800.0, 3), 2400 + np.log(6), rtol=1e-15)
    assert_allclose(POISSON.nll(np.float32(-120), 1), 120, rtol=1e-7)
    huge = 1e305 * 800 + oracle.mpmath.loggamma(oracle.mpmath.mpf(1e305) + 1)
    assert_allclose(POISSON.nll(-800.0, 1e305), float(huge), rtol=1e-15)


def test_poisson_where_the_rate_alone_overflows():
    eta, y = np.float32(88.9), np.float32(3e38)
    true = oracle.exp(oracle.exact(eta)).item() - float(eta) * oracle.exact(y).item()
    true += oracle.mpmath.loggamma(oracle.exact(y).item() + 1)
    assert_allclose(POISSON.nll(eta, y), float(true), rtol=1e-5)  # of exp(88.9), and what it loses
    assert np.isfinite(POISSON.gradient(eta, y))


def test_poisson_constant_oracle(dtype):
    y = np.array([2, 3, 5, 10, 14, 15, 16, 17, 18, 100, 12345, 1e6, 1e30], dtype)
    true = oracle.log_factorial(oracle.exact(y))
    assert (oracle.errors(POISSON.constant(y), true) <= 4).all()
    assert_array_equal(POISSON.constant(dtype([0, 1])), [0, 0])
    assert isinstance(POISSON.constant(dtype(3)), dtype)


def test_gaussian_loss_is_finite_where_its_square_is_not(dtype):
    far = np.sqrt(np.finfo(dtype).max, dtype=dtype) * dtype(1.25)
    for eta, y in ((far, 0), (0, far), (-far, 0)):
        loss = GAUSSIAN.nll(dtype(eta), dtype(y))
        assert_allclose(loss, float(far / 2) * float(far), rtol=1e-6)


@every
def test_mean_of_huge_losses_does_not_overflow(dtype, family):
    big = float(np.finfo(dtype).max)
    eta = {GAUSSIAN: np.sqrt(big), BERNOULLI: -big / 2, POISSON: np.log(big / 2)}.get(family)
    eta = np.tile(dtype([big / 2, 0]), (5, 1)) if family is CATEGORICAL else np.full(5, eta, dtype)
    y = np.full(5, 0 if family in (GAUSSIAN, POISSON) else 1)
    mean = negative_log_likelihood(family, eta, y, reduction="mean")
    assert_allclose(mean, big / 2, rtol=1e-4)  # of the logarithm of the rate
    assert mean.dtype == dtype
    assert negative_log_likelihood(family, eta, y, reduction="sum") == INF


SIZES = [0.01, 0.5, 1.0, 2.5, 7.3, 15.9, 16.0, 1e3, 1e6, 1e9]


@pytest.mark.parametrize("size", SIZES)
def test_negative_binomial_oracle(dtype, size):
    """Loss within 24 u of its largest term, gradient of the sum of both."""
    counts = [0, 1, 2, 3, 7, 12, 15, 16, 17, 100, 12345]
    eta, y, exact_eta, exact_y = grid(dtype, -20, 20, counts)
    r, mean = oracle.mpmath.mpf(size), oracle.exp(exact_eta)
    orders = oracle.log_factorial(exact_y) + oracle.mpmath.loggamma(r)
    orders = orders - oracle.log_factorial(exact_y + (r - 1))
    terms = np.array([exact_y * oracle.log1p(r / mean), r * oracle.log1p(mean / r), orders])
    family = negative_binomial(size)
    actual = negative_log_likelihood(family, eta, y)
    assert actual.dtype == dtype
    assert (oracle.errors(actual, terms.sum(axis=0), abs(terms).max(axis=0)) <= 24).all()
    push, pull = r * mean / (mean + r), exact_y * r / (mean + r)
    assert (oracle.errors(family.gradient(eta, y), push - pull, push + pull) <= 24).all()
    assert_array_equal(family.output_unit(eta), POISSON.output_unit(eta))
    some = np.array([1, 2, 15, 16, 12345], dtype)
    exact = oracle.log_factorial(oracle.exact(some)) + oracle.mpmath.loggamma(r)
    exact -= oracle.log_factorial(oracle.exact(some) + (r - 1))
    slack = 24 * oracle.unit_roundoff(dtype) * np.maximum(1, abs(exact))
    assert (abs(oracle.exact(family.constant(some)) - exact) <= slack).all()


def test_negative_binomial_tends_to_poisson():
    eta, y = np.linspace(-2, 4, 7), np.array([0, 1, 3, 5, 20, 100, 1000])
    for size, close in ((1e10, 1e-4), (1e15, 1e-9)):
        losses = negative_binomial(size).nll(eta, y)
        assert_allclose(losses, POISSON.nll(eta, y), rtol=close)  # y squared over size


def test_negative_binomial_limits():
    family = negative_binomial(2.5)
    eta = np.array([-INF, INF, NAN])
    assert_array_equal(family.nll(eta, 0), [0, INF, NAN])
    assert_array_equal(family.nll(eta, 3), [INF, INF, NAN])
    assert family.nll(-800.0, 0) == 0 == family.constant(0)
    assert_array_equal(family.gradient(eta, 3), [-3, 2.5, NAN])


@pytest.mark.parametrize(
    ("size", "y"),
    [(5e-324, [1, 2, 5, 100]), (1e-308, [1, 20, 1000]), (0.5, [1e308]), (1e-10, [1e300])],
)
def test_negative_binomial_where_a_quotient_overflows(size, y):
    """The count over the size is too large for a float, its logarithm is not."""
    r, counts = oracle.mpmath.mpf(size), oracle.exact(y)
    with oracle.mpmath.workdps(700):
        exact = oracle.log_factorial(counts) + oracle.mpmath.loggamma(r)
        exact -= oracle.log_factorial(counts + (r - 1))
    actual = negative_binomial(size).constant(np.array(y, float))
    assert (oracle.errors(actual, exact, np.maximum(1, abs(exact))) <= 24).all()
    assert np.isfinite(negative_binomial(size).nll(0.0, np.array(y, float))).all()


def test_negative_binomial_pickles():
    family = pickle.loads(pickle.dumps(negative_binomial(np.float32(2.5))))
    assert family.name == "negative binomial"
    assert family.nll(0.5, 3) == negative_binomial(2.5).nll(0.5, 3)


# What a family is


@every
def test_gradient_is_mean_minus_y(rng, family):
    """The algebra of all of them: it holds as far as it does not cancel."""
    eta, y = example(family, rng)
    target = np.eye(4)[y] if family is CATEGORICAL else y
    assert_allclose(family.gradient(eta, y), family.output_unit(eta) - target, rtol=0, atol=1e-13)


def test_constants():
    assert BERNOULLI.constant([0, 1]) == 0
    assert CATEGORICAL.constant([0, 1]) == 0
    assert_allclose(GAUSSIAN.constant([0, 1]), 0.918938533204672741780329736406, rtol=1e-15)
    assert_allclose(POISSON.constant([0, 1, 3]), [0, 0, np.log(6)], rtol=1e-15)


def test_categorical_is_softmax_cross_entropy(rng):
    eta, y = example(CATEGORICAL, rng)
    soft = softmax(rng.normal(size=eta.shape))
    for labels in (y, soft):
        loss, gradient = softmax_cross_entropy_value_and_grad(eta, labels)
        assert_array_equal(negative_log_likelihood(CATEGORICAL, eta, labels), loss)
        assert_array_equal(CATEGORICAL.gradient(eta, labels), gradient)
    assert_array_equal(CATEGORICAL.nll(eta, y), softmax_cross_entropy(eta, y))


@given(arrays_of(-700, 700))
def test_bernoulli_symmetry(eta):
    assert_array_equal(BERNOULLI.nll(eta, 1), BERNOULLI.nll(-eta, 0))
    assert_array_equal(BERNOULLI.gradient(eta, 1), -BERNOULLI.gradient(-eta, 0))


@given(arrays_of(-80, 80), st.floats(0, 1))
def test_bernoulli_is_not_negative(eta, y):
    assert (BERNOULLI.nll(eta, y) >= 0).all()


# Adding a family


LAPLACE = Family(
    name="Laplace",
    output_unit=lambda eta: eta,
    nll=lambda eta, y: np.abs(y - eta) + np.log(2),
    gradient=lambda eta, y: np.sign(eta - y),
    constant=lambda y: np.log(2),
)


def test_a_family_of_your_own(rng):
    eta, y = example(GAUSSIAN, rng)
    expected = -scipy.stats.laplace.logpdf(y, eta)
    assert_allclose(negative_log_likelihood(LAPLACE, eta, y), expected, rtol=1e-14)
    assert_allclose(negative_log_likelihood(LAPLACE, list(eta), list(y)), expected, rtol=1e-14)


GAUSSIAN_AND_SCALE = Family(  # eta = (mean, log sigma)
    name="Gaussian and scale",
    output_unit=lambda eta: eta[..., 0],
    nll=lambda eta, y: -scipy.stats.norm.logpdf(y, eta[..., 0], np.exp(eta[..., 1])),
    gradient=max,
)


def test_a_family_of_two_parameters(rng):
    """Eta has one axis more than y and the losses."""
    eta, y = rng.normal(size=(4, 5, 2)), rng.normal(size=(4, 5))
    losses = negative_log_likelihood(GAUSSIAN_AND_SCALE, eta, y)
    assert_array_equal(losses, GAUSSIAN_AND_SCALE.nll(eta, y))
    for reduction in ("sum", "mean"):
        total = negative_log_likelihood(GAUSSIAN_AND_SCALE, eta, y, reduction=reduction)
        assert_allclose(total, getattr(losses, reduction)(), rtol=1e-12)
    with pytest.raises(ValueError, match="that broadcast to the shape of one of them"):
        negative_log_likelihood(GAUSSIAN_AND_SCALE, eta[0], y[0][:, np.newaxis])


def test_a_family_of_your_own_gets_floats(dtype):
    """Counts in uint8 would wrap around, and booleans cannot be negated."""
    loss = negative_log_likelihood(LAPLACE, dtype([3, 200]), np.uint8([200, 3]))
    assert_allclose(loss, 197 + np.log(2), rtol=1e-6)
    assert loss.dtype == dtype
    family = replace(LAPLACE, nll=lambda eta, y: -y * eta)
    assert_array_equal(negative_log_likelihood(family, dtype([1, 2]), [True, False]), [-1, 0])
    for y in (np.float16([1, 2]), [1, 2], np.array([1, 2], ">i2"), range(1, 3)):
        loss = negative_log_likelihood(LAPLACE, dtype([1, 2]), y)
        assert_allclose(loss, np.log([2, 2]), rtol=1e-7)
    assert negative_log_likelihood(LAPLACE, dtype(1), np.float64(2)).dtype == np.float64


def test_constant_may_be_left_out():
    family = Family(name="any", output_unit=abs, nll=max, gradient=min)
    assert family.constant([1, 2]) == 0


def test_no_warning_from_a_family_of_your_own():
    family = replace(LAPLACE, nll=lambda eta, y: np.log(eta) - y)
    assert negative_log_likelihood(family, 0.0, 1.0) == -INF


@every
def test_a_family_is_a_value(family):
    assert pickle.loads(pickle.dumps(family)) == family
    assert copy.deepcopy(family) == family
    assert hash(replace(family)) == hash(family)
    assert replace(family, name="other") != family
    with pytest.raises(FrozenInstanceError):
        family.name = "other"


def test_names():
    assert [f.name for f in EVERY] == ["Gaussian", "Bernoulli", "Poisson", "categorical"]


# Reductions


@every
def test_reductions(rng, dtype, family):
    eta, y = example(family, rng)
    eta, y = eta.astype(dtype), y.astype(dtype) if y.dtype.kind == "f" else y
    losses = negative_log_likelihood(family, eta, y)
    assert losses.shape == (7,)
    for reduction, true in (("none", losses), ("sum", losses.sum()), ("mean", losses.mean())):
        out = negative_log_likelihood(family, eta, y, reduction=reduction)
        assert_allclose(out, true, rtol=8 * oracle.unit_roundoff(dtype), atol=0)
        assert out.dtype == dtype


@every
def test_no_rows(family):
    eta = np.empty((0, 3)) if family is CATEGORICAL else np.empty(0)
    y = np.empty(0, int)
    assert negative_log_likelihood(family, eta, y).shape == (0,)
    assert negative_log_likelihood(family, eta, y, reduction="sum") == 0
    assert np.isnan(negative_log_likelihood(family, eta, y, reduction="mean"))


@elementwise
def test_reductions_of_a_scalar(family):
    loss = negative_log_likelihood(family, 0.5, 1)
    for reduction in ("sum", "mean"):
        assert negative_log_likelihood(family, 0.5, 1, reduction=reduction) == loss


# Limits


def test_gaussian_limits():
    assert_array_equal(GAUSSIAN.nll([INF, -INF, NAN], 0), [INF, INF, NAN])
    assert_array_equal(GAUSSIAN.gradient([INF, -INF, NAN], 0), [INF, -INF, NAN])
    assert GAUSSIAN.nll(1e200, 0) == INF


def test_bernoulli_limits():
    eta = np.array([-INF, INF, NAN])
    assert_array_equal(BERNOULLI.nll(eta, 1), [INF, 0, NAN])
    assert_array_equal(BERNOULLI.nll(eta, 0), [0, INF, NAN])
    assert_array_equal(BERNOULLI.nll(eta, 0.5), [INF, INF, NAN])
    assert_array_equal(BERNOULLI.gradient(eta, 1), [-1, 0, NAN])
    assert_array_equal(BERNOULLI.gradient(eta, 0), [0, 1, NAN])


def test_poisson_limits():
    eta = np.array([-INF, INF, NAN, 1e3])
    assert_array_equal(POISSON.output_unit(eta), [0, INF, NAN, INF])
    assert_array_equal(POISSON.nll(eta, 0), [0, INF, NAN, INF])
    assert_array_equal(POISSON.nll(eta, 3), [INF, INF, NAN, INF])
    assert_array_equal(POISSON.gradient(eta, 3), [-3, INF, NAN, INF])


def test_labels_that_weigh_nothing_cost_nothing():
    assert not np.signbit(BERNOULLI.nll(INF, 1))
    assert not np.signbit(POISSON.nll(-INF, 0))


@every
def test_no_warning_for_legal_input(family):
    edges = np.array([INF, -INF, NAN, 1e308, -1e308, 800, -800])
    with np.errstate(all="raise"):
        eta = np.stack([edges, edges[::-1]], axis=-1) if family is CATEGORICAL else edges
        for y in (np.zeros(7, int), np.ones(7, int)):
            family.nll(eta, y)
            family.gradient(eta, y)
            for reduction in ("none", "sum", "mean"):
                negative_log_likelihood(family, eta, y, reduction=reduction)
        family.output_unit(eta)


# Types and shapes


@elementwise
def test_eta_and_y_broadcast(family):
    eta, y = np.linspace(-1, 1, 15).reshape(5, 3), np.array([0, 1, 1])
    for function in (family.nll, family.gradient, lambda *a: negative_log_likelihood(family, *a)):
        assert function(eta, y).shape == function(eta[0], np.tile(y, (5, 1))).shape == (5, 3)
        assert_array_equal(function(eta, y), function(*np.broadcast_arrays(eta, y)))
        assert function(0.5, y).shape == function([0.5], y).shape == (3,)
        assert function(eta[:, :1], 1).shape == (5, 1)


@elementwise
def test_scalars(family):
    for function in (family.nll, family.gradient):
        assert isinstance(function(0.5, 1), np.float64)
        assert isinstance(function(np.float32(0.5), 1), np.float32)
    assert isinstance(family.output_unit(0.5), np.float64)
    assert isinstance(negative_log_likelihood(family, 0.5, 1), np.float64)


@every
def test_dtype_follows_eta(rng, dtype, family):
    """Integer outcomes go along; float64 outcomes make it float64."""
    eta, y = example(family, rng)
    eta = eta.astype(dtype)
    assert family.output_unit(eta).dtype == dtype
    for outcomes in (
        y.astype(int),
        np.sign(y).clip(0).astype(bool) if family is not CATEGORICAL else y,
    ):
        assert negative_log_likelihood(family, eta, outcomes).dtype == dtype
        assert family.gradient(eta, outcomes).dtype == dtype
    if family is not CATEGORICAL:
        assert negative_log_likelihood(family, eta, y.astype(np.float64)).dtype == np.float64


def test_huge_counts():
    log_factorial = scipy.special.gammaln(2.0**63)
    assert_allclose(POISSON.nll(0.0, np.array([2**63])), log_factorial, rtol=1e-15)
    assert_allclose(POISSON.nll(np.float32(0), 2**62), scipy.special.gammaln(2.0**62), rtol=1e-6)
