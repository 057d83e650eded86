"""Entropy, cross-entropy and divergence: their identities, their edges, and every digit."""

import itertools

import mpmath
import numpy as np
import oracle
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from strategies import probabilities

from nll import cross_entropy, entropy, kl_divergence

PAIRWISE = [cross_entropy, kl_divergence]
EVERY = [entropy, *PAIRWISE]
INF = np.inf

every = pytest.mark.parametrize("function", EVERY, ids=lambda f: f.__name__)
pairwise = pytest.mark.parametrize("function", PAIRWISE, ids=lambda f: f.__name__)


def call(function, p, q, **options):
    """Entropy takes one distribution, the others two."""
    return function(p, **options) if function is entropy else function(p, q, **options)


def draw(rng, dtype, *shape):
    """Return random distributions."""
    return rng.dirichlet(np.ones(shape[-1]), size=shape[:-1]).astype(dtype)


def true_terms(p, q):
    """Return the exact terms p log(p/q) + q - p."""
    p, q = oracle.exact(p), oracle.exact(q)
    return p * (oracle.log(p) - oracle.log(q)) + (q - p)


# Digits


@pytest.mark.parametrize("k", [2, 10, 1000])
def test_entropy_and_cross_entropy_oracle(rng, dtype, k):
    p, q = draw(rng, dtype, 2, k)
    for actual, logs in (
        (entropy(p), oracle.log(oracle.exact(p))),
        (cross_entropy(p, q), oracle.log(oracle.exact(q))),
    ):
        assert oracle.errors(actual, -mpmath.fsum(oracle.exact(p) * logs)) <= 4 + np.log(k)


def pairs_of_distributions():
    """Yield what is hard on a divergence: both ways of a term, rare outcomes, and subnormals."""
    for ratio in (0.1, 0.49999, 0.5, 0.50001, 0.9, 0.999, 1 + 1e-6, 1.2, 1.49999, 1.5, 1.50001, 3):
        for kind in (np.float32, np.float64):
            yield kind([0.3, 0.7]), kind([0.3 * ratio, 1 - 0.3 * ratio])
    for rare, other in itertools.product(
        (1e-30, 1e-38, 1e-44, 1e-300, 1e-308, 5e-324), (0.5, 0.25, 1e-20, 1e-299)
    ):
        yield np.array([rare, 1.0]), np.array([other, 1 - other])
    for rare in (1e-30, 1e-38, 1e-44):
        yield np.float32([rare, 1]), np.float32([0.5, 0.5])
    # The ratio of a subnormal number and another has few digits, or none; logarithms have all.
    yield np.array([0.7, 0.3]), np.array([5e-324, 1.0])
    yield np.array([0.5, 0.5]), np.array([1.5e-323, 1.0])
    yield np.array([0.9, 0.1]), np.array([1e-308, 1.0])
    yield np.array([5e-324, 1.0]), np.array([1.0, 5e-324])
    yield np.array([1e-310, 1.0]), np.array([0.5, 0.5])
    yield np.float32([0.7, 0.3]), np.float32([1e-45, 1])
    yield np.float32([0.25, 0.75]), np.float32([3e-45, 1])
    yield np.float32([1e-45, 1]), np.float32([1, 1e-45])
    yield np.float32([0.5, 0.5]), np.float32([1e-38, 1])


def test_kl_divergence_oracle(rng, dtype):
    drawn = [draw(rng, dtype, 2, k) for k in (2, 10, 1000)]
    for p, q in [*drawn, *pairs_of_distributions()]:
        for one, other in ((p, q), (q, p)):
            off = oracle.errors(kl_divergence(one, other), mpmath.fsum(true_terms(one, other)))
            assert off <= 8 + np.log(p.size) * (p.size > 2), f"{one} and {other}: off by {off} u"


@pytest.mark.parametrize(("kind", "digits"), [(np.float64, 14), (np.float32, 6)])
def test_kl_divergence_of_near_equals(rng, kind, digits):
    """The bar of the design: p and q that differ by a millionth."""
    for _ in range(24):
        p = draw(rng, np.float64, 10)
        q = p * (1 + 1e-6 * rng.normal(size=10))
        p, q = p.astype(kind), (q / q.sum()).astype(kind)
        true = mpmath.fsum(true_terms(p, q))
        assert abs(oracle.exact(kl_divergence(p, q)).item() / true - 1) < 10.0**-digits


def test_kl_divergence_of_near_equals_ignores_the_rounding_of_sums(rng):
    """To second order it is that of the normalized vectors."""
    p = draw(rng, np.float64, 10)
    q = p * (1 + 1e-5 * rng.normal(size=10))
    q /= q.sum()
    p, q = p * (1 + 2e-8), q * (1 - 2e-8)
    exact_p, exact_q = oracle.exact(p), oracle.exact(q)
    exact_p, exact_q = exact_p / mpmath.fsum(exact_p), exact_q / mpmath.fsum(exact_q)
    true = mpmath.fsum(exact_p * (oracle.log(exact_p) - oracle.log(exact_q)))
    assert_allclose(kl_divergence(p, q), float(true), rtol=1e-4)  # (4e-8)^2 / 2 beside 5e-11


# Edges


def test_impossible_outcomes_add_nothing(dtype):
    p = np.array([1.0, 0.0], dtype)
    half = np.array([0.5, 0.5], dtype)
    assert entropy(p) == 0
    assert cross_entropy(p, p) == 0
    assert kl_divergence(p, p) == 0
    assert not np.signbit([entropy(p), cross_entropy(p, p), kl_divergence(p, p)]).any()
    assert_allclose(cross_entropy(p, half), np.log(2), rtol=1e-7)
    assert_allclose(kl_divergence(p, half), np.log(2), rtol=1e-7)


