"""What bad input gets: the right type of error, and a message that says what, where and why."""

import re
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from calls import calls

from nll import (
    BERNOULLI,
    GAUSSIAN,
    POISSON,
    Family,
    cross_entropy,
    entropy,
    kl_divergence,
    log_softmax,
    logsumexp,
    negative_binomial,
    negative_log_likelihood,
    sigmoid,
    softmax,
)
from nll._validate import (
    _masked,
    _type_found,
    as_array,
    as_float,
    check,
    check_axes,
    check_axis,
    check_broadcast,
)

HALF = [0.5, 0.5]
NAN, INF = np.nan, np.inf

# Every way to pass one array, with the name that the array goes by.
ARGUMENTS = {
    f"{name}, {argument}": (
        argument,
        lambda bad, f=function, a=argument, rest=arguments: f(*(rest | {a: bad}).values()),
    )
    for name, (function, arguments) in calls().items()
    for argument in arguments
}

every_argument = pytest.mark.parametrize("case", ARGUMENTS.values(), ids=ARGUMENTS.keys())


def raises(error, message):
    """Expect exactly this message."""
    return pytest.raises(error, match=f"^{re.escape(message)}$")


BAD_TYPES = {
    "complex": np.array([1j, 0]),
    "object": np.array([2**62, None]),  # of 63 bits
    "str": np.array(["1", "0"]),
    "bytes": np.array([b"1", b"0"]),
    "datetime": np.array(["2020-01-01"], "M8[D]"),
    "timedelta": np.array([1], "m8[s]"),
    "record": np.zeros(1, [("a", float)]),
    "longdouble": np.zeros(2, np.longdouble),
    "None": None,
    "dict": {},
    "list of str": ["a", "b"],
    "complex scalar": 1j,
    "scalar str": "0",
}


@every_argument
@pytest.mark.parametrize("bad", BAD_TYPES.values(), ids=BAD_TYPES.keys())
def test_type_errors(case, bad):
    name, call = case
    found = np.asarray(bad).dtype
    with raises(
        TypeError, f"Expected `{name}` to hold real numbers of at most 64 bits, got {found}."
    ):
        call(bad)


class Bfloat16:
    """As a tensor of that type: NumPy has none to turn it into."""

    dtype = "torch.bfloat16"

    def __array__(self, dtype=None, copy=None):
        raise TypeError("Got unsupported ScalarType BFloat16")


class Learned:
    """As a tensor that a gradient is wanted of."""

    requires_grad = True

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad.")


class Traced:
    """As an array of a function that is being compiled."""

    def __array__(self, dtype=None, copy=None):
        raise TypeError("a traced array has no values")


@every_argument
def test_what_does_not_become_an_array(case):
    """The message names the argument and the conversion that helps."""
    name, call = case
    for bad, found in (
        (Bfloat16(), f"bfloat16; pass `{name}.float()`."),
        (Learned(), f"a tensor that requires grad; pass `{name}.detach()`."),
        (Traced(), "a traced array has no values"),
    ):
        with raises(TypeError, f"Expected `{name}` to be an array, got {found}"):
            call(bad)


@every_argument
def test_integers_beyond_64_bits(case):
    name, call = case
    for bad, bits in (([2**70, 1], 71), ([1, -(2**63) - 1], 64), ([10**400, 1], 1329), (2**70, 71)):
        expected = f"Expected `{name}` to hold real numbers of at most 64 bits"
        with raises(TypeError, f"{expected}, got an integer of {bits} bits."):
            call(bad)


@every_argument
def test_lists_that_contain_themselves(case):
    name, call = case
    endless = []
    endless.append(endless)
    with pytest.raises((TypeError, ValueError), match=f"^Expected `{name}` to "):
        call(endless)


def test_types_that_other_libraries_add():
    """Only a stand-in: NumPy itself makes no dtype of that kind."""
    dtype = SimpleNamespace(kind="V", names=None, type=float, __str__=None)
    array = SimpleNamespace(dtype=dtype)
    assert _type_found(array).endswith("; `.astype(np.float32)` converts it")
    assert _type_found(np.zeros(1, "V4")) == "|V4"
    assert _type_found(np.zeros(1, [("a", float)])) == "[('a', '<f8')]"


