"""What the fused softmax cross-entropy says to input it cannot take, and all input it can take."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.lib.stride_tricks import as_strided, sliding_window_view
from numpy.testing import assert_allclose, assert_array_equal

from nll import softmax_cross_entropy, softmax_cross_entropy_value_and_grad

ZEROS = np.zeros((4, 3))
CLASSES = np.array([0, 1, 2, 0])
THIRDS = np.full((4, 3), 1 / 3)


def changed(array, index, value):
    """Return a copy of `array` that differs in one place."""
    copy = array.copy()
    copy[index] = value
    return copy


BAD = {
    "scalar logits": (ValueError, r"`logits` .* at least one dimension.*\(\)", (1.0, 0)),
    "no classes": (ValueError, r"at least one class.*\(4, 0\)", (ZEROS[:, :0], CLASSES)),
    "label too large": (
        ValueError,
        r"`labels` in \[0, 3\), got 5 at index \(2,\)\.",
        (ZEROS, [0, 1, 5, 0]),
    ),
    "label negative": (
        ValueError,
        r"`labels` in \[0, 3\), got -1 at index \(1,\)\.",
        (ZEROS, [0, -1, 2, 0]),
    ),
    "label huge": (
        ValueError,
        r"`labels` in \[0, 3\), got 18446744073709551615 at index \(0,\)\.",
        (ZEROS, np.array([2**64 - 1, 0, 0, 0], np.uint64)),
    ),
    "small label negative": (
        ValueError,
        r"got -1 at index \(0,\)",
        (np.zeros((1, 300)), np.array([-1], np.int8)),
    ),
    "small label too large": (
        ValueError,
        r"got 3 at index \(3,\)",
        (ZEROS, np.array([0, 1, 2, 3], np.uint8)),
    ),
    "scalar label": (ValueError, r"`labels` in \[0, 3\), got 3\.", (ZEROS[0], 3)),
    "real labels": (TypeError, "`labels` .* integers, got float64", (ZEROS, [0.0, 1, 2, 0])),
    "labels too short": (ValueError, r"`labels` .* \(4,\).*got \(3,\)", (ZEROS, CLASSES[:3])),
    "labels of too few dimensions": (ValueError, r"`labels` .* got \(\)", (ZEROS, 0)),
    "labels of too many dimensions": (
        ValueError,
        r"`labels` .* got \(4, 3, 1\)",
        (ZEROS, THIRDS[..., None]),
    ),
    "soft labels of another shape": (ValueError, r"\(4, 3\), got \(4, 2\)", (ZEROS, THIRDS[:, :2])),
    "soft labels negative": (
        ValueError,
        r"`labels` to be non-negative, got -0\.5 at index \(2, 1\)\.",
        (ZEROS, changed(THIRDS, (2, 1), -0.5)),
    ),
    "soft labels negative after zeros": (
        ValueError,
        r"`labels` to be non-negative, got -1\.0 at index \(2, 0\)\.",
        (ZEROS, changed(np.eye(4, 3), (2, 0), -1)),
    ),
    "soft labels NaN": (
        ValueError,
        r"got nan at index \(2, 1\)",
        (ZEROS, changed(THIRDS, (2, 1), np.nan)),
    ),
    "soft labels infinite": (
        ValueError,
        r"got inf at index \(2,\)",
        (ZEROS, changed(THIRDS, (2, 1), np.inf)),
    ),
    "soft labels that sum to 2": (
        ValueError,
        r"`labels` to sum to 1 within 0.001, got 2\.0 at index \(0,\)\.",
        (ZEROS, 2 * np.eye(4, 3)),
    ),
    "soft labels that sum to 0": (
        ValueError,
        r"sum to 1.*got 0\.0 at index \(3,\)",
        (ZEROS, np.eye(4, 3)),
    ),
    "soft labels, wrong in one row of many": (
        ValueError,
        r"got 0\.75 at index \(40000,\)",
        (np.zeros((70_000, 2)), changed(np.full((70_000, 2), 0.5), (40_000, 1), 0.25)),
    ),
    "soft labels off by 2e-3": (ValueError, "sum to 1 within 0.001", (ZEROS, THIRDS * (1 + 2e-3))),
    "soft float32 labels off by 2e-3": (
        ValueError,
        "sum to 1 within 0.001",
        (ZEROS.astype(np.float32), THIRDS * (1 + 2e-3)),
    ),
}


@pytest.mark.parametrize("function", [softmax_cross_entropy, softmax_cross_entropy_value_and_grad])
@pytest.mark.parametrize(("error", "message", "arguments"), BAD.values(), ids=BAD.keys())
def test_bad_logits_and_labels_are_refused(function, error, message, arguments):
    with pytest.raises(error, match=message):
        function(*arguments)


BAD_OPTIONS = {
    "axis too large": (ValueError, r"`axis` in \[-2, 2\).*got 2", {"axis": 2}),
    "axis too small": (ValueError, r"`axis` in \[-2, 2\).*got -3", {"axis": -3}),
    "real axis": (TypeError, "`axis` to be an integer, got 1.0", {"axis": 1.0}),
    "tuple axis": (TypeError, "`axis` to be an integer", {"axis": (1,)}),
    "unknown reduction": (ValueError, "`reduction` .*'average'", {"reduction": "average"}),
    "no reduction": (ValueError, "`reduction` .*None", {"reduction": None}),
    "integer where": (TypeError, "`where` to be boolean, got int64", {"where": CLASSES}),
    "masked where": (TypeError, "`where` without a mask", {"where": np.ma.array([True] * 4)}),
    "where of another shape": (
        ValueError,
        r"`where` .*\(4,\), got \(4, 3\)",
        {"where": THIRDS > 0},
    ),
    "negative smoothing": (
        ValueError,
        r"`label_smoothing` in \[0, 1\], got -0.1",
        {"label_smoothing": -0.1},
    ),
    "smoothing above 1": (ValueError, r"in \[0, 1\], got 1.5", {"label_smoothing": 1.5}),
    "NaN smoothing": (ValueError, r"in \[0, 1\], got nan", {"label_smoothing": np.nan}),
    "string smoothing": (TypeError, "`label_smoothing` to be a number", {"label_smoothing": "0.1"}),
    "complex smoothing": (
        TypeError,
        "`label_smoothing` to be a number",
        {"label_smoothing": np.complex64(0.1)},
    ),
    "array smoothing": (TypeError, "`label_smoothing` to be a number", {"label_smoothing": ZEROS}),
}


@pytest.mark.parametrize("function", [softmax_cross_entropy, softmax_cross_entropy_value_and_grad])
@pytest.mark.parametrize(
    ("error", "message", "options"), BAD_OPTIONS.values(), ids=BAD_OPTIONS.keys()
)
def test_bad_options_are_refused(function, error, message, options):
    with pytest.raises(error, match=message):
        function(ZEROS, CLASSES, **options)


def test_smoothing_of_soft_labels_is_refused():
    with pytest.raises(ValueError, match=r"`label_smoothing` to be 0 with soft labels, got 0\.1"):
        softmax_cross_entropy(ZEROS, THIRDS, label_smoothing=0.1)


@pytest.mark.parametrize("index", [(0, 2), (3, 1)])
def test_index_in_a_message_is_that_of_the_argument(index):
    labels = np.full((4, 5), 1)
    with pytest.raises(ValueError, match=rf"got 3 at index \({index[0]}, {index[1]}\)"):
        softmax_cross_entropy(np.zeros((4, 3, 5)), changed(labels, index, 3), axis=1)
    soft = np.full((4, 3, 5), 1 / 3)
    bad = changed(soft, (index[0], 2, index[1]), -1)
    with pytest.raises(ValueError, match=rf"got -1.0 at index \({index[0]}, 2, {index[1]}\)"):
        softmax_cross_entropy(np.zeros((4, 3, 5)), bad, axis=1)
    bad = changed(soft, (index[0], 2, index[1]), 1)
    with pytest.raises(ValueError, match=rf"got 1.6.* at index \({index[0]}, {index[1]}\)"):
        softmax_cross_entropy(np.zeros((4, 3, 5)), bad, axis=1)


def test_index_in_a_message_counts_all_blocks():
    soft = np.full((70_000, 2), 0.5)
    with pytest.raises(ValueError, match=r"at index \(69000,\)"):
        softmax_cross_entropy(np.zeros((70_000, 2)), changed(soft, (69_000, 1), 0.4))


def test_only_rows_that_count_are_refused():
    where = np.array([True, False, False, True])
    for labels, bad in ((CLASSES, 7), (THIRDS, np.nan), (THIRDS, -1.0), (THIRDS, 1.0)):
        assert softmax_cross_entropy(ZEROS, changed(labels, 1, bad), where=where)[1] == 0
        with pytest.raises(ValueError, match=r"got .* at index \(3"):
            softmax_cross_entropy(ZEROS, changed(changed(labels, 1, bad), 3, bad), where=where)


def test_soft_labels_may_miss_1_by_their_tolerance():
    for off in (9e-4, -9e-4):
        loss = softmax_cross_entropy(ZEROS, THIRDS * (1 + off))
        assert_allclose(loss, (1 + off) * np.log(3), rtol=1e-14)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, Fraction])
def test_label_smoothing_is_a_float_first(kind):
    """In float16, 0.1 over a hundred thousand classes would round to 1.01e-6."""
    label_smoothing = kind(1) / kind(10)
    logits = np.zeros((1, 100_000))
    logits[0, 0] = 5
    loss = softmax_cross_entropy(logits, [0], label_smoothing=label_smoothing)
    expected = np.log(np.exp(5) + 99_999) - 5 * (1 - float(label_smoothing) * (1 - 1e-5))
    assert_allclose(loss, [expected], rtol=1e-13)
    few = softmax_cross_entropy(logits[:, :3], [0], label_smoothing=label_smoothing)
    assert few == softmax_cross_entropy(logits[:, :3], [0], label_smoothing=float(label_smoothing))


@pytest.mark.parametrize("empty", [[], (), np.empty(0), np.empty(0, np.float32), np.empty(0, int)])
def test_empty_lists_are_labels_and_masks(dtype, empty):
    """They are float64 by NumPy's rule."""
    logits = np.empty((0, 3), dtype)
    for options in ({}, {"where": empty}, {"where": empty, "label_smoothing": 0.1}):
        loss, grad = softmax_cross_entropy_value_and_grad(logits, empty, **options)
        assert loss.shape == (0,)
        assert grad.shape == (0, 3)
        assert loss.dtype == grad.dtype == dtype
        assert softmax_cross_entropy(logits, empty, reduction="sum", **options) == 0
    assert softmax_cross_entropy(np.empty((2, 0, 3)), [[], []]).shape == (2, 0)
    assert softmax_cross_entropy(np.empty((0, 3)), np.empty((0, 3))).shape == (0,)


