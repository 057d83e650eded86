"""Input checks that all kernels share: dtypes, shapes, domains, and how an error reads.

One rule for dtypes: float32 and float64 stay what they are, float16 becomes float32, integers and
booleans become float64. Everything else raises `TypeError`; a shape or a value out of its domain
raises `ValueError`. A message says what was expected of which argument, what came, and where.
"""

import operator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]
"""What the kernels return: an array, or a NumPy scalar where no axis is left."""

REDUCTIONS = ("none", "sum", "mean")


def _masked(values: object) -> bool:
    """Whether `values`, or anything in a list of them, is a masked array."""
    if isinstance(values, list | tuple):
        return any(map(_masked, values))
    return isinstance(values, np.ma.MaskedArray)


def as_array(values: ArrayLike, name: str) -> Array:
    """Real numbers as a plain array, not copied if they are one already."""
    if _masked(values):
        raise TypeError(f"Expected `{name}` without a mask, got a masked array.")
    try:
        array = np.asarray(values)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"Expected `{name}` to be an array, got {error}.") from error
    if array.dtype.kind not in "biuf" or array.dtype.char == "g":
        raise TypeError(
            f"Expected `{name}` to hold real numbers of at most 64 bits, got {array.dtype}."
        )
    return array


def as_float(values: ArrayLike, name: str) -> Array:
    """Real numbers as float32 (from float16 and float32) or float64 (from all others)."""
    array = as_array(values, name)
    small = array.dtype.type in (np.float16, np.float32)
    return np.asarray(array, dtype=np.float32 if small else np.float64)


def check(valid: Array, values: Array, name: str, expected: str) -> None:
    """Raise for the first of `values` that is not `valid`: its value and where it stands."""
    if not valid.all():
        index = tuple(int(i) for i in np.unravel_index(np.argmin(valid), valid.shape))
        where = f" at index {index}" if index else ""
        raise ValueError(f"Expected `{name}` {expected}, got {values[index]}{where}.")


def check_axis(axis: int, ndim: int, name: str) -> int:
    """`axis` counted from the end (-1 is the last) of an array called `name`."""
    try:
        index = operator.index(axis)
    except TypeError:
        raise TypeError(f"Expected `axis` to be an integer, got {axis!r}.") from None
    if not -ndim <= index < ndim:
        raise ValueError(f"Expected `axis` in [{-ndim}, {ndim}) as `{name}` has, got {index}.")
    return index - ndim if index >= 0 else index


def check_probabilities(values: Array, name: str) -> Array:
    """Sums over the last axis of `values`, which must be at least 0 and sum to 1 there."""
    if values.ndim == 0:
        raise ValueError(f"Expected `{name}` to have at least one dimension, got shape ().")
    if not values.min(initial=0.0) >= 0.0:  # so written, it catches NaN too
        check(values >= 0.0, values, name, "to be non-negative")
    tolerance = 1e-6 if values.dtype == np.float64 else 1e-3
    with np.errstate(all="ignore"):
        totals = np.asarray(values.sum(axis=-1))
        check(np.abs(totals - 1.0) <= tolerance, totals, name, f"to sum to 1 within {tolerance}")
    return totals


def check_reduction(reduction: str) -> None:
    """`reduction` must be one of the three."""
    if reduction not in REDUCTIONS:
        raise ValueError(f"Expected `reduction` to be one of {REDUCTIONS}, got {reduction!r}.")