def test_masks_are_looked_for_in_the_first_level_only():
    """A search through all levels would take six times as long as the conversion itself."""
    masked = np.ma.array([1.0])
    assert _masked(masked)
    assert _masked([0.0, masked])
    assert not _masked([[masked]])


@every_argument
def test_masked_arrays(case):
    name, call = case
    masked = np.ma.array(HALF, mask=[True, False])
    for bad in (masked, [masked], (1.0, np.ma.masked)):
        with raises(TypeError, f"Expected `{name}` without a mask, got a masked array."):
            call(bad)


@every_argument
def test_ragged_lists(case):
    name, call = case
    with pytest.raises(
        ValueError, match=rf"^Expected `{name}` to be an array, got .*inhomogeneous part\.$"
    ):
        call([[0.5, 0.5], [1.0]])


# Axes


over_axes = pytest.mark.parametrize("function", [logsumexp, softmax, log_softmax])


@over_axes
@pytest.mark.parametrize(
    ("error", "expected", "axes"),
    [
        (ValueError, "in [-2, 2) as `logits` has", [2, -3, 100]),
        (TypeError, "to be an integer", [1.0, "0", [0, 1], np.array([0, 1]), {}]),
        (ValueError, "without duplicates", [(0, 0), (1, -1)]),
    ],
)
def test_bad_axes(function, error, expected, axes):
    for axis in axes:
        with raises(error, f"Expected `axis` {expected}, got {axis!r}."):
            function(np.zeros((2, 3)), axis=axis)
    with raises(ValueError, "Expected `axis` in [-2, 2) as `logits` has, got 2."):
        function(np.zeros((2, 3)), axis=(0, 2))


@over_axes
@pytest.mark.parametrize("axis", [1, -2, (0,)])
def test_axis_of_a_scalar(function, axis):
    with pytest.raises(ValueError, match=r"^Expected `axis` in \[0, 0\) as `logits` has, got"):
        function(1.0, axis=axis)


def test_axes_count_from_the_end():
    assert check_axis(np.int8(1), 3, "a") == -2
    assert check_axis(-3, 3, "a") == -3
    assert check_axes(None, 2, "a") == (-2, -1)
    assert check_axes((2, 0), 3, "a") == (-1, -3)
    assert check_axes((), 3, "a") == ()
    assert check_axes(0, 0, "a") == check_axes(-1, 0, "a") == check_axes(None, 0, "a") == ()


# Probabilities


PROBABILITIES = {
    "entropy": ("p", entropy),
    "cross_entropy p": ("p", lambda p, **options: cross_entropy(p, HALF, **options)),
    "cross_entropy q": ("q", lambda q, **options: cross_entropy(HALF, q, **options)),
    "kl_divergence p": ("p", lambda p, **options: kl_divergence(p, HALF, **options)),
    "kl_divergence q": ("q", lambda q, **options: kl_divergence(HALF, q, **options)),
}

every_probability = pytest.mark.parametrize(
    "case", PROBABILITIES.values(), ids=PROBABILITIES.keys()
)


@every_probability
@pytest.mark.parametrize("bad", [-0.5, NAN, -1e-300, -INF])
def test_negative_and_nan_probabilities(case, bad):
    """The index is that of the caller's array, whatever the axis."""
    name, call = case
    for p, index, axis in (
        ([bad, 0.5], (0,), -1),
        ([0.0, bad], (1,), -1),
        ([HALF, [0.5, bad]], (1, 1), -1),
        ([[0.5, bad], HALF], (0, 1), 0),
    ):
        with raises(
            ValueError, f"Expected `{name}` to be non-negative, got {bad} at index {index}."
        ):
            call(p, axis=axis)


@every_probability
def test_probabilities_that_do_not_sum_to_one(case):
    name, call = case
    with raises(ValueError, f"Expected `{name}` to sum to 1 within 0.001, got 0.75."):
        call([0.5, 0.25])
    message = f"Expected `{name}` to sum to 1 within 0.001, got 1.25 at index (1,)."
    with raises(ValueError, message):
        call([[0.5, 0.5], [0.5, 0.75]])
    with raises(ValueError, message):
        call(np.array([[0.5, 0.5], [0.5, 0.75]]).T, axis=0)
    with raises(ValueError, f"Expected `{name}` to sum to 1 within 0.001, got 0.75."):
        call(np.float32([0.5, 0.25]))
    with raises(ValueError, f"Expected `{name}` to sum to 1 within 0.001, got inf."):
        call([INF, 0.0])
    with raises(ValueError, f"Expected `{name}` to sum to 1 within 0.001, got inf."):
        call([1.7e308, 1.7e308])


