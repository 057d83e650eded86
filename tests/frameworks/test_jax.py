"""nll.jax: optax's numbers where optax is right, and the digits of nll where it is not."""

import subprocess
import sys

import jax
import jax.numpy as jnp
import jax.test_util
import numpy as np
import optax
import pytest
from optax.losses import _classification, _classification_test

import nll
from nll.jax import softmax_cross_entropy as soft_loss
from nll.jax import softmax_cross_entropy_with_integer_labels as hard_loss

RNG = np.random.default_rng(0)


@pytest.fixture
def _ours(monkeypatch):
    """Put nll's functions where optax's tests look for theirs."""
    monkeypatch.setattr(_classification, "softmax_cross_entropy", soft_loss)
    monkeypatch.setattr(_classification, "softmax_cross_entropy_with_integer_labels", hard_loss)


@pytest.mark.usefixtures("_ours")
class TestOptaxSoft(_classification_test.SoftmaxCrossEntropyTest):
    """Optax's own tests of its function, run on ours."""


@pytest.mark.usefixtures("_ours")
class TestOptaxHard(_classification_test.SoftmaxCrossEntropyWithIntegerLabelsTest):
    """Optax's own tests of its function, run on ours."""


AXES = [0, (2, 0)]  # optax's own tests, run above, have more
MASKS = [None, "rows", "logits"]


def masked(kind, axis, shape):
    """Return a `where` of a kind: for single logits, the labels' own are kept."""
    axes = {a % 3 for a in ((axis,) if isinstance(axis, int) else axis)}
    rows = tuple(n for a, n in enumerate(shape) if a not in axes)
    where = {None: None, "rows": RNG.random(rows) < 0.5, "logits": RNG.random(shape) < 0.7}[kind]
    return rows, where


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("axis", AXES)
def test_integer_labels_agree_with_optax(axis, mask, dtype):
    logits = RNG.normal(size=(2, 3, 4)).astype(dtype)
    rows, where = masked(mask, axis, logits.shape)
    labels = RNG.integers(logits.size // max(1, int(np.prod(rows))), size=rows)
    if mask == "logits":  # optax subtracts a label's logit even if that is masked
        where |= soft_labels(labels, axis, logits.shape) > 0
    call = dict(axis=axis, where=None if where is None else jnp.asarray(where))
    ours, theirs = (
        jax.jit(jax.value_and_grad(lambda z, f=f: f(z, jnp.asarray(labels), **call).sum()))(logits)
        for f in (hard_loss, optax.softmax_cross_entropy_with_integer_labels)
    )
    tolerance = dict(rtol=1e-5 if dtype == np.float32 else 1e-12, atol=np.finfo(dtype).eps * 4)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, **tolerance), ours, theirs)
    assert ours[0].dtype == dtype


def soft_labels(labels, axis, shape):
    """Return one-hot labels along the axes, in the shape of the logits."""
    axes = tuple(a % 3 for a in ((axis,) if isinstance(axis, int) else axis))
    batch = tuple(a for a in range(3) if a not in axes)
    classes = tuple(shape[a] for a in axes)
    one_hot = np.eye(int(np.prod(classes)))[labels].reshape(*labels.shape, *classes)
    return one_hot.transpose(np.argsort(batch + axes))


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("axis", [*AXES, None])
def test_probabilities_agree_with_optax(axis, mask, dtype):
    if axis is None and mask == "rows":
        pytest.skip("optax cannot: all axes are one row, and its mask a single bool")
    logits, labels = RNG.normal(size=(2, 2, 3, 4)).astype(dtype)
    labels = nll.softmax(labels)
    _, where = masked(mask, (0, 1, 2) if axis is None else axis, logits.shape)
    call = dict(axis=axis, where=None if where is None else jnp.asarray(where))
    ours, theirs = (
        jax.jit(jax.value_and_grad(lambda z, t, f=f: f(z, t, **call).sum(), argnums=(0, 1)))(
            logits, labels
        )
        for f in (soft_loss, optax.softmax_cross_entropy)
    )
    tolerance = dict(rtol=1e-5 if dtype == np.float32 else 1e-12, atol=np.finfo(dtype).eps * 8)
    np.testing.assert_allclose(ours[0], theirs[0], **tolerance)
    np.testing.assert_allclose(ours[1][0], theirs[1][0], **tolerance)
    lost = np.isnan(theirs[1][1])  # optax: NaN for single classes that are left out
    np.testing.assert_allclose(ours[1][1][~lost], theirs[1][1][~lost], **tolerance)
    np.testing.assert_array_equal(ours[1][1][lost], 0)


