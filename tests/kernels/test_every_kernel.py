"""What holds of every kernel: numbers of any type, in any memory layout, and none is written to."""

import numpy as np
import pytest
from calls import calls
from numpy.testing import assert_array_equal

# Short, down the columns, along the rows.
SHAPES = [(5, 3), (300, 3), (60, 41)]
CALLS = list(calls())

every_kernel = pytest.mark.parametrize("name", CALLS)


def call(name, shape, change):
    """Return the results of a kernel, as a list, for its arrays changed by `change`."""
    function, arguments = calls(*shape)[name]
    out = function(*map(change, arguments.values()))
    return list(out) if isinstance(out, tuple) else [out]


def in_type(kind):
    """Return what gives an array that is not of class labels another type."""
    return lambda array: array if array.dtype.kind == "i" else array.astype(kind)


def whole(kind):
    """Return what makes one-hot rows of an array that is not of class labels."""
    one_hot = {n: np.eye(n)[np.arange(60) % n] for n in (3, 41)}
    return lambda a: a if a.dtype.kind == "i" else one_hot[a.shape[1]][: len(a)].astype(kind)


@every_kernel
@pytest.mark.parametrize(
    ("kind", "working"),
    [("f2", "f4"), ("f4", "f4"), ("f8", "f8"), (">f2", "f4"), (">f4", "f4"), (">f8", "f8")],
)
def test_float16_works_in_float32_and_other_floats_are_kept(name, kind, working):
    given = in_type(kind.strip(">"))
    actual = call(name, (5, 3), lambda array: in_type(kind)(given(array)))
    for out, expected in zip(
        actual, call(name, (5, 3), lambda array: in_type(working)(given(array))), strict=True
    ):
        assert out.dtype == np.dtype(working)
        assert_array_equal(out, expected)


@pytest.mark.parametrize(
    "name",
    [name for name in CALLS if {"q", "y"} & set(calls()[name][1]) and "constant" not in name],
)
@pytest.mark.parametrize("narrow", ["f2", "f4"])
@pytest.mark.parametrize("first", [True, False])
def test_mixed_types_are_promoted_first(name, narrow, first):
    """The narrower argument is exact in float64, and nothing is computed before."""
    function, arguments = calls()[name]
    one, other = arguments.values()
    given = (one.astype(narrow), other) if first else (one, other.astype(narrow))
    out = function(*given)
    assert_array_equal(out, function(*(array.astype(float) for array in given)))
    assert out.dtype == np.float64


@every_kernel
@pytest.mark.parametrize("kind", ["?", "i1", "u1", "i8", "u8", ">i4", "list"])
def test_integers_work_in_float64(name, kind):
    change = (lambda array: whole(int)(array).tolist()) if kind == "list" else whole(kind)
    for out, expected in zip(
        call(name, (5, 3), change), call(name, (5, 3), whole(float)), strict=True
    ):
        assert out.dtype == np.float64
        assert_array_equal(out, expected)


@pytest.mark.parametrize("name", sorted(set(CALLS) - {"block_state"}))  # it keeps to a bar alone
@pytest.mark.parametrize("shape", SHAPES)
def test_memory_layout_does_not_show(name, dtype, shape):
    expected = call(name, shape, in_type(dtype))
    for layout in (
        np.asfortranarray,
        lambda array: np.repeat(array, 2, axis=-1)[..., ::2],
        lambda array: array[::-1].copy()[::-1],
        lambda array: array.view(np.matrix) if array.ndim == 2 else array,
    ):
        actual = call(name, shape, lambda array, of=layout: of(in_type(dtype)(array)))
        for out, same in zip(actual, expected, strict=True):
            assert_array_equal(out, same)
            assert type(out) is type(same)


@every_kernel
@pytest.mark.parametrize("shape", SHAPES)
def test_inputs_are_not_written_to(name, dtype, shape):
    given = []

    def lock(array):
        given.append((array.astype(dtype if array.dtype.kind == "f" else int), array))
        given[-1][0].flags.writeable = False
        return given[-1][0]

    results = call(name, shape, lock)
    for array, before in given:
        assert_array_equal(array, before.astype(array.dtype))
        assert not any(np.may_share_memory(out, array) for out in results)
