r"""The softmax cross-entropy of logits whose classes come in blocks, on one machine or many.

What has been seen of a row of logits, a set S of its classes, is kept as three numbers: the largest
logit m, what the others add to its own 1, and the label's logit once its block has come:

    r = Σ_{j∈S} exp(z_j − m) − 1, summed without the 1

No classes are (−∞, −1), a single logit is (z, 0), and two states merge, for m₁ ≥ m₂, into

    m = m₁,   r = r₁ + (1 + r₂) exp(m₂ − m₁)

in any order and in any tree. From the state of all classes follow, for each block by itself,

    loss      = (m − z_t) + log1p(r)
    y_j       = exp(z_j − m) / (1 + r)
    ∂loss/∂z  = y_j for j ≠ t, and −(r + (1 − exp(z_t − m))) / (1 + r) for t

The usual state, one logsumexp a block, has the 1 in it, and rounds away what is small beside it.
Not imported by `nll` itself: ``from nll import blocks``.
"""

import operator
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from nll._validate import Array, as_array, as_float, as_logits, check

__all__ = ["BlockState", "block_gradient", "block_state", "loss_of_state", "merge_states"]


class BlockState(NamedTuple):
    """What has been seen of each row: three arrays of one shape and dtype."""

    top: Array
    """The largest logit; −inf without one."""
    rest: Array
    """The sum of exp(logit − top) over all classes but the largest; −1 without classes."""
    label: Array
    """The label's logit, −inf as long as its block has not come."""


def _check_block(logits: ArrayLike, labels: ArrayLike, start: int) -> tuple[Array, Array, Array]:
    """Logits, each row's column of the label (0 where it is not here), and where it is here."""
    z, _ = as_logits(logits, -1)
    targets = as_array(labels, "labels")
    if targets.shape != z.shape[:-1]:
        raise ValueError(
            f"Expected `labels` to have shape {z.shape[:-1]}, one class a row, got {targets.shape}."
        )
    if targets.dtype.kind == "f" and targets.size:  # an empty list is of float64
        raise TypeError(f"Expected `labels` to be integers, got {targets.dtype}.")
    check(targets >= 0, targets, "labels", "to be at least 0")
    try:
        first = operator.index(start)
    except TypeError:
        raise TypeError(f"Expected `start` to be an integer, got {start!r}.") from None
    if not 0 <= first <= np.iinfo(np.intp).max:
        raise ValueError(f"Expected `start` to be at least 0 and an index, got {first}.")
    column = np.asarray(targets, np.intp) - first
    here = (column >= 0) & (column < z.shape[-1])
    return z, np.where(here, column, 0)[..., None], here


def _check_state(state: BlockState, name: str) -> BlockState:
    """Three arrays of floats, alike."""
    if not isinstance(state, tuple) or len(state) != len(BlockState._fields):
        raise TypeError(f"Expected `{name}` to be a BlockState, got {type(state).__name__}.")
    top, rest, label = arrays = [as_float(field, name) for field in state]
    if not (top.shape == rest.shape == label.shape and top.dtype == rest.dtype == label.dtype):
        got = ", ".join(f"{a.dtype} {a.shape}" for a in arrays)
        raise ValueError(f"Expected `{name}` to hold arrays of one shape and dtype, got {got}.")
    return BlockState(top, rest, label)


def _merge(tops: Array, rests: Array) -> tuple[Array, Array]:
    """One top and rest from those along the last axis. A logit is a top whose rest is 0."""
    best = tops.argmax(axis=-1)[..., None]
    top = np.take_along_axis(tops, best, -1)
    terms = (1 + rests) * np.exp(tops - top)
    own = np.take_along_axis(np.broadcast_to(rests, tops.shape), best, -1)
    np.put_along_axis(terms, best, own + (top - top), -1)  # of +inf and NaN nothing is left but NaN
    second = terms.argmax(axis=-1)[..., None]  # added last: a large term swallows small ones
    largest = np.take_along_axis(terms, second, -1)
    np.put_along_axis(terms, second, 0, -1)
    rest = terms.sum(axis=-1) + largest[..., 0]
    return top[..., 0], np.where(top[..., 0] == -np.inf, -1, rest).astype(tops.dtype)


@np.errstate(all="ignore")  # infinities are legal, and what they give is defined
def block_state(logits: ArrayLike, labels: ArrayLike, start: int = 0) -> BlockState:
    """Return the state of one block of classes.

    Parameters
    ----------
    logits : array_like, shape ``(..., K)``
        The logits of classes ``start`` to ``start + K - 1``. A class at −inf is masked.
    labels : array_like of int, shape ``(...)``
        The class of each row, counted over all blocks: it may well be in another one.
    start : int, default 0
        The number of the block's first class.

    Returns
    -------
    BlockState
        Arrays of shape ``(...)``; float32 for float16 and float32 logits, else float64.

    Raises
    ------
    TypeError, ValueError
        If a dtype makes no sense, shapes do not match, or a label or `start` is negative.

    Notes
    -----
    Labels are classes. Probabilities would need three numbers more in the state (Σ t_k z_k, Σ t_k
    and the t of the largest logit), and with them a loss that is not as simple.

    References
    ----------
    Chapter *scale_out* derives it. The pair with the 1 in it is that of M. Milakov, N. Gimelshein,
    "Online normalizer calculation for softmax", arXiv:1805.02867.

    Examples
    --------
    >>> from nll.blocks import block_state
    >>> state = block_state([[2.0, 2.0, -1e9]], [5])  # two classes share the first place
    >>> print(state.top, state.rest, state.label)
    [2.] [1.] [-inf]
    """
    z, column, here = _check_block(logits, labels, start)
    label = np.where(here, np.take_along_axis(z, column, -1)[..., 0], -np.inf)
    return BlockState(*_merge(z, np.zeros((), z.dtype)), label.astype(z.dtype))