@pytest.mark.parametrize("label_smoothing", [0, 1, 0.0, 1.0, False, np.float32(0.5)])
def test_label_smoothing_up_to_its_ends(label_smoothing):
    loss = softmax_cross_entropy(ZEROS, CLASSES, label_smoothing=label_smoothing)
    assert_allclose(loss, np.log(3), rtol=1e-15)


# `out`: refused before anything is written.

BAD_OUT = {
    "a list": (TypeError, "`out` to be a plain array, got list", lambda z: z.tolist()),
    "a masked array": (TypeError, "`out` .* got MaskedArray", lambda z: np.ma.array(z.copy())),
    "float32": (TypeError, "`out` to be float64, got float32", lambda z: z.astype(np.float32)),
    "big-endian": (TypeError, "`out` to be float64, got >f8", lambda z: z.astype(">f8")),
    "another shape": (ValueError, r"`out` .*\(4, 3\), got \(3, 4\)", lambda z: z.T.copy()),
    "read-only": (ValueError, "`out` to be writeable", lambda z: np.broadcast_to(0.0, z.shape)),
    "one row for all": (
        ValueError,
        r"`out` not to overlap itself, got strides \(0, 8\)",
        lambda z: as_strided(np.zeros(3), z.shape, (0, 8)),
    ),
    "a window that slides": (
        ValueError,
        "`out` not to overlap itself",
        lambda z: sliding_window_view(np.zeros(9), 3, writeable=True)[::2],
    ),
    "the logits": (ValueError, "`out` not to overlap `logits`", lambda z: z),
    "the logits reversed": (ValueError, "`out` not to overlap `logits`", lambda z: z[::-1]),
}


