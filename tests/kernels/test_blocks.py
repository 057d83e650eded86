"""A loss from blocks of classes: the same number, whatever the blocks and however they merge."""

import itertools
import pickle

import mpmath
import numpy as np
import oracle
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from stress import gaps, stress_rows

from nll import softmax_cross_entropy_value_and_grad
from nll.blocks import BlockState, block_gradient, block_state, loss_of_state, merge_states


def cut(logits, bounds):
    """Return pairs of a first class and the logits from there to the next bound."""
    edges = [0, *bounds, logits.shape[-1]]
    return [(a, logits[..., a:b]) for a, b in itertools.pairwise(edges)]


def states_of(logits, labels, bounds):
    return [block_state(z, labels, start) for start, z in cut(logits, bounds)]


def tree(states, every=2):
    """Merge `every` neighbors at a time, level by level."""
    while len(states) > 1:
        states = [merge_states(states[i : i + every]) for i in range(0, len(states), every)]
    return states[0]


def grown(states, rng):
    """Merge in a tree that chance has grown, of two to eight branches at each fork."""
    if len(states) == 1:
        return states[0]
    forks = rng.integers(1, min(8, len(states)))
    bounds = np.sort(rng.choice(np.arange(1, len(states)), forks, replace=False))
    edges = [0, *bounds, len(states)]
    return merge_states([grown(states[a:b], rng) for a, b in itertools.pairwise(edges)])


def together(logits, labels, state, bounds):
    """Return the gradient of all blocks, side by side."""
    parts = [block_gradient(z, labels, state, start) for start, z in cut(logits, bounds)]
    return np.concatenate(parts, axis=-1)


def equal_bits(*states):
    return all(np.array_equal(a, b) for a, b in zip(*states, strict=True))


def close(actual, expected, within):
    """Compare two states: top and label to the bit, 1 + rest within some units roundoff."""
    u = oracle.unit_roundoff(expected.top.dtype)
    assert_array_equal(actual.top, expected.top)
    assert_array_equal(actual.label, expected.label)
    assert_allclose(1 + actual.rest, 1 + expected.rest, rtol=within * u, atol=0)


few = st.sampled_from([-np.inf, -745.0, -3.0, 0.0, 0.25, 0.25, 7.0, 300.0])
many = st.one_of(few, st.floats(-50, 50, width=32))


@st.composite
def rows_in_blocks(draw, count=None):
    """Draw rows of logits with ties and masks, labels, and where the blocks begin."""
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    classes = draw(st.integers(count or 1, 9))
    rows = draw(
        st.lists(st.lists(many, min_size=classes, max_size=classes), min_size=1, max_size=3)
    )
    labels = draw(
        st.lists(st.integers(0, classes - 1), min_size=len(rows), max_size=len(rows)).map(np.array)
    )
    inside = st.integers(1, classes - 1) if classes > 1 else st.nothing()
    size = None if count is None else count - 1
    bounds = draw(
        st.lists(inside, unique=True, min_size=size or 0, max_size=size)
        if classes > 1
        else st.just([])
    )
    return np.array(rows, dtype), labels, sorted(bounds)


@given(rows_in_blocks())
def test_one_block_is_softmax_cross_entropy(drawn):
    logits, labels, _ = drawn
    state = block_state(logits, labels)
    loss, grad = softmax_cross_entropy_value_and_grad(logits, labels)
    ours = [loss_of_state(state), block_gradient(logits, labels, state)]
    with np.errstate(all="ignore"):  # gaps of infinities: NaN, and then both are 0, NaN or infinite
        lead, gap = gaps(logits, labels)
    gap[np.arange(len(labels)), labels] = lead
    for actual, expected, bar in zip(ours, [loss, grad], [4 + lead, 10 + gap], strict=True):
        rtol = 2 * (np.nan_to_num(bar, posinf=0) + np.log(9)) * oracle.unit_roundoff(logits.dtype)
        floor = 9 * np.finfo(logits.dtype).tiny
        assert actual.dtype == expected.dtype
        for one, other, part in np.nditer([actual, expected, rtol.astype(float)]):
            assert_allclose(one, other, rtol=float(part), atol=floor)


@given(rows_in_blocks(), st.randoms(use_true_random=False))
def test_any_order_and_any_tree_give_the_same(drawn, random):
    logits, labels, bounds = drawn
    expected = block_state(logits, labels)
    states = states_of(logits, labels, bounds)
    random.shuffle(states)
    rng = np.random.default_rng(random.getrandbits(32))
    for merged in (merge_states(states), tree(states), grown(states, rng)):
        close(merged, expected, 60)