def test_many_rivals_that_are_subnormal_beside_the_label_still_count():
    """XLA's exp gives 0 below the smallest normal number; a hundred thousand such rivals add up."""
    logits = jnp.zeros(100_001, jnp.float32).at[0].set(88)
    assert jnp.exp(jnp.float32(-88)) == 0
    true = nll.softmax_cross_entropy(np.asarray(logits, np.float64), 0)
    np.testing.assert_allclose(hard_loss(logits, 0), true, rtol=1e-5, atol=0)


def test_derivatives_of_three_orders():
    """Reverse and forward mode mixed, against optax on ordinary logits."""
    logits, soft = RNG.normal(size=4), nll.softmax(RNG.normal(size=4))
    pairs = [
        (hard_loss, optax.softmax_cross_entropy_with_integer_labels, jnp.array(2)),
        (soft_loss, optax.softmax_cross_entropy, soft),
    ]
    for ours, theirs, labels in pairs:
        third, expected = (
            jax.jit(jax.jacfwd(jax.jacrev(jax.jacfwd(f))))(logits, labels) for f in (ours, theirs)
        )
        np.testing.assert_allclose(third, expected, rtol=1e-9, atol=1e-12)
    jax.test_util.check_grads(jax.jit(soft_loss), (logits, soft), order=2)


def test_hessian_keeps_the_digits_of_the_label():
    """Where optax's Hessian has a row of zeros."""
    z = np.array([40.0, 0.0, 1.0])
    y, small = np.exp(z - 40), np.exp(z[1:] - 40).sum()
    true = np.diag(y) - np.outer(y, y)  # right to 17 digits, since the two y are that small
    true[0, 0] = small
    np.testing.assert_allclose(jax.hessian(lambda z: hard_loss(z, 0))(z), true, rtol=1e-14)
    theirs = jax.hessian(optax.softmax_cross_entropy_with_integer_labels)(z, jnp.array(0))
    assert np.abs(theirs[0, 0]) < small / 2 or theirs[0, 0] == 0


def test_loss_is_differentiable_in_probabilities_that_are_0():
    logits, labels = np.array([[1.0, 2.0, 3.0]]), np.array([[0.0, 1.0, 0.0]])
    grad = jax.grad(lambda t: soft_loss(logits, t).sum())(labels)
    np.testing.assert_allclose(grad, -nll.log_softmax(logits), rtol=1e-14)


def test_masked_class_has_no_slope_forward():
    logits, labels = jnp.array([2.0, -jnp.inf, 0.5]), jnp.array([0.6, 0.0, 0.4])
    tangent = jax.jvp(lambda z: soft_loss(z, labels), (logits,), (jnp.ones(3),))[1]
    np.testing.assert_allclose(tangent, 0, atol=1e-15)


def test_rows_left_out_may_hold_anything():
    logits = np.array([[0.0, 1.0], [np.nan, np.inf], [1.0, 0.0]])
    where = np.array([True, False, True])
    loss, grad = jax.value_and_grad(
        lambda z: hard_loss(z, jnp.array([0, -100, 1]), where=where).sum()
    )(logits)
    expected = nll.softmax_cross_entropy_value_and_grad(logits[::2], [0, 1])
    np.testing.assert_allclose(loss, expected[0].sum(), rtol=1e-14)
    np.testing.assert_allclose(grad[::2], expected[1], rtol=1e-14)
    np.testing.assert_array_equal(grad[1], [0, 0])
    only_them = jax.jvp(lambda z: hard_loss(z, jnp.array([0, 1, 1]), where=where), *[(logits,)] * 2)
    assert np.isfinite(only_them).all()


def test_label_that_is_left_out_is_impossible():
    where = jnp.array([True, True, False])
    assert hard_loss(jnp.array([0.0, 1.0, 2.0]), 2, where=where) == jnp.inf


def test_labels_that_are_no_class_give_nan():
    np.testing.assert_array_equal(hard_loss(jnp.zeros(2), jnp.array([-1, 2])), [jnp.nan] * 2)


@pytest.mark.parametrize("integer", [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32])
def test_labels_narrower_than_the_classes(integer):
    logits = jnp.asarray(RNG.normal(size=(3, 70_000)), jnp.float32)
    labels = [0, 5, 127]
    loss = hard_loss(logits, jnp.asarray(labels, integer))
    np.testing.assert_array_equal(loss, hard_loss(logits, jnp.asarray(labels)))
    assert np.isfinite(loss).all()