@pytest.mark.parametrize(("error", "message", "make"), BAD_OUT.values(), ids=BAD_OUT.keys())
def test_bad_out_is_refused(error, message, make):
    logits = ZEROS.copy()
    with pytest.raises(error, match=message):
        softmax_cross_entropy_value_and_grad(logits, CLASSES, out=make(logits))
    assert_array_equal(logits, ZEROS)


@pytest.mark.parametrize(
    ("shape", "out"),
    [
        ((0, 3), np.empty((0, 3))),
        ((1, 3), np.empty((3, 1)).T),
        ((4, 3), np.empty((5, 3, 7)).T[2, :, ::-1].T[:4]),
        ((2, 3), np.empty((2, 9))[::-1, ::-4]),
        ((1, 3), as_strided(np.empty(3), (1, 3), (0, 8))),
    ],
)
def test_out_of_any_steps_that_do_not_meet(shape, out):
    logits, labels = np.arange(float(np.prod(shape))).reshape(shape), np.zeros(shape[0], int)
    expected = softmax_cross_entropy_value_and_grad(logits, labels)[1]
    assert softmax_cross_entropy_value_and_grad(logits, labels, out=out)[1] is out
    assert_array_equal(out, expected)


def test_two_rows_of_out_may_not_be_one():
    out = as_strided(np.zeros(3), (2, 3), (0, 8))
    with pytest.raises(ValueError, match="`out` not to overlap itself"):
        softmax_cross_entropy_value_and_grad(ZEROS[:2], CLASSES[:2], out=out)