@given(rows_in_blocks(count=2))
def test_merging_commutes(drawn):
    """To the bit, but where both tops are one number: then either may be the winner."""
    first, second = states_of(*drawn)
    there, back = merge_states([first, second]), merge_states([second, first])
    close(there, back, 4)
    apart = first.top != second.top
    assert_array_equal(there.rest[apart], back.rest[apart])


@given(rows_in_blocks(count=3))
def test_merging_is_associative(drawn):
    first, second, third = states_of(*drawn)
    left = merge_states([merge_states([first, second]), third])
    right = merge_states([first, merge_states([second, third])])
    close(left, right, 60)


@given(rows_in_blocks())
def test_no_classes_are_the_identity_to_the_bit(drawn):
    logits, labels, _ = drawn
    state = block_state(logits, labels)
    minus = np.full_like(state.top, -np.inf)
    nothing = BlockState(minus, np.full_like(state.top, -1), minus)
    assert equal_bits(merge_states([nothing, state]), state)
    assert equal_bits(merge_states([state, nothing]), state)
    assert equal_bits(merge_states([nothing, nothing]), nothing)
    masked = np.full((len(labels), 2), -np.inf, logits.dtype)
    assert equal_bits(block_state(masked, labels, start=9), nothing)


def test_a_single_logit_has_no_rest():
    assert_array_equal(
        np.stack(block_state([[2.5], [-3.0]], [0, 1])), [[2.5, -3], [0, 0], [2.5, -np.inf]]
    )


def test_ties_count_across_blocks(dtype):
    logits = np.array([[1, 5, 5, 2, 5, 0]], dtype)
    for label in range(6):
        for bounds in ([2], [1, 2, 4, 5], [3, 5]):
            state = tree(states_of(logits, [label], bounds))
            rest = 2 + np.exp([-4.0, -3.0, -5.0]).sum()
            assert_allclose(state.rest, rest, rtol=1e-6 if dtype == np.float32 else 1e-15)
            assert state.top == 5
            assert state.label == logits[0, label]


def test_the_other_blocks_alone_leave_the_label_out():
    state = block_state([[1.0, 2.0]], [7])
    assert state.label == -np.inf
    assert loss_of_state(state) == np.inf
    assert not np.any(block_gradient([[1.0, 2.0]], [7], state) < 0)


@pytest.mark.parametrize("row", [[0, np.inf, 1], [0, np.nan, 1], [np.inf] * 3, [-np.inf] * 3])
@pytest.mark.parametrize("label", [0, 1])
def test_rows_without_a_softmax_are_nan(row, label, dtype):
    logits = np.array([row], dtype)
    for bounds in ([], [1], [2], [1, 2]):
        state = merge_states(states_of(logits, [label], bounds))
        assert np.isnan(loss_of_state(state)).all()
        assert np.isnan(together(logits, [label], state, bounds)).all()


def test_a_masked_class_has_no_gradient_and_costs_infinity(dtype):
    logits = np.array([[0, -np.inf, 1], [0, -np.inf, 1]], dtype)
    labels, bounds = [0, 1], [1, 2]
    state = merge_states(states_of(logits, labels, bounds))
    loss, grad = softmax_cross_entropy_value_and_grad(logits, labels)
    assert_allclose(loss_of_state(state), loss, rtol=1e-6)
    assert_allclose(together(logits, labels, state, bounds), grad, rtol=1e-6)
    assert loss_of_state(state)[1] == np.inf


@pytest.mark.parametrize(
    ("given", "kept"),
    [("f2", "f4"), ("f4", "f4"), ("f8", "f8"), ("i4", "f8"), (">f4", "f4"), ("?", "f8")],
)
def test_dtype_is_kept(given, kept):
    logits = np.array([[1, 0, 1], [0, 1, 1]], given)
    state = merge_states(states_of(logits, [0, 2], [2]))
    results = [*state, loss_of_state(state), together(logits, [0, 2], state, [2])]
    assert {result.dtype for result in results} == {np.dtype(kept)}


def test_rows_of_any_shape(rng):
    logits, labels = rng.normal(size=(2, 3, 7)), rng.integers(7, size=(2, 3))
    state = merge_states(states_of(logits, labels, [3, 5]))
    loss, grad = softmax_cross_entropy_value_and_grad(logits, labels)
    assert_allclose(loss_of_state(state), loss, rtol=1e-14)
    assert_allclose(together(logits, labels, state, [3, 5]), grad, rtol=1e-14)
    single = merge_states(states_of(logits[0, 0], labels[0, 0], [4]))
    assert isinstance(loss_of_state(single), np.float64)
    assert_allclose(loss_of_state(single), loss[0, 0], rtol=1e-14)


