"""The fused softmax cross-entropy: identities, limits, layouts, reductions and memory."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import log_softmax, softmax

from nll import softmax_cross_entropy, softmax_cross_entropy_value_and_grad

# Shapes that take each way through the code: short, down the columns, along the rows, many blocks.
SHAPES = [(1, 1), (3, 1), (100, 1), (5, 3), (300, 3), (60, 40), (60, 41), (3, 300), (70000, 2)]
KINDS = ["hard", "smooth", "soft"]


def one_hot(labels, classes):
    return np.eye(classes)[labels]


def of_kind(kind, labels, classes):
    """Return class labels as labels of one kind, and the options that make them so."""
    if kind == "soft":
        return one_hot(labels, classes), {}
    return labels, {"label_smoothing": 0.1} if kind == "smooth" else {}


def make_rows(rng, shape, dtype, kind="hard"):
    """Return logits, labels and options for one kind of label."""
    logits = rng.normal(scale=3, size=shape).astype(dtype)
    labels, options = of_kind(kind, rng.integers(shape[-1], size=shape[:-1]), shape[-1])
    if kind == "soft":
        labels = rng.dirichlet(np.ones(shape[-1]), size=shape[:-1]).astype(dtype)
    return logits, labels, options


def value_and_grad(logits, labels, *, out=None, **options):
    """Return loss and gradient, having seen that the value alone is the same to the bit."""
    loss, grad = softmax_cross_entropy_value_and_grad(logits, labels, out=out, **options)
    assert_array_equal(softmax_cross_entropy(logits, labels, **options), loss)
    return loss, grad


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.mark.parametrize("shape", SHAPES)
def test_softmax_cross_entropy_agrees_with_scipy_where_scipy_is_right(rng, dtype, shape, kind):
    logits, labels, options = make_rows(rng, shape, dtype, kind)
    target = labels if kind == "soft" else one_hot(labels, shape[-1])
    smoothing = options.get("label_smoothing", 0)
    target = (1 - smoothing) * target + smoothing / shape[-1]
    loss, grad = value_and_grad(logits, labels, **options)
    tolerance = 2e-6 if dtype == np.float32 else 1e-12
    expected = -(target * log_softmax(logits.astype(float), axis=1)).sum(axis=1)
    assert_allclose(loss, expected, rtol=tolerance, atol=tolerance)
    # Not relative: y - t itself cancels.
    assert_allclose(grad, softmax(logits.astype(float), axis=1) - target, atol=tolerance)


@pytest.mark.parametrize("lead", [40.0, 300.0, 700.0])
@pytest.mark.parametrize("labels", [0, [1, 0]])
def test_softmax_cross_entropy_keeps_a_confident_right_answer(lead, labels):
    loss, grad = value_and_grad([lead, 0.0], labels)
    assert_allclose(loss, math.exp(-lead), rtol=1e-15, atol=0)
    assert_allclose(grad, [-math.exp(-lead), math.exp(-lead)], rtol=1e-15, atol=0)


@pytest.mark.parametrize("classes", [2, 40, 41, 50257])
def test_softmax_cross_entropy_of_equal_logits_is_log_k(classes, dtype):
    loss, grad = value_and_grad(np.zeros((50, classes), dtype), [0] * 50)
    assert_allclose(loss, math.log(classes), rtol=4 * np.finfo(dtype).eps, atol=0)
    assert_allclose(grad[:, 1:], 1 / classes, rtol=np.finfo(dtype).eps, atol=0)


@pytest.mark.parametrize("shape", SHAPES)
def test_gradient_rows_sum_to_zero(rng, dtype, shape, kind):
    logits, labels, options = make_rows(rng, shape, dtype, kind)
    logits[::2] *= 10
    _, grad = value_and_grad(logits, labels, **options)
    total, size = grad.sum(axis=1, dtype=np.longdouble), np.abs(grad).sum(axis=1)
    if kind != "hard":  # y - t itself cancels
        size = np.maximum(size, 1)
    assert np.all(np.abs(total) <= 5 * np.finfo(dtype).eps * size)


def test_softmax_cross_entropy_ignores_a_common_shift(rng, dtype, kind):
    logits, labels, options = make_rows(rng, (60, 7), dtype, kind)
    logits = np.round(logits)  # so that the shift itself is exact
    for moved, still in zip(
        value_and_grad(logits + 4096, labels, **options),
        value_and_grad(logits, labels, **options),
        strict=True,
    ):
        assert_array_equal(moved, still)


def test_soft_labels_keep_a_remainder_far_below_roundoff():
    _, grad = value_and_grad([100.0, 0.0], [1.0, 1e-30])
    expected = 1e-30 - math.exp(-100)
    assert_allclose(grad, [expected, -expected], rtol=1e-14, atol=0)


def test_soft_labels_scale_the_gradient_by_their_sum():
    labels = np.array([0.5, 0.5 + 9e-7])
    _, grad = value_and_grad([0.0, 0.0], labels)
    assert_allclose(grad, labels.sum() / 2 - labels, rtol=1e-9, atol=0)


def test_full_label_smoothing_forgets_the_label(rng):
    logits, labels, _ = make_rows(rng, (50, 5), np.float64)
    assert_array_equal(
        softmax_cross_entropy(logits, labels, label_smoothing=1),
        softmax_cross_entropy(logits, (labels + 1) % 5, label_smoothing=1),
    )


# Limits. Ten classes take both ways through the code: 3 rows along rows, 50 down the columns.


@pytest.fixture(params=[3, 50], ids=["rows", "columns"])
def ten_classes(request, rng, dtype):
    return rng.normal(size=(request.param, 10)).astype(dtype)


@pytest.mark.parametrize("kind", ["hard", "soft"])
def test_masked_class_costs_nothing(ten_classes, kind):
    labels = np.arange(len(ten_classes)) % 9
    reference, masked = ten_classes[:, :9], ten_classes.copy()
    masked[:, 9] = -np.inf
    if kind == "soft":
        labels = np.full_like(reference, 1 / 9)
        expected = value_and_grad(reference, labels)
        labels = np.pad(labels, ((0, 0), (0, 1)))
    else:
        expected = value_and_grad(reference, labels)
    loss, grad = value_and_grad(masked, labels)
    assert_allclose(loss, expected[0], rtol=8 * np.finfo(loss.dtype).eps, atol=0)
    assert_allclose(grad[:, :9], expected[1], rtol=0, atol=4 * np.finfo(loss.dtype).eps)
    assert_array_equal(grad[:, 9], 0)


def test_smoothing_over_a_masked_class_costs_infinity(ten_classes):
    ten_classes[1, 4] = -np.inf
    labels = np.zeros(len(ten_classes), int)
    loss, grad = value_and_grad(ten_classes, labels, label_smoothing=0.1)
    assert loss[1] == np.inf
    assert np.isfinite(np.delete(loss, 1)).all()
    assert_allclose(grad[1, 4], -0.01, rtol=np.finfo(grad.dtype).eps)


def test_masked_label_costs_infinity(ten_classes, kind):
    ten_classes[1, 4] = -np.inf
    labels, options = of_kind(kind, np.full(len(ten_classes), 4), 10)
    loss, grad = value_and_grad(ten_classes, labels, **options)
    assert loss[1] == np.inf
    assert np.isfinite(np.delete(loss, 1)).all()
    assert np.isfinite(grad).all()
    assert grad[1, 4] == pytest.approx(-0.91 if kind == "smooth" else -1, rel=1e-6, abs=0)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (2, np.nan),
        (2, np.inf),
        (slice(None), -np.inf),
        (slice(2, 4), np.inf),
        (slice(2, 4), (np.inf, -np.inf)),
    ],
)
@pytest.mark.parametrize("label", [2, 7])
def test_row_without_a_softmax_gives_nan(ten_classes, kind, place, value, label):
    ten_classes[1, place] = value
    labels, options = of_kind(kind, np.full(len(ten_classes), label), 10)
    loss, grad = value_and_grad(ten_classes, labels, **options)
    assert np.isnan(loss[1])
    assert np.isnan(grad[1]).all()
    assert np.isfinite(np.delete(loss, 1)).all()
    assert np.isfinite(np.delete(grad, 1, axis=0)).all()


def test_single_class_costs_nothing(dtype, kind):
    labels, options = of_kind(kind, np.array([0, 0]), 1)
    loss, grad = value_and_grad(np.array([[3], [-5]], dtype), labels, **options)
    assert_array_equal(loss, 0)
    assert_array_equal(grad, 0)


def test_largest_logits_do_not_overflow(dtype):
    big = np.finfo(dtype).max
    loss, grad = value_and_grad(np.array([[big, big], [big, -big]]), [0, 1])
    assert_allclose(loss, [math.log(2), np.inf], rtol=1e-6)
    assert_array_equal(grad, [[-0.5, 0.5], [1, -1]])


@pytest.mark.parametrize("rows", [1, 3, 50, 70_000])
def test_mean_of_huge_losses_does_not_overflow(dtype, rows, kind):
    big = np.finfo(dtype).max / 2
    logits = np.tile(np.array([big, -big / 2], dtype), (rows, 1))
    labels = np.ones(rows, int) if kind != "soft" else np.tile([0.0, 1.0], (rows, 1))
    options = {"label_smoothing": 0.5} if kind == "smooth" else {}
    mean = softmax_cross_entropy(logits, labels, reduction="mean", **options)
    expected = dtype(1.5 * big) * (0.75 if kind == "smooth" else 1)
    assert_allclose(mean, expected, rtol=1e-6)
    total = softmax_cross_entropy(logits, labels, reduction="sum", **options)
    assert total == np.inf if rows > 3 else total >= mean


def test_gap_that_a_small_label_makes_bearable(dtype):
    """The gap itself, 2 big, is beyond the type; a thousandth of it is not."""
    big = np.finfo(dtype).max
    logits = np.array([[big, -big]], dtype)
    labels = np.array([[0.999, 0.001]])
    expected = [labels.astype(dtype)[0, 1] * 2.0 * float(big / 2) * 2]
    assert_allclose(softmax_cross_entropy(logits, labels), expected, rtol=1e-6)
    smooth = softmax_cross_entropy(logits, [0], label_smoothing=0.002)
    assert_allclose(smooth, expected, rtol=1e-6)


@pytest.mark.parametrize("classes", [1, 2, 10, 40])
def test_one_row_agrees_with_many(rng, dtype, classes):
    """It has a kernel of its own, as have short and long blocks."""
    logits, labels, _ = make_rows(rng, (1, classes), dtype)
    one = value_and_grad(logits, labels)
    for copies in (2, 50):
        many = np.repeat(logits, copies, axis=0), np.repeat(labels, copies)
        loss, grad = value_and_grad(*many)
        assert_allclose(loss, np.repeat(one[0], copies), rtol=4 * np.finfo(dtype).eps, atol=0)
        close = {"rtol": 4 * np.finfo(dtype).eps, "atol": 0}
        assert_allclose(grad, np.repeat(one[1], copies, axis=0), **close)


# Rows left out, reductions, layouts.


@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
@pytest.mark.parametrize("shape", [(5, 3), (300, 3), (60, 41), (70000, 2)])
def test_where_leaves_rows_out(rng, dtype, shape, kind, reduction):
    logits, labels, options = make_rows(rng, shape, dtype, kind)
    kept = rng.random(len(logits)) < 0.7
    kept[:2] = True, False
    options["reduction"] = reduction
    expected = value_and_grad(logits[kept], labels[kept], **options)
    logits[~kept] = np.nan
    labels[~kept] = -7  # never looked at
    loss, grad = value_and_grad(logits, labels, where=kept, **options)
    if reduction == "none":
        assert_array_equal(loss[~kept], 0)
        loss = loss[kept]
    rtol = 4 * np.finfo(dtype).eps  # blocks end elsewhere
    assert_allclose(loss, expected[0], rtol=rtol, atol=0)
    assert_allclose(grad[kept], expected[1], rtol=rtol, atol=0)
    assert_array_equal(grad[~kept], 0)


@pytest.mark.parametrize("shape", SHAPES)
def test_sum_and_mean_are_those_of_the_losses(rng, dtype, shape, kind):
    logits, labels, options = make_rows(rng, shape, dtype, kind)
    loss, grad = value_and_grad(logits, labels, **options)
    total = math.fsum(loss.astype(float))
    rtol = 4 * np.finfo(dtype).eps
    for reduction, scale in (("sum", 1), ("mean", len(logits))):
        value, scaled = value_and_grad(logits, labels, reduction=reduction, **options)
        assert value.dtype == dtype
        assert_allclose(value, total / scale, rtol=rtol, atol=0)
        assert_allclose(scaled, grad / scale, rtol=rtol, atol=0)


def test_reductions_over_no_rows():
    no_rows = np.empty((0, 3)), np.empty(0, int)
    assert softmax_cross_entropy(*no_rows).shape == (0,)
    assert softmax_cross_entropy(*no_rows, reduction="sum") == 0
    mean, grad = value_and_grad(*no_rows, reduction="mean")
    assert np.isnan(mean)
    assert grad.shape == (0, 3)


def test_mean_with_every_row_left_out_is_nan():
    mean, grad = value_and_grad(np.zeros((2, 3)), [0, 1], where=[False, False], reduction="mean")
    assert np.isnan(mean)
    assert_array_equal(grad, 0)


@pytest.mark.parametrize("axis", [0, 1, 2, 3, -1, -2, -3, -4])
def test_axis_is_a_moved_last_axis(rng, dtype, axis, kind):
    logits, labels, options = make_rows(rng, (3, 4, 2, 5), dtype, kind)
    loss, grad = value_and_grad(logits, labels, **options)
    moved = np.moveaxis(logits, -1, axis)
    labels = np.moveaxis(labels, -1, axis) if kind == "soft" else labels
    for out in (None, np.empty_like(moved), np.empty(moved.shape, dtype)):
        other = value_and_grad(moved, labels, axis=axis, out=out, **options)
        assert_array_equal(other[0], loss)
        assert_array_equal(np.moveaxis(other[1], axis, -1), grad)
        assert out is None or other[1] is out


@pytest.mark.parametrize("labels_dtype", [bool, np.int8, np.uint8, np.int32, np.uint64, ">i4"])
def test_integer_labels_of_any_type(rng, labels_dtype):
    logits = rng.normal(size=(50, 300))
    labels = rng.integers(2, size=50)
    assert_array_equal(
        softmax_cross_entropy(logits, labels.astype(labels_dtype)),
        softmax_cross_entropy(logits, labels),
    )


def test_vector_of_logits_gives_a_scalar():
    loss, grad = value_and_grad([0, 0, 0], 2)
    assert isinstance(loss, np.float64)
    assert isinstance(softmax_cross_entropy([0, 0, 0], [0.5, 0.5, 0]), np.float64)
    assert grad.shape == (3,)


@pytest.mark.parametrize("shape", [(3, 4), (300, 4), (60, 41)])
def test_no_floating_point_error_leaks(rng, dtype, shape, kind):
    logits, labels, options = make_rows(rng, shape, dtype, kind)
    logits[:3] = [[-np.inf], [1e5], [0]]
    logits[1, 0] = -1e5
    with np.errstate(all="raise"):
        value_and_grad(logits, labels, reduction="mean", **options)
        softmax_cross_entropy(logits, labels, reduction="sum", **options)


@pytest.mark.parametrize("shape", [(600_000, 2), (1500, 700), (10, 100_000)])
def test_extra_memory_stays_below_4_mib(extra_memory, dtype, shape, kind):
    logits = np.zeros(shape, dtype)
    labels = np.zeros(len(logits), np.int32)
    options = {"reduction": "mean", "where": np.ones(len(logits), bool)}
    if kind == "smooth":
        options["label_smoothing"] = 0.1
    if kind == "soft":
        labels = np.broadcast_to(np.array(1 / shape[1], dtype), shape)
    gradient = extra_memory(
        lambda: softmax_cross_entropy_value_and_grad(logits, labels, **options)[1]
    )
    assert gradient < 1 << 22
    assert extra_memory(lambda: softmax_cross_entropy(logits, labels, **options)) < 1 << 22
