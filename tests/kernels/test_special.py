"""Log-sum-exp, softmax and the sigmoid's family: limits, invariances, and every digit."""

import itertools

import mpmath
import numpy as np
import oracle
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from strategies import logits as draw_logits
from stress import stress_rows

import nll.special
from nll import log_sigmoid, log_softmax, logsumexp, sigmoid, softmax, softplus

OVER_AXES = [logsumexp, softmax, log_softmax]
ELEMENTWISE = [softplus, sigmoid, log_sigmoid]
EVERY = OVER_AXES + ELEMENTWISE
INF, NAN = np.inf, np.nan

every = pytest.mark.parametrize("function", EVERY, ids=lambda f: f.__name__)
over_axes = pytest.mark.parametrize("function", OVER_AXES, ids=lambda f: f.__name__)


def ulps(dtype, n):
    """Return `n` units roundoff as a relative tolerance."""
    return n * oracle.unit_roundoff(dtype)


# Digits


def as_rows_and_columns(row):
    """Yield a row as it is, as one of few, and as a column, with the way back."""
    yield row, -1, lambda out: out
    yield np.tile(row, (64, 1)), -1, lambda out: out[63]
    yield np.tile(row[:, np.newaxis], 3), 0, lambda out: out[..., 1]


@pytest.mark.parametrize("classes", [2, 3, 10, 41, 129])
def test_rows_oracle(dtype, classes):
    for row in stress_rows(dtype, classes, 2)[0]:
        total, *truths = oracle.softmax(row)
        scale = abs(oracle.exact(row.max()).item()) + (total - oracle.exact(row.max()).item())
        ordered = np.sort(row.astype(np.float64))
        lead = np.where(np.arange(classes) == row.argmax(), ordered[-1] - ordered[-2], 0)
        bars = 4 + np.log(classes) + lead, 10 + np.log(classes) + ordered[-1] - row
        for logits, axis, pick in as_rows_and_columns(row):
            summed = pick(logsumexp(logits, axis=axis))
            assert scale == 0 or oracle.errors(summed, total, scale) <= 4
            for function, true, bar in zip((log_softmax, softmax), truths, bars, strict=True):
                seen = np.abs(true.astype(np.float64)) > classes * np.finfo(dtype).tiny
                off = oracle.errors(pick(function(logits, axis=axis))[seen], true[seen])
                assert (off <= bar[seen]).all(), f"{function.__name__} of {row}: off by {off} u"


def test_logsumexp_keeps_small_terms(dtype):
    """The largest is 0, so all that is left is what the other terms add: relative error counts."""
    for gap in (1, 17, 40, 80):
        actual = logsumexp(np.array([0, -gap, -gap - 1], dtype))
        true = mpmath.log1p(mpmath.exp(-gap) + mpmath.exp(-gap - 1))
        assert oracle.errors(actual, true) <= 8


@pytest.mark.parametrize("layout", ["rows", "columns"])
def test_many_classes_oracle(rng, dtype, layout):
    """A hundred thousand classes, a hundred different ones: added one by one they err by 10^4 u."""
    k = 100_000
    some = rng.normal(scale=2, size=100).astype(dtype)
    row = some[rng.integers(100, size=k)]
    row[0] = some.max() + dtype(2)
    values, counts = np.unique(row, return_counts=True)
    total = mpmath.log(mpmath.fsum(oracle.exp(oracle.exact(values)) * counts))
    log_probs = oracle.exact(values) - total
    logits, axis = (row, -1) if layout == "rows" else (np.tile(row[:, np.newaxis], 2), 0)
    where = [int(np.flatnonzero(row == v)[0]) for v in values]
    gap = (values.max() - values).astype(np.float64)
    pick = (lambda out: out[where]) if layout == "rows" else (lambda out: out[where, 1])
    actual = pick(log_softmax(logits, axis=axis)), pick(softmax(logits, axis=axis))
    assert (oracle.errors(actual[0], log_probs) <= 4 + np.log(k)).all()
    assert (oracle.errors(actual[1], oracle.exp(log_probs)) <= 10 + np.log(k) + gap).all()
    summed = np.atleast_1d(logsumexp(logits, axis=axis))
    assert oracle.errors(summed[-1], total) <= 4


