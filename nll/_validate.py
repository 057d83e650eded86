"""Input checks that all kernels share: dtypes, shapes, domains, and how an error reads.

One rule for dtypes: float32 and float64 stay what they are, float16 becomes float32, integers and
booleans become float64. Everything else raises `TypeError`; a shape or a value out of its domain
raises `ValueError`. A message says what was expected of which argument, what came, and where.
"""

import math
import operator
from numbers import Real
from typing import Any, Literal, NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]
"""What the kernels return: an array, or a NumPy scalar where no axis is left."""

_FLOATS = frozenset({np.dtype(np.float32), np.dtype(np.float64)})

Reduction = Literal["none", "sum", "mean"]
REDUCTIONS = ("none", "sum", "mean")

SUM_TOLERANCE = 1e-3  # enough against a wrong axis or logits; rounding is none of its business
_ROWS_AT_A_TIME = 1 << 15  # checked together, so that a check takes little memory


def _masked(values: object) -> bool:
    """Whether `values`, or an item of a list of them, is a masked array."""
    types = set(map(type, values)) if isinstance(values, (list, tuple)) else {type(values)}
    return any(issubclass(kind, np.ma.MaskedArray) for kind in types)


def _type_found(array: Array) -> str:
    """Say what an array holds that is of no use, and how to make it useful."""
    if array.dtype.kind == "V" and array.dtype.names is None and array.dtype.type is not np.void:
        return f"{array.dtype}; `.astype(np.float32)` converts it"  # bfloat16 and its kin
    if array.dtype == object:
        widest = max((v.bit_length() for v in array.flat if isinstance(v, int)), default=0)
        if widest > 63:
            return f"an integer of {widest} bits"
    return str(array.dtype)


def _converted(values: ArrayLike, name: str) -> Array:
    """Whatever NumPy makes an array of, but for masked arrays, whose mask would be lost."""
    if _masked(values):
        raise TypeError(f"Expected `{name}` without a mask, got a masked array.")
    try:
        return np.asarray(values)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"Expected `{name}` to be an array, got {error}") from error
    except (TypeError, RuntimeError) as error:  # of a tensor that does not become an array as it is
        if getattr(values, "requires_grad", False):
            hint = f"a tensor that requires grad; pass `{name}.detach()`."
        elif "bfloat16" in str(getattr(values, "dtype", "")):
            hint = f"bfloat16; pass `{name}.float()`."
        else:
            hint = str(error)
        raise TypeError(f"Expected `{name}` to be an array, got {hint}") from error


def as_array(values: ArrayLike, name: str) -> Array:
    """Real numbers as a plain array, not copied if they are one already."""
    array = values if type(values) is np.ndarray else _converted(values, name)
    if array.dtype.kind not in "biuf" or array.dtype.char == "g":
        raise TypeError(
            f"Expected `{name}` to hold real numbers of at most 64 bits, got {_type_found(array)}."
        )
    return array


def as_float(values: ArrayLike, name: str) -> Array:
    """Real numbers as float32 (from float16 and float32) or float64 (from all others)."""
    if type(values) is np.ndarray and values.dtype in _FLOATS:
        return values
    array = as_array(values, name)
    small = array.dtype.type in (np.float16, np.float32)
    return np.asarray(array, dtype=np.float32 if small else np.float64)


def refuse(value: Any, name: str, expected: str, index: tuple[Any, ...]) -> NoReturn:
    """Raise for one value: what was expected, what came, and where."""
    where = f" at index {tuple(map(int, index))}" if index else ""
    raise ValueError(f"Expected `{name}` {expected}, got {value}{where}.")


def check(valid: Array, values: Array, name: str, expected: str) -> None:
    """Raise for the first of `values` that is not `valid`."""
    if not valid.all():
        index = np.unravel_index(np.argmin(valid), valid.shape)
        refuse(values[index], name, expected, index)


def check_axis(axis: int, ndim: int, name: str) -> int:
    """`axis` counted from the end (-1 is the last) of an array called `name`."""
    try:
        index = operator.index(axis)
    except TypeError:
        raise TypeError(f"Expected `axis` to be an integer, got {axis!r}.") from None
    if not -ndim <= index < ndim:
        raise ValueError(f"Expected `axis` in [{-ndim}, {ndim}) as `{name}` has, got {index}.")
    return index - ndim if index >= 0 else index


def check_axes(axis: int | tuple[int, ...] | None, ndim: int, name: str) -> tuple[int, ...]:
    """Like `check_axis` for a tuple of axes; None is all of them. A scalar has an axis of one."""
    if axis is None or (ndim == 0 and axis in (0, -1)):
        return tuple(range(-ndim, 0))
    if not isinstance(axis, tuple):
        return (check_axis(axis, ndim, name),)
    axes = tuple(check_axis(i, ndim, name) for i in axis)
    if len(set(axes)) < len(axes):
        raise ValueError(f"Expected `axis` without duplicates, got {axis}.")
    return axes


@np.errstate(all="ignore")
def check_probabilities(values: Array, name: str, axis: int, where: Array | None = None) -> None:
    """`values` must be at least 0 and sum to 1 along `axis`, in the rows where they count."""
    if not values.min(initial=0) >= 0:  # so written, it catches NaN too
        excluded = False if where is None else ~np.expand_dims(where, axis)
        check((values >= 0) | excluded, values, name, "to be non-negative")
    moved = np.moveaxis(values, axis, -1)
    *shape, classes = moved.shape
    rows = moved.reshape(math.prod(shape), classes)
    kept = None if where is None else where.ravel()
    for start in range(0, len(rows), _ROWS_AT_A_TIME):
        block = slice(start, start + _ROWS_AT_A_TIME)
        totals = rows[block].sum(axis=1, dtype=np.float64)
        valid = np.abs(totals - 1) <= SUM_TOLERANCE
        if kept is not None:
            valid |= ~kept[block]
        if not valid.all():
            first = int(np.argmin(valid))
            index = np.unravel_index(start + first, shape)
            refuse(totals[first], name, f"to sum to 1 within {SUM_TOLERANCE}", index)