def test_no_rows():
    state = merge_states([block_state(np.empty((0, 3)), []), block_state(np.empty((0, 2)), [], 3)])
    assert loss_of_state(state).shape == (0,)
    assert block_gradient(np.empty((0, 3)), [], state).shape == (0, 3)


def test_states_travel(rng):
    state = block_state(rng.normal(size=(4, 3)), rng.integers(3, size=4))
    copy = pickle.loads(pickle.dumps(state))
    assert isinstance(copy, BlockState)
    assert equal_bits(copy, state)


def test_inputs_are_not_written_to(rng):
    logits, labels = rng.normal(size=(4, 3)), rng.integers(3, size=4)
    logits.flags.writeable = labels.flags.writeable = False
    state = block_state(logits, labels)
    for field in state:
        field.flags.writeable = False
    merge_states([state, state])
    loss_of_state(state)
    block_gradient(logits, labels, state)


def test_nothing_raises_under_the_strictest_caller():
    logits, labels = np.array([[-np.inf, 0], [np.inf, 1], [800, -800]]), [0, 1, 0]
    with np.errstate(all="raise"):
        state = merge_states(states_of(logits, labels, [1]))
        loss = loss_of_state(state)
        together(logits, labels, state, [1])
    assert loss[2] == 0  # exp(-1600) is