def test_no_rows():
    assert hard_loss(jnp.zeros((0, 3)), jnp.zeros(0, int)).shape == (0,)
    assert soft_loss(jnp.zeros((0, 3)), jnp.zeros((0, 3))).shape == (0,)
    assert soft_loss(jnp.zeros((2, 0, 3)), jnp.zeros((2, 0, 3)), axis=(0, 2)).shape == (0,)


@pytest.mark.parametrize("half", [jnp.bfloat16, jnp.float16])
def test_half_precision_is_computed_in_float32(half):
    logits = jnp.array([[8.5, 0.0], [12.0, 0.0]], half)
    loss, pullback = jax.vjp(lambda z: hard_loss(z, jnp.array([0, 0])), logits)
    assert loss.dtype == jnp.float32
    expected = nll.softmax_cross_entropy(np.asarray(logits, np.float32), [0, 0])
    np.testing.assert_allclose(loss, expected, rtol=1e-6)
    (grad,) = pullback(jnp.ones_like(loss))
    assert grad.dtype == half
    assert np.all(np.asarray(grad, np.float32)[:, 0] < 0)


def test_jit_and_vmap():
    logits, labels = RNG.normal(size=(6, 5)), RNG.integers(5, size=6)
    losses = hard_loss(logits, labels)
    np.testing.assert_allclose(jax.jit(hard_loss)(logits, labels), losses, rtol=1e-14)
    np.testing.assert_allclose(jax.vmap(hard_loss)(logits, labels), losses, rtol=1e-14)
    of_labels = jax.vmap(hard_loss, in_axes=(None, 0))(logits[0], labels)
    np.testing.assert_allclose(of_labels, hard_loss(logits[:1], labels), rtol=1e-14)
    grads = jax.jit(jax.vmap(jax.grad(hard_loss)))(logits, labels)
    expected = nll.softmax_cross_entropy_value_and_grad(logits, labels)[1]
    np.testing.assert_allclose(grads, expected, rtol=1e-13)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: hard_loss(jnp.zeros((2, 3), int), jnp.zeros(2, int)), TypeError, "`logits`"),
        (lambda: hard_loss(jnp.zeros((2, 3)), jnp.zeros(2)), TypeError, "`labels`"),
        (lambda: hard_loss(jnp.zeros((2, 3)), jnp.zeros(2, int), axis=2), ValueError, "`axis`"),
        (lambda: hard_loss(jnp.zeros((2, 3)), jnp.zeros(2, int), (1, -1)), ValueError, "`axis`"),
        (lambda: hard_loss(jnp.zeros((2, 3)), jnp.zeros(3, int)), ValueError, "broadcast"),
        (lambda: soft_loss(jnp.zeros((2, 3), int), jnp.zeros((2, 3))), TypeError, "`logits`"),
        (lambda: soft_loss(jnp.zeros((2, 3)), jnp.zeros((2, 4))), ValueError, "broadcast"),
    ],
)
def test_bad_input_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_trains_as_optax_does():
    """The loop of optax's users, with nothing changed but the name: the same weights."""
    x, t = RNG.normal(size=(64, 8)), RNG.integers(4, size=64)
    ends = []
    for loss in (hard_loss, optax.softmax_cross_entropy_with_integer_labels):
        weights = {"w": jnp.zeros((8, 4)), "b": jnp.zeros(4)}
        adam = optax.adamw(1e-2)
        state = adam.init(weights)

        @jax.jit
        def step(weights, state, loss=loss, adam=adam):
            grads = jax.grad(lambda p: loss(x @ p["w"] + p["b"], jnp.asarray(t)).mean())(weights)
            updates, state = adam.update(grads, state, weights)
            return optax.apply_updates(weights, updates), state

        for _ in range(50):
            weights, state = step(weights, state)
        ends.append(weights)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-9), *ends)


@pytest.mark.parametrize(("module", "framework"), [("torch", "PyTorch"), ("jax", "JAX")])
def test_missing_framework_is_named_in_one_line(module, framework):
    code = f"import sys; sys.modules[{module!r}] = None; import nll.{module}"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    expected = f"ImportError: nll.{module} needs {framework}: pip install 'nll-kernels[{module}]'"
    assert run.stderr.strip().splitlines()[-1] == expected