@every_probability
def test_tolerance_of_sums(case):
    _, call = case
    for kind in (np.float64, np.float32):
        for sign in (1, -1):
            call(np.array([0.5, 0.5 + sign * 0.9e-3], kind))
            with pytest.raises(ValueError, match="to sum to 1"):
                call(np.array([0.5, 0.5 + sign * 1.1e-3], kind))


def test_many_float32_probabilities_sum_to_one():
    """Added one by one in float32 they would sum to 1.009."""
    p = np.full((1_000_000, 2), 1e-6, np.float32)
    assert entropy(p, axis=0).shape == (2,)


@every_probability
def test_no_outcomes(case):
    name, call = case
    with raises(ValueError, f"Expected `{name}` to have at least one dimension, got shape ()."):
        call(1.0)
    with pytest.raises(ValueError, match=r"to sum to 1 within 0.001, got 0\.0\.$"):
        call([])


@every_probability
def test_axis_of_probabilities(case):
    _, call = case
    for axis in (None, 0.0, (0,)):
        with raises(TypeError, f"Expected `axis` to be an integer, got {axis!r}."):
            call(HALF, axis=axis)


@pytest.mark.parametrize("axis", [1, -2])
def test_axis_of_probabilities_out_of_range(axis):
    square = np.full((2, 2), 0.5)
    message = "Expected `axis` in [-1, 1) as `{}` has, got {}."
    with raises(ValueError, message.format("p", axis)):
        entropy(HALF, axis=axis)
    for function in (cross_entropy, kl_divergence):
        with raises(ValueError, message.format("p", axis)):
            function(HALF, square, axis=axis)
        with raises(ValueError, message.format("q", axis)):
            function(square, HALF, axis=axis)


@pytest.mark.parametrize("function", [cross_entropy, kl_divergence])
def test_distributions_that_do_not_fit(function):
    with raises(ValueError, "Expected `q` to have 2 outcomes, got 3."):
        function(HALF, [0.5, 0.25, 0.25])
    with raises(ValueError, "Expected `q` to have 2 outcomes, got 1."):
        function(HALF, [1.0])
    message = "Expected `p` and `q` of shapes that broadcast, got (3,) and (4,)."
    with raises(ValueError, message):
        function(np.full((3, 2), 0.5), np.full((4, 2), 0.5))


@pytest.mark.parametrize(
    "function",
    [entropy, lambda p, **o: cross_entropy(p, p, **o), lambda p, **o: kl_divergence(p, p, **o)],
)
def test_base(function):
    for base in (1, 1.0, 0, -2, 0.5, NAN, INF, True, Fraction(10**400)):
        with raises(ValueError, f"Expected `base` to be a number above 1, got {base!r}."):
            function(HALF, base=base)
    for base in ("2", 2j, [2], np.array([2.0, 3.0])):
        with raises(TypeError, f"Expected `base` to be a number above 1, got {base!r}."):
            function(HALF, base=base)


# Families


OUTSIDE = [
    (GAUSSIAN, INF, "to be finite"),
    (GAUSSIAN, -INF, "to be finite"),
    (GAUSSIAN, NAN, "to be finite"),
    (BERNOULLI, -0.5, "in [0, 1]"),
    (BERNOULLI, 1.5, "in [0, 1]"),
    (BERNOULLI, NAN, "in [0, 1]"),
    (POISSON, -1.0, "to be a whole number from 0 on"),
    (POISSON, 0.5, "to be a whole number from 0 on"),
    (POISSON, INF, "to be a whole number from 0 on"),
    (POISSON, NAN, "to be a whole number from 0 on"),
    (negative_binomial(2.5), 0.5, "to be a whole number from 0 on"),
]


@pytest.mark.parametrize(("family", "bad", "expected"), OUTSIDE)
def test_outcomes_that_a_family_cannot_produce(family, bad, expected):
    for call in (family.nll, family.gradient, lambda *a: negative_log_likelihood(family, *a)):
        with raises(ValueError, f"Expected `y` {expected}, got {bad} at index (1,)."):
            call(0.0, [1.0, bad])
        with raises(ValueError, f"Expected `y` {expected}, got {bad}."):
            call(0.0, bad)