class Interface:
    """Numbers that are no array, but lend one their memory."""

    def __init__(self, array):
        self.array = array
        self.__array_interface__ = array.__array_interface__


class Tensor:
    """The same by the other protocol, which tensors and tables follow."""

    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        return self.array


@pytest.mark.parametrize(
    "wrap", [np.asarray, memoryview, Interface, Tensor, lambda a: a.view(np.matrix)]
)
@pytest.mark.parametrize("name", ["logits", "integer logits", "labels", "where"])
def test_out_may_not_overlap_what_lends_its_memory(dtype, wrap, name):
    """The converted arrays are looked at, whatever they were made of."""
    out = np.array([[1.0, 0.0]], dtype)
    arguments, options = [np.zeros((1, 2), dtype), [1]], {}
    if name == "where":
        options["where"] = memoryview(out.view(bool)[0, :1])
    elif name == "labels":
        arguments[1] = wrap(out)
    else:
        if name == "integer logits":
            out = out.astype(np.float64)
        arguments[0] = wrap(out.view(np.int64) if name == "integer logits" else out)
    with pytest.raises(ValueError, match=f"`out` not to overlap `{name.split()[-1]}`"):
        softmax_cross_entropy_value_and_grad(*arguments, out=out, **options)
    assert_array_equal(out, [[1, 0]])


def test_out_beside_what_lends_its_memory(dtype):
    logits = np.array([[1.0, 0.0]], dtype)
    for wrap in (memoryview, Interface, Tensor):
        out = np.empty_like(logits)
        _, grad = softmax_cross_entropy_value_and_grad(wrap(logits), [1], out=out)
        assert grad is out
        assert_array_equal(grad, softmax_cross_entropy_value_and_grad(logits, [1])[1])


@pytest.mark.parametrize(("error", "message", "arguments"), BAD.values(), ids=BAD.keys())
def test_out_is_untouched_by_an_error(error, message, arguments):
    out = np.full((4, 3), 7.0)
    with pytest.raises(error, match=message):
        softmax_cross_entropy_value_and_grad(*arguments, out=out)
    assert_array_equal(out, 7)


# Everything else is taken, in any shape, type, order and layout.


def naive_value_and_grad(logits, labels, axis):
    """Return what the textbook says, row by row, for logits so close that it is right."""
    z = np.moveaxis(np.asarray(logits, np.float64), axis, -1)
    soft = np.ndim(labels) == np.ndim(logits)
    t = np.moveaxis(labels, axis, -1) if soft else labels
    loss, grad = np.empty(z.shape[:-1]), np.empty(z.shape)
    for index in np.ndindex(loss.shape):
        target = t[index] if soft else np.eye(z.shape[-1])[t[index]]
        y = np.exp(z[index]) / np.exp(z[index]).sum()
        loss[index] = -(target * np.log(y)).sum()
        grad[index] = y - target
    return loss, np.moveaxis(grad, -1, axis)