@pytest.mark.parametrize(
    ("function", "truth"),
    [
        (softplus, lambda z: oracle.log1p(oracle.exp(z))),
        (sigmoid, lambda z: oracle.exp(z) / (1 + oracle.exp(z))),
        (log_sigmoid, lambda z: -oracle.log1p(oracle.exp(-z))),
    ],
    ids=["softplus", "sigmoid", "log_sigmoid"],
)
def test_elementwise_oracle(rng, dtype, function, truth):
    logits = np.concatenate([rng.normal(scale=s, size=200) for s in (1e-3, 1, 10, 30)])
    logits = np.append(logits, [0, 85, -85]).astype(dtype)
    assert (oracle.errors(function(logits), truth(oracle.exact(logits))) <= 5).all()


def test_elementwise_at_the_ends_of_the_range():
    assert_allclose(sigmoid(-740.0), np.exp(-740.0), rtol=0)
    assert_allclose(softplus(-740.0), np.exp(-740.0), rtol=0)
    assert_allclose(log_sigmoid(740.0), -np.exp(-740.0), rtol=0)
    assert softplus(1e308) == 1e308
    assert log_sigmoid(-1e308) == -1e308
    assert sigmoid(1e308) == 1.0


# Limits


@pytest.mark.parametrize("function", [softmax, log_softmax])
@pytest.mark.parametrize("shape", [(0,), (2, 0), (0, 3)])
def test_normalizing_nothing(function, shape):
    assert function(np.empty(shape)).shape == shape


@pytest.mark.parametrize(
    ("shape", "axis"),
    [
        *(((0,), -1), ((2, 0), -1), ((0, 3), -1), ((3, 0), 0), ((2, 0, 3), 1)),
        *itertools.product([(0, 3), (3, 0), (0, 0), (2, 3)], [None, (0, 1), (1, 0), (-1, -2)]),
    ],
)
def test_logsumexp_of_zeros_counts_them(dtype, shape, axis):
    zeros, counts = np.zeros(shape, dtype), np.ones(shape, dtype).sum(axis=axis)
    with np.errstate(divide="ignore"):
        assert_allclose(logsumexp(zeros, axis=axis), np.log(counts), rtol=ulps(dtype, 2), atol=0)
    assert type(logsumexp(zeros, axis=axis)) is type(counts)
    assert logsumexp(zeros, axis=axis).dtype == dtype


def test_logsumexp_limits(dtype):
    cases = {
        (-INF, -INF): -INF,
        (-INF, 2.0): 2.0,
        (INF, 0.0): INF,
        (INF, INF): INF,
        (INF, -INF): INF,
        (NAN, 0.0): NAN,
        (0.0, NAN): NAN,
        (NAN, INF): NAN,
        (NAN, -INF): NAN,
    }
    for logits, true in cases.items():
        assert_array_equal(logsumexp(np.array(logits, dtype)), dtype(true))


NO_SOFTMAX = [(-INF, -INF), (INF, 0.0), (0.0, INF), (INF, INF), (INF, -INF), (NAN, 0.0), (0.0, NAN)]


@pytest.mark.parametrize("function", [softmax, log_softmax])
@pytest.mark.parametrize("bad", NO_SOFTMAX)
@pytest.mark.parametrize("copies", [1, 60])
def test_row_without_softmax_is_all_nan(function, bad, copies):
    """On every path, and the rows beside it are untouched."""
    logits = np.tile([bad, (0.0, 0.0)], (copies, 1))
    out = function(logits)
    assert np.isnan(out[::2]).all()
    assert_array_equal(out[1::2], function(np.zeros((copies, 2))))
    assert_array_equal(function(logits.T.copy(), axis=0).T, out)


def test_masked_class_has_no_probability(dtype):
    logits = np.array([1.0, -INF, 1.0], dtype)
    assert_array_equal(softmax(logits), dtype([0.5, 0.0, 0.5]))
    assert_allclose(log_softmax(logits), dtype([-np.log(2), -INF, -np.log(2)]), rtol=ulps(dtype, 4))


def test_gap_beyond_the_range_of_the_type(dtype):
    largest = np.finfo(dtype).max
    logits = np.array([largest, -largest])
    assert_array_equal(softmax(logits), dtype([1, 0]))
    assert_array_equal(log_softmax(logits), dtype([0, -INF]))
    assert logsumexp(logits) == largest