def test_certainty_of_one_outcome(dtype):
    one = np.ones(1, dtype)
    values = [entropy(one), cross_entropy(one, one), kl_divergence(one, one)]
    assert_array_equal(values, [0, 0, 0])
    assert not np.signbit(values).any()


def test_an_outcome_held_impossible_costs_infinity(dtype):
    p, q = np.array([0.5, 0.5], dtype), np.array([1.0, 0.0], dtype)
    assert cross_entropy(p, q) == INF
    assert kl_divergence(p, q) == INF
    assert cross_entropy([1, 0], [0, 1]) == INF
    assert kl_divergence([1, 0], [0, 1]) == INF


def test_no_distributions():
    for function in EVERY:
        for shape in ((0, 3), (0, 0)):
            assert call(function, np.ones(shape), np.ones(shape)).shape == (0,)
            assert call(function, np.ones(shape).T, np.ones(shape).T, axis=0).shape == (0,)
        assert call(function, np.ones((2, 0, 0)), np.ones((2, 0, 0))).shape == (2, 0)
        with pytest.raises(ValueError, match="to sum to 1"):
            call(function, np.ones((2, 0)), np.ones((2, 0)))


# Identities


@given(st.data())
def test_cross_entropy_is_entropy_and_divergence(data):
    p, q = data.draw(probabilities(2, np.float64))
    q = (q + 1e-3) / (q + 1e-3).sum()
    total = entropy(p) + kl_divergence(p, q)
    assert_allclose(cross_entropy(p, q), total, rtol=1e-15, atol=4e-15)


@given(probabilities(2))
def test_kl_divergence_is_never_negative(pair):
    assert kl_divergence(*pair) >= 0


@given(probabilities(1), st.integers(-2, 2))
def test_kl_divergence_of_neighbors_is_never_negative(vectors, steps):
    (p,) = vectors
    q = p.copy()
    for _ in range(abs(steps)):
        q = np.nextafter(q, p.dtype.type(np.sign(steps) > 0))
    assert kl_divergence(p, q) >= 0
    assert kl_divergence(q, p) >= 0


@given(probabilities(1))
def test_kl_divergence_from_itself_is_exactly_zero(vectors):
    (p,) = vectors
    assert kl_divergence(p, p) == 0
    assert not np.signbit(kl_divergence(p, p))


@given(probabilities(2), st.randoms(use_true_random=False))
def test_permutation(pair, random):
    """The sum runs in another order, so the last digits may differ."""
    p, q = pair
    order = random.sample(range(p.size), p.size)
    close = {"rtol": 16 * oracle.unit_roundoff(p.dtype), "atol": 1e-30}
    for function in EVERY:
        assert_allclose(call(function, p[order], q[order]), call(function, p, q), **close)


@given(probabilities(1))
def test_entropy_is_between_zero_and_log_k(vectors):
    (p,) = vectors
    slack = 16 * oracle.unit_roundoff(p.dtype)
    assert -slack <= entropy(p) <= np.log(p.size) + slack


@given(probabilities(1))
def test_cross_entropy_with_itself_is_entropy(vectors):
    (p,) = vectors
    assert cross_entropy(p, p) == entropy(p)


@pytest.mark.parametrize("base", [2, 10, np.float32(2), 1.5])
@every
def test_base_divides_by_its_logarithm(rng, function, base):
    p, q = draw(rng, np.float64, 2, 5)
    assert_allclose(
        call(function, p, q, base=base), call(function, p, q) / np.log(float(base)), rtol=1e-15
    )


# Shapes and types


@every
@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
def test_axis_is_moveaxis(rng, function, axis):
    p, q = draw(rng, np.float64, 2, 3, 4, 5)
    moved = np.moveaxis(p, -1, axis), np.moveaxis(q, -1, axis)
    assert_array_equal(call(function, *moved, axis=axis), call(function, p, q))


@pairwise
def test_other_axes_broadcast(rng, function):
    p, q = draw(rng, np.float64, 4), draw(rng, np.float64, 3, 2, 4)
    assert_array_equal(function(p, q), function(np.broadcast_to(p, q.shape), q))
    assert_array_equal(function(q, p), function(q, np.broadcast_to(p, q.shape)))
    assert_array_equal(function(q[:, :1], q[:1]), function(*np.broadcast_arrays(q[:, :1], q[:1])))


@pairwise
def test_axis_counts_in_each_argument(rng, function):
    p, q = draw(rng, np.float64, 4), draw(rng, np.float64, 3, 4)
    assert_array_equal(function(p, q.T, axis=0), function(p, q))


@every
def test_results_of_one_distribution_are_scalars(function):
    out = call(function, [0.5, 0.5], [0.25, 0.75])
    assert isinstance(out, np.float64)


@every
def test_first_axis_is_summed_as_well(rng, function):
    """Columns added one by one would err by some hundred u."""
    p, q = draw(rng, np.float64, 2, 3, 20_000)
    assert_array_equal(call(function, p.T, q.T, axis=0), call(function, p, q))
    fortran = np.asfortranarray(p), np.asfortranarray(q)
    assert_array_equal(call(function, *fortran), call(function, p, q))


@every
def test_no_warning_for_legal_input(function):
    with np.errstate(all="raise"):
        call(function, [[1, 0], [0, 1], [5e-324, 1]], [[0, 1], [0, 1], [0.5, 0.5]])
        call(function, np.float32([1e-45, 1]), np.float32([0.5, 0.5]))
        for p, q in (([1, 5e-324], [1e-320, 1]), (np.float32([1, 1e-45]), np.float32([1e-44, 1]))):
            for base in (2, 10, None):
                call(function, p, q, base=base)
                call(function, q, p, base=base)
                call(function, p, np.float64(q), base=base)