@st.composite
def layouts(draw, array):
    """Draw the same array in another memory layout."""
    order = draw(st.permutations(range(array.ndim)))
    other = array.transpose(order).copy()
    for axis in range(array.ndim):
        match draw(st.sampled_from(["as it is", "backwards", "with gaps"])):
            case "backwards":
                other = np.flip(np.flip(other, axis).copy(), axis)
            case "with gaps":
                other = np.repeat(other, 2, axis)[(slice(None),) * axis + (slice(None, None, 2),)]
    return other.transpose(np.argsort(order))


@st.composite
def problems(draw):
    """Draw logits, labels of either sort, an axis, and any memory layout of all of them."""
    matrix = draw(st.booleans())  # large enough to be taken down its columns
    shape = draw(
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=60)
        if matrix
        else hnp.array_shapes(max_dims=4, max_side=4)
    )
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    dtype = draw(st.sampled_from(["f2", "f4", "f8", ">f4", ">f8", "i1", "u2", "i8", "?"]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    logits = rng.integers(0, 2 if dtype == "?" else 9, size=shape).astype(dtype)
    rows = tuple(np.delete(shape, axis))
    if draw(st.booleans()):
        labels = rng.integers(shape[axis], size=rows).astype(
            draw(st.sampled_from(["u1", "i2", "i8", "u8", ">i4"]))
        )
    else:
        labels = np.moveaxis(rng.dirichlet(np.ones(shape[axis]), size=rows), -1, axis)
    where = rng.random(rows) < draw(st.sampled_from([0.0, 0.5, 1.0]))
    return draw(layouts(logits)), draw(layouts(labels)), draw(layouts(np.asarray(where))), axis


@given(problem=problems(), reduction=st.sampled_from(["none", "sum", "mean"]), data=st.data())
def test_any_layout_agrees_with_the_naive_reference(problem, reduction, data):
    logits, labels, where, axis = problem
    dtype = np.float32 if logits.dtype.newbyteorder("=") in (np.float16, np.float32) else np.float64
    out = data.draw(layouts(np.zeros(logits.shape, dtype)))
    inputs = logits.copy(), labels.copy(), where.copy()
    loss, grad = softmax_cross_entropy_value_and_grad(
        logits, labels, axis=axis, where=where, reduction=reduction, out=out
    )
    expected_loss, expected_grad = naive_value_and_grad(logits, labels, axis)
    expected_loss = np.where(where, expected_loss, 0)
    expected_grad = np.where(np.expand_dims(where, axis), expected_grad, 0)
    if reduction == "mean" and where.any():
        expected_grad = expected_grad / where.sum()
    if reduction != "none":
        expected_loss = expected_loss.sum()
    if reduction == "mean":
        expected_loss = expected_loss / where.sum() if where.any() else np.nan
    tolerance = 1e-5 if dtype == np.float32 else 1e-12  # labels are rounded to the working type
    assert grad is out
    assert (loss.dtype, grad.dtype) == (dtype, dtype)
    assert np.shape(loss) == np.shape(expected_loss)
    assert_allclose(loss, expected_loss, rtol=tolerance, atol=tolerance)
    assert_allclose(grad, expected_grad, rtol=0, atol=tolerance)
    for array, copy in zip((logits, labels, where), inputs, strict=True):
        assert_array_equal(array, copy)


@given(
    logits=hnp.arrays(np.float64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=60)),
    labels=st.integers(0, 0),
)
def test_any_bits_at_all_give_a_loss_or_nan(logits, labels):
    loss, grad = softmax_cross_entropy_value_and_grad(logits, np.full(len(logits), labels))
    sound = (logits.max(axis=1) < np.inf) & (logits.max(axis=1) > -np.inf)
    assert_array_equal(np.isnan(loss), ~sound)
    assert_array_equal(np.isnan(grad), np.broadcast_to(~sound[:, None], grad.shape))
    assert np.all(loss[sound] >= 0)
    assert np.all(np.abs(grad[sound]) <= 1)


@given(
    st.one_of(
        st.none(), st.text(), st.binary(), st.lists(st.one_of(st.text(), st.floats(), st.none()))
    )
)
def test_anything_else_is_refused_in_words(anything):
    for arguments in ((anything, [0]), ([[0.0, 1.0]], anything)):
        try:
            softmax_cross_entropy_value_and_grad(*arguments)
        except (TypeError, ValueError) as error:
            assert str(error).startswith("Expected `")  # noqa: PT017