def test_elementwise_limits(dtype):
    logits = np.array([-INF, 0.0, INF, NAN], dtype)
    assert_array_equal(sigmoid(logits), dtype([0.0, 0.5, 1.0, NAN]))
    close = {"rtol": ulps(dtype, 2)}
    assert_allclose(softplus(logits), dtype([0.0, np.log(2), INF, NAN]), **close)
    assert_allclose(log_sigmoid(logits), dtype([-INF, -np.log(2), 0.0, NAN]), **close)


@every
def test_scalars(function):
    for scalar in (3, 3.0, np.float64(3), np.array(3.0)):
        out = function(scalar)
        assert np.ndim(out) == 0
        assert isinstance(out, np.float64)
        assert_array_equal(out, np.ravel(function([3.0]))[0])


@over_axes
@pytest.mark.parametrize("axis", [-1, 0, None, ()])
def test_a_scalar_has_every_axis_and_none(dtype, function, axis):
    """Results are NumPy scalars, as NumPy's own functions give, no arrays of zero dimensions."""
    out = function(dtype(3), axis=axis)
    assert isinstance(out, dtype)
    assert out == {logsumexp: 3, softmax: 1, log_softmax: 0}[function]
    assert isinstance(logsumexp(dtype(3), axis=axis, keepdims=True), dtype)


def test_one_class_is_certain(rng, dtype):
    logits = rng.normal(size=(50, 1)).astype(dtype)
    assert_array_equal(softmax(logits), np.ones_like(logits))
    assert_array_equal(np.signbit(log_softmax(logits)), np.zeros((50, 1), bool))
    assert_array_equal(log_softmax(logits), np.zeros_like(logits))
    assert_array_equal(logsumexp(logits), logits[:, 0])


# Properties


@given(draw_logits(min_dims=1), st.integers(-4, 4))
def test_softmax_shift_invariance(logits, shift):
    """Rounded to eighths the shifted logits are exact, so not a bit may change."""
    logits = np.round(logits * 8) / 8
    assert_array_equal(softmax(logits + logits.dtype.type(shift)), softmax(logits))
    assert_array_equal(log_softmax(logits + logits.dtype.type(shift)), log_softmax(logits))


@given(draw_logits(min_dims=1), st.integers(-4, 4))
def test_logsumexp_shift_equivariance(logits, shift):
    logits = np.round(logits * 8) / 8
    shifted = logsumexp(logits + logits.dtype.type(shift))
    tolerance = ulps(logits.dtype, 4) * (np.abs(logits).max() + 10)
    assert_allclose(shifted, logsumexp(logits) + shift, rtol=0, atol=tolerance)


@given(draw_logits(min_dims=1), st.randoms(use_true_random=False))
def test_permutation(logits, random):
    """The sum runs in another order, so the last digits may differ."""
    order = random.sample(range(logits.shape[-1]), logits.shape[-1])
    close = {"rtol": ulps(logits.dtype, 8)}
    assert_allclose(softmax(logits[..., order]), softmax(logits)[..., order], **close)
    assert_allclose(log_softmax(logits[..., order]), log_softmax(logits)[..., order], **close)


@given(draw_logits(min_dims=1))
def test_softmax_normalization(logits):
    probs = softmax(logits)
    assert_allclose(probs.sum(axis=-1), 1, rtol=ulps(logits.dtype, 8))
    assert (probs >= 0).all()
    assert (log_softmax(logits) <= 0).all()


@given(draw_logits(min_dims=1, min_side=2))
def test_softmax_order(logits):
    """No logit overtakes another on its way to a probability, but for the rounding of exp."""
    order = np.argsort(logits, axis=-1)
    log_probs = np.take_along_axis(log_softmax(logits), order, axis=-1)
    assert (np.diff(log_probs, axis=-1) >= 0).all()
    probs = np.take_along_axis(softmax(logits), order, axis=-1)
    assert (np.diff(probs, axis=-1) >= -ulps(logits.dtype, 8) * probs[..., 1:]).all()


@given(draw_logits())
def test_sigmoid_identities(logits):
    close = {"rtol": ulps(logits.dtype, 8), "atol": np.finfo(logits.dtype).tiny * 16}
    pair = np.stack([logits, np.zeros_like(logits)], axis=-1)
    assert_allclose(sigmoid(logits) + sigmoid(-logits), 1, **close)
    assert_allclose(softmax(pair)[..., 0], sigmoid(logits), **close)
    assert_allclose(logsumexp(pair), softplus(logits), **close)
    assert_allclose(log_softmax(pair)[..., 0], log_sigmoid(logits), **close)
    assert_array_equal(log_sigmoid(logits), -softplus(-logits))