def check_broadcast(**shapes: tuple[int, ...]) -> None:
    """Shapes of the named arrays must broadcast."""
    try:
        np.broadcast_shapes(*shapes.values())
    except ValueError:
        names = " and ".join(f"`{name}`" for name in shapes)
        got = " and ".join(map(str, shapes.values()))
        raise ValueError(f"Expected {names} of shapes that broadcast, got {got}.") from None


def check_reduction(reduction: str) -> None:
    """`reduction` must be one of the three."""
    if not isinstance(reduction, str) or reduction not in REDUCTIONS:
        raise ValueError(f"Expected `reduction` to be one of {REDUCTIONS}, got {reduction!r}.")


def as_logits(logits: ArrayLike, axis: int) -> tuple[Array, int]:
    """Logits as floats, with at least one class along `axis`, and `axis` counted from the end."""
    array = as_float(logits, "logits")
    if array.ndim == 0:
        raise ValueError("Expected `logits` to have at least one dimension, got shape ().")
    axis = check_axis(axis, array.ndim, "logits")
    if array.shape[axis] == 0:
        raise ValueError(
            f"Expected `logits` to have at least one class along axis {axis}, "
            f"got shape {array.shape}."
        )
    return array, axis


def as_row_mask(where: ArrayLike, shape: tuple[int, ...]) -> Array:
    """`where` as booleans, one for each row."""
    mask = as_array(where, "where")
    if mask.dtype != np.bool_ and mask.size:  # an empty list is float64 by NumPy's rule
        raise TypeError(f"Expected `where` to be boolean, got {mask.dtype}.")
    if mask.shape != shape:
        raise ValueError(f"Expected `where` to have shape {shape}, got {mask.shape}.")
    return np.asarray(mask, np.bool_)


def as_label_smoothing(label_smoothing: float, soft: bool) -> float:
    """`label_smoothing` as a float in [0, 1], and 0 for labels that are soft already."""
    if not isinstance(label_smoothing, (float, Real)):  # the first alone is quicker
        raise TypeError(f"Expected `label_smoothing` to be a number, got {label_smoothing!r}.")
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"Expected `label_smoothing` in [0, 1], got {label_smoothing}.")
    if soft and label_smoothing:
        raise ValueError(
            f"Expected `label_smoothing` to be 0 with soft labels, got {label_smoothing}."
        )
    return float(label_smoothing)


def check_class_labels(
    labels: Array, shape: tuple[int, ...], classes: int, where: Array | None
) -> None:
    """Integer labels: one for each row, in [0, classes) where they count."""
    if labels.shape != shape:
        raise ValueError(
            f"Expected `labels` to have shape {shape}, one class a row, "
            f"or the shape of `logits`, got {labels.shape}."
        )
    if labels.dtype.kind == "f" and labels.size:  # an empty list is float64 by NumPy's rule
        raise TypeError(f"Expected `labels` of shape {shape} to be integers, got {labels.dtype}.")
    # For a single label, argmin and argmax take a third of the time of min and max.
    if labels.size and not (
        labels.item(labels.argmin()) >= 0 and labels.item(labels.argmax()) < classes
    ):
        valid = (labels >= 0) & (labels < classes)
        check(valid if where is None else valid | ~where, labels, "labels", f"in [0, {classes})")


def check_soft_labels(labels: Array, logits: Array, axis: int, where: Array | None) -> None:
    """Soft labels: shaped like the logits, at least 0, and summing to 1 where they count."""
    if labels.shape != logits.shape:
        raise ValueError(
            f"Expected `labels` to have the shape of `logits`, {logits.shape}, got {labels.shape}."
        )
    check_probabilities(labels, "labels", axis, where)


def _overlaps_itself(array: Array) -> bool:
    """Whether two numbers of an array may lie in one place, as a step is shorter than a row."""
    reach = array.itemsize
    for step, count in sorted(zip(map(abs, array.strides), array.shape, strict=True)):
        if count > 1 and step < reach:
            return True
        reach += step * (count - 1)
    return False


def check_out(out: Array, logits: Array, inputs: dict[str, Array | None]) -> None:
    """`out` must be able to take the gradient without touching any of the `inputs`.

    They are arrays already: whatever they were made of, a tensor, a table or a buffer, an array
    that was not copied still lies in the same memory.
    """
    if not isinstance(out, np.ndarray) or _masked(out):
        raise TypeError(f"Expected `out` to be a plain array, got {type(out).__name__}.")
    if out.dtype != logits.dtype:
        raise TypeError(f"Expected `out` to be {logits.dtype}, got {out.dtype}.")
    if out.shape != logits.shape:
        raise ValueError(f"Expected `out` to have shape {logits.shape}, got {out.shape}.")
    if not out.flags.writeable:
        raise ValueError("Expected `out` to be writeable, got a read-only array.")
    if out.size and _overlaps_itself(out):
        raise ValueError(f"Expected `out` not to overlap itself, got strides {out.strides}.")
    for name, array in inputs.items():
        # A bounded search: exact for all but contrived strides, and refuses those.
        if array is not None and np.may_share_memory(out, array, max_work=1000):  # type: ignore[arg-type]
            raise ValueError(f"Expected `out` not to overlap `{name}`, got shared memory.")