ROWS, STATE = np.zeros((2, 3)), BlockState(*np.zeros((3, 2)))
BAD = {
    "complex logits": (TypeError, "`logits`", lambda: block_state(ROWS + 1j, [0, 1])),
    "no class": (ValueError, "at least one class", lambda: block_state(ROWS[:, :0], [0, 1])),
    "labels too few": (
        ValueError,
        r"`labels` .* \(2,\).*got \(1,\)",
        lambda: block_state(ROWS, [0]),
    ),
    "soft labels": (ValueError, "one class a row", lambda: block_state(ROWS, ROWS)),
    "real labels": (TypeError, "integers, got float64", lambda: block_state(ROWS, [0.0, 1.0])),
    "negative label": (
        ValueError,
        r"`labels` to be at least 0, got -1 at index \(1,\)",
        lambda: block_state(ROWS, [0, -1]),
    ),
    "negative start": (ValueError, "`start`.*got -3", lambda: block_state(ROWS, [0, 1], -3)),
    "a start that is no index": (
        ValueError,
        "`start`.*got 1180591620717411303424",
        lambda: block_state(ROWS, [0, 1], 2**70),
    ),
    "real start": (TypeError, "`start`.*got 1.5", lambda: block_state(ROWS, [0, 1], 1.5)),
    "no states": (ValueError, "`states` .* got none", lambda: merge_states([])),
    "states of two shapes": (
        ValueError,
        r"`states` of one shape and dtype, got .*\(1,\)",
        lambda: merge_states([STATE, block_state([[1.0]], [0])]),
    ),
    "states of two dtypes": (
        ValueError,
        "`states` of one shape and dtype, got .*float32",
        lambda: merge_states([STATE, block_state(ROWS.astype("f4"), [0, 1])]),
    ),
    "fields of two shapes": (
        ValueError,
        r"`state` to hold arrays of one shape",
        lambda: loss_of_state(BlockState(np.zeros(2), np.zeros(3), np.zeros(2))),
    ),
    "not a state": (TypeError, "`state` to be a BlockState", lambda: loss_of_state(ROWS)),
    "an array among states": (TypeError, "`states` to be", lambda: merge_states([STATE, ROWS])),
    "a state of another dtype": (
        ValueError,
        r"`state` to hold arrays of float32 \(2,\), got float64 \(2,\)",
        lambda: block_gradient(ROWS.astype("f4"), [0, 1], STATE),
    ),
    "a state of other rows": (
        ValueError,
        r"`state` to hold arrays of float64 \(2,\), got float64 \(1,\)",
        lambda: block_gradient(ROWS, [0, 1], block_state([[1.0]], [0])),
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case):
    error, message, call = BAD[case]
    with pytest.raises(error, match=message):
        call()


SIZES = [(2, 2, 20), (10, 7, 12), (100, 30, 2), (1000, 1000, 1)]
"""Classes, blocks, and rows for each kind of trouble."""


@pytest.fixture(params=SIZES, ids=lambda size: f"K={size[0]}-B={size[1]}", scope="module")
def hard(request):
    """Return hard rows of both dtypes, where to cut them, and the exact answers."""
    classes, count, rows = request.param
    bounds = np.linspace(0, classes, count + 1).astype(int)[1:-1]
    cases = []
    for dtype in (np.float32, np.float64):
        logits, labels = stress_rows(dtype, classes, rows)
        pairs = zip(logits, labels, strict=True)
        losses, grads = zip(*[oracle.loss_and_gradient(*pair) for pair in pairs], strict=True)
        cases.append((logits, labels, bounds, np.array(losses), np.array(grads)))
    return cases


def of_bar(logits, labels, bounds, losses, grads, state):
    """Return the worst error of loss and gradient over what is documented for it."""
    lead, gap = gaps(logits, labels)
    gap[np.arange(len(labels)), labels] = lead
    floor = logits.shape[1] * float(np.finfo(logits.dtype).tiny)
    used = []
    for actual, true, bar in [
        (loss_of_state(state), losses, 4 + np.log(logits.shape[1]) + lead),
        (together(logits, labels, state, bounds), grads, 10 + np.log(logits.shape[1]) + gap),
    ]:
        counts = np.abs(true) >= floor
        used.append(np.max(oracle.errors(actual[counts], true[counts]) / bar[counts]))
    return used


MERGES = {
    "pairs": tree,
    "eights": lambda states: tree(states, 8),
    "grown": lambda states: grown(states, np.random.default_rng(5)),
    "at once": merge_states,
    "at once, backwards": lambda states: merge_states(states[::-1]),
}


@pytest.mark.parametrize("merge", MERGES)
def test_any_shallow_tree_keeps_the_bars_of_one_machine(hard, merge):
    for logits, labels, bounds, losses, grads in hard:
        state = MERGES[merge](states_of(logits, labels, bounds))
        assert max(of_bar(logits, labels, bounds, losses, grads, state)) <= 1


def test_a_chain_of_a_thousand_blocks_does_not(dtype):
    """What the tree is for: the same thousand states, each merged with all before it."""
    logits, labels = stress_rows(dtype, 1000, 20)
    states = states_of(logits, labels, range(1, 1000))
    chain = states[0]
    for state in states[1:]:
        chain = merge_states([chain, state])
    true = np.exp(logits.astype(np.longdouble) - logits.max(axis=1, keepdims=True)).sum(axis=1)
    u = oracle.unit_roundoff(dtype)
    by_chain, by_tree = (
        float(np.max(np.abs(state.rest + np.longdouble(1) - true) / true)) / u
        for state in (chain, tree(states))
    )
    assert by_tree < 4
    assert by_chain > 10


@pytest.mark.parametrize("classes", [40, 127, 128, 256, 1000])
@pytest.mark.parametrize("count", [1, 2, 16])
def test_many_small_terms_beside_a_one_are_not_lost(classes, count, dtype):
    """Added to the one in turn, each of them would vanish."""
    u = oracle.unit_roundoff(dtype)
    logits = np.full((1, classes), np.log(0.9 * u), dtype)
    logits[:, :2] = 0
    bounds = np.linspace(0, classes, count + 1).astype(int)[1:-1]
    state = tree(states_of(logits, [1], bounds))
    small = (classes - 2) * mpmath.exp(mpmath.mpf(float(logits[0, 2])))
    grad = together(logits, [1], state, bounds)
    actual = np.array([loss_of_state(state)[0], -grad[0, 1]], dtype)
    true = np.array([mpmath.log(2 + small), (1 + small) / (2 + small)])
    assert np.all(oracle.errors(actual, true) <= np.array([4, 10]) + np.log(classes))


def test_the_usual_states_lose_what_these_keep(dtype):
    logits, labels = stress_rows(dtype, 10, 12)
    logits = logits[24:36]  # confident and right
    labels = labels[24:36]
    each = np.arange(12)
    halves = [np.logaddexp.reduce(half, axis=1) for half in np.split(logits, 2, axis=1)]
    assert np.mean(np.logaddexp(*halves) == logits[each, labels]) > 0.5
    assert np.all(loss_of_state(merge_states(states_of(logits, labels, [5]))) > 0)


def test_gradient_rows_sum_to_zero(dtype):
    logits, labels = stress_rows(dtype, 100, 10)
    bounds = range(7, 100, 7)
    state = tree(states_of(logits, labels, bounds))
    grad = together(logits, labels, state, bounds).astype(np.longdouble)
    u = oracle.unit_roundoff(dtype)
    lead, gap = gaps(logits, labels)
    gap[np.arange(len(labels)), labels] = lead
    slack = ((10 + np.log(100) + gap) * u * np.abs(grad)).sum(axis=1)
    assert np.all(np.abs(grad.sum(axis=1)) <= slack)