# Axes


@over_axes
@pytest.mark.parametrize(
    "axis", [0, 1, 2, -1, -2, -3, (0, 1), (1, 0), (0, 2), (2, 0), (-1, 1), (0, 1, 2), None]
)
def test_axes_are_the_last_one_moved(rng, dtype, function, axis):
    logits = rng.normal(scale=3, size=(3, 4, 5)).astype(dtype)
    axes = (0, 1, 2) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    last = tuple(range(3 - len(axes), 3))
    moved = np.moveaxis(logits, axes, last)
    expected = function(moved.reshape(*moved.shape[: last[0]], -1))
    if function is not logsumexp:
        expected = np.moveaxis(expected.reshape(moved.shape), last, axes)
    actual = function(logits, axis=axis)
    assert actual.shape == expected.shape
    assert actual.dtype == dtype
    assert_allclose(actual, expected, rtol=ulps(dtype, 8))


@over_axes
def test_no_axes_leave_every_logit_alone(rng, function):
    logits = rng.normal(size=(2, 3))
    alone = {logsumexp: logits, softmax: np.ones((2, 3)), log_softmax: np.zeros((2, 3))}
    assert_array_equal(function(logits, axis=()), alone[function])


@pytest.mark.parametrize("axis", [-1, 0, 1, (0, 2), (2, 0), None, ()])
def test_logsumexp_keepdims(rng, axis):
    logits = rng.normal(size=(2, 3, 4))
    kept = logsumexp(logits, axis=axis, keepdims=True)
    assert kept.shape == logits.sum(axis=axis, keepdims=True).shape
    assert_array_equal(kept.reshape(-1), np.reshape(logsumexp(logits, axis=axis), -1))


@over_axes
@pytest.mark.parametrize("block", [8, 56, 512])
@pytest.mark.parametrize("wide", [1, 3])
@pytest.mark.parametrize("few", [0, 4, 40])
@pytest.mark.parametrize("shape", [(9, 4), (45, 4), (45, 40), (50, 41), (3, 5, 7), (1, 6, 50)])
def test_blocks_do_not_show(rng, monkeypatch, function, block, wide, few, shape):
    monkeypatch.setattr(nll.special, "BLOCK_BYTES", block)
    monkeypatch.setattr(nll.special, "_WIDE", wide)
    monkeypatch.setattr(nll.special, "FEW_CLASSES", few)
    monkeypatch.setattr(nll.special, "_ENOUGH_ROWS", few)
    logits = rng.normal(scale=3, size=shape)
    for axis in range(len(shape)):
        reference = getattr(scipy.special, function.__name__)(logits, axis=axis)
        # scipy.special.log_softmax is itself off by a few units of the total where it is near 0
        assert_allclose(
            function(logits, axis=axis), reference, rtol=ulps(np.float64, 16), atol=1e-15
        )


@over_axes
@pytest.mark.parametrize("shape", [(100_000, 8), (8, 100_000), (800, 1000), (10, 80_000)])
def test_extra_memory_is_bounded(extra_memory, function, shape):
    logits, axis = np.zeros(shape), 0 if shape[0] < 10 else -1
    assert extra_memory(lambda: function(logits, axis=axis)) < 4 * 2**20


# Types and memory


@every
def test_huge_integers(function):
    assert_array_equal(function(np.array([2**63])), function([2.0**63]))


@over_axes
def test_fortran_order_is_summed_as_well(rng, function):
    """Columns added one by one would err by some hundred u."""
    logits = np.asfortranarray(np.broadcast_to(rng.normal(size=20_000), (3, 20_000)))
    assert_array_equal(function(logits), function(np.ascontiguousarray(logits)))


@every
def test_no_warning_for_legal_input(function):
    edges = [[INF, 0, -INF], [NAN, 1, 2], [-INF, -INF, -INF], [800, -800, 0], [1e308, -1e308, 0]]
    with np.errstate(all="raise"):
        out = function(edges)
        function(np.float32(edges[3:4]))
        function([])
    assert out.dtype == np.float64


# Agreement