@np.errstate(all="ignore")
def merge_states(states: Iterable[BlockState]) -> BlockState:
    """Return the state of all the blocks together.

    Merge in a tree. Each merge rounds, so that a chain of a thousand blocks, each merged with what
    came before it, errs by more than one machine does, while ten levels of pairs do not.

    Parameters
    ----------
    states : iterable of BlockState
        At least one, of one shape and dtype. The order changes no more than rounding does.

    Returns
    -------
    BlockState
        Of the shape and dtype of each.

    Raises
    ------
    TypeError, ValueError
        If there is none, or if they are not alike.

    References
    ----------
    Chapter *scale_out* proves that any tree gives the same, and measures how nearly.

    Examples
    --------
    >>> from nll.blocks import block_state, merge_states
    >>> parts = [block_state([[1.0, 3.0]], [2]), block_state([[3.0]], [2], start=2)]
    >>> print(*merge_states(parts), *block_state([[1.0, 3.0, 3.0]], [2]))
    [3.] [1.13533528] [3.] [3.] [1.13533528] [3.]
    """
    parts = [_check_state(state, "states") for state in states]
    kinds = {(part.top.shape, part.top.dtype) for part in parts}
    if len(kinds) != 1:
        got = " and ".join(f"{dtype} {shape}" for shape, dtype in kinds) or "none"
        raise ValueError(f"Expected `states` of one shape and dtype, got {got}.")
    tops, rests, labels = (np.stack(fields, axis=-1) for fields in zip(*parts, strict=True))
    return BlockState(*_merge(tops, rests), labels.max(axis=-1))


@np.errstate(all="ignore")
def loss_of_state(state: BlockState) -> Array:
    r"""Return the softmax cross-entropy of each row, from the state of all its classes.

    .. math:: \ell = (m - z_t) + \log(1 + r)

    Parameters
    ----------
    state : BlockState
        The state of all classes together.

    Returns
    -------
    loss : ndarray, or NumPy scalar
        Nats. Infinite where the label was in none of the blocks, NaN for a row without softmax, as
        in `nll.softmax_cross_entropy`.

    Raises
    ------
    TypeError, ValueError
        If it is not a state.

    Notes
    -----
    For a tree of up to 1000 blocks the relative error stays within the bar of
    `nll.softmax_cross_entropy`, :math:`(4 + \log K + \Delta)\,u`.

    References
    ----------
    Chapter *scale_out* derives it.

    Examples
    --------
    >>> import numpy as np
    >>> from nll.blocks import block_state, loss_of_state, merge_states
    >>> parts = [block_state([[40.0]], [0]), block_state([[0.0]], [0], start=1)]
    >>> usual = np.logaddexp(40.0, 0.0) - 40.0
    >>> print(usual, loss_of_state(merge_states(parts)))
    0.0 [4.24835426e-18]
    """
    top, rest, label = _check_state(state, "state")
    return np.asarray((top - label) + np.log1p(rest))[()]


@np.errstate(all="ignore")
def block_gradient(
    logits: ArrayLike, labels: ArrayLike, state: BlockState, start: int = 0
) -> Array:
    r"""Return prediction minus target for one block, from the state of all.

    .. math:: \frac{\partial \ell}{\partial z_j} = y_j - t_j

    Parameters
    ----------
    logits, labels, start
        The block, as for `block_state`.
    state : BlockState
        The state of all classes together.

    Returns
    -------
    grad : ndarray, shape ``(..., K)``
        Gradient of the loss of each row with respect to the block's logits.

    Raises
    ------
    TypeError, ValueError
        As `block_state`, or if the state is not one of these rows.

    Notes
    -----
    For a tree of up to 1000 blocks the relative error of every entry stays within the bar of
    `nll.softmax_cross_entropy_value_and_grad`, :math:`(10 + \log K + \Delta)\,u`.

    References
    ----------
    Chapter *scale_out* derives it.

    Examples
    --------
    >>> from nll.blocks import block_gradient, block_state, merge_states
    >>> blocks = [[40.0]], [[0.0]]
    >>> state = merge_states(block_state(z, [0], start) for start, z in enumerate(blocks))
    >>> print([block_gradient(z, [0], state, start).item() for start, z in enumerate(blocks)])
    [-4.248354255291589e-18, 4.248354255291589e-18]
    """
    z, column, here = _check_block(logits, labels, start)
    top, rest, label = (field[..., None] for field in _check_state(state, "state"))
    if top.shape[:-1] != here.shape or top.dtype != z.dtype:
        expected, got = f"{z.dtype} {here.shape}", f"{top.dtype} {top.shape[:-1]}"
        raise ValueError(f"Expected `state` to hold arrays of {expected}, got {got}.")
    grad = np.exp(z - top)
    own = np.where(
        here[..., None], -(rest + (1 - np.exp(label - top))), np.take_along_axis(grad, column, -1)
    )
    np.put_along_axis(grad, column, own, -1)
    return np.asarray(np.divide(grad, 1 + rest, out=grad))