@pytest.mark.parametrize("family", [GAUSSIAN, BERNOULLI, POISSON, negative_binomial(2.5)])
@pytest.mark.parametrize(("one", "other"), [((3, 1), (3,)), ((3,), (3, 1)), ((3, 1), (1, 2))])
def test_outcomes_that_would_make_a_table(family, one, other):
    """Of N times N losses, most of an example and the outcome of another."""
    message = "Expected `eta` and `y` that broadcast to the shape of one of them, "
    for call in (family.nll, family.gradient, lambda *a: negative_log_likelihood(family, *a)):
        with raises(ValueError, f"{message}got {one} and {other}."):
            call(np.zeros(one), np.ones(other))
    own = Family("own", output_unit=abs, nll=lambda eta, y: eta - y, gradient=max)
    with raises(ValueError, f"{message}got {one} and {other}."):
        negative_log_likelihood(own, np.zeros(one), np.ones(other), reduction="mean")


def test_poisson_constant_checks_its_counts():
    for constant in (POISSON.constant, negative_binomial(2.5).constant):
        for bad in (-1.0, 0.5, INF, NAN):
            with raises(
                ValueError, f"Expected `y` to be a whole number from 0 on, got {bad} at index (1,)."
            ):
                constant([0.0, bad])


@pytest.mark.parametrize(
    "size", [0, -1, 0.0, NAN, INF, -INF, 10**400, -(10**400), Fraction(1, 10**400)]
)
def test_size_of_a_negative_binomial(size):
    with raises(ValueError, f"Expected `size` to be a positive finite number, got {size}."):
        negative_binomial(size)
    for bad in ("1", None, 1j, [2.0]):
        message = f"Expected `size` to be a positive finite number, got {bad!r}."
        with raises(TypeError, message):
            negative_binomial(bad)


@pytest.mark.parametrize("family", [GAUSSIAN, BERNOULLI, POISSON])
def test_outcomes_that_do_not_fit(family):
    for call in (family.nll, family.gradient, lambda *a: negative_log_likelihood(family, *a)):
        with raises(
            ValueError, "Expected `eta` and `y` of shapes that broadcast, got (2,) and (3,)."
        ):
            call([0.0, 1.0], [1, 1, 1])


@pytest.mark.parametrize("bad", ["average", "", None, 0, "NONE"])
def test_reduction(bad):
    message = f"Expected `reduction` to be one of ('none', 'sum', 'mean'), got {bad!r}."
    with raises(ValueError, message):
        negative_log_likelihood(GAUSSIAN, 0.0, 0.0, reduction=bad)


@pytest.mark.parametrize("bad", ["Gaussian", None, sigmoid])
def test_family(bad):
    message = f"Expected `family` to be a Family, got {type(bad).__name__}."
    with raises(TypeError, message):
        negative_log_likelihood(bad, 0.0, 0.0)


# The helpers themselves


def test_options_are_keyword_only():
    for call in (
        lambda: softmax([1.0], -1),
        lambda: logsumexp([1.0], -1),
        lambda: log_softmax([1.0], -1),
        lambda: entropy(HALF, -1),
        lambda: cross_entropy(HALF, HALF, -1),
        lambda: kl_divergence(HALF, HALF, -1),
        lambda: negative_log_likelihood(GAUSSIAN, 0.0, 0.0, "sum"),
    ):
        with pytest.raises(TypeError, match="positional"):
            call()


def test_check_reports_the_first():
    values = np.array([[1, 2], [3, 4]])
    with raises(ValueError, "Expected `a` below 2, got 2 at index (0, 1)."):
        check(values < 2, values, "a", "below 2")
    check(values < 5, values, "a", "below 5")


def test_float_arrays_are_not_copied():
    for kind in (np.float32, np.float64):
        array = np.zeros(3, kind)
        assert as_float(array, "a") is array
    array = np.zeros(3, int)
    assert as_array(array, "a") is array


def test_check_broadcast_names_all():
    check_broadcast(a=(2, 1), b=(3,))
    with raises(ValueError, "Expected `a` and `b` of shapes that broadcast, got (2,) and (3,)."):
        check_broadcast(a=(2,), b=(3,))
