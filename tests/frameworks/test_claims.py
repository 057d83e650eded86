"""What the book says that PyTorch, JAX, optax and Keras take, return, lose or clamp: each is run.

A sentence or table of a chapter names its test in a comment beside it, `% ran: test_…`. Keras runs
on PyTorch. Leads are those of a right answer over its rivals, whose logits are level at 0.
"""

import inspect
import json
import re
from math import lgamma, log
from pathlib import Path

import jax
import jax.numpy as jnp
import keras
import numpy as np
import optax
import pytest
import torch
import torch._inductor.config
import torch.nn.functional as F  # noqa: N812
from scipy import special, stats
from torch.autograd import grad
from torch.autograd.forward_ad import dual_level, make_dual, unpack_dual
from translations import PAIRS

import nll
import nll.jax
import nll.torch

L = keras.losses
HARD = optax.softmax_cross_entropy_with_integer_labels
FLOATS = {"float32": torch.float32, "float64": torch.float64}


def near(actual, expected, digits=4):
    """Tell whether two numbers print alike, and are not both 0."""
    actual = actual.detach() if isinstance(actual, torch.Tensor) else actual
    return f"{float(actual):.{digits}g}" == f"{float(expected):.{digits}g}"


def row(*logits, dtype=torch.float32):
    """Return one row of logits that wants a gradient."""
    return torch.tensor([logits], dtype=dtype, requires_grad=True)


def pull(loss, logits):
    """Return the gradient's entries."""
    return grad(loss, logits)[0].reshape(-1).tolist()


def silent_from(loss, leads):
    """Return the first lead at which the loss is exactly 0, and stays so."""
    losses = np.array([float(loss(lead)) for lead in leads])
    alive = np.flatnonzero(losses)
    return float(leads[alive[-1] + 1]) if alive[-1] + 1 < len(leads) else np.inf


# likelihood


def test_likelihood_calls_agree():
    z, t = torch.randn(5, 4, dtype=torch.float64), torch.tensor([0, 3, 1, 1, 2])
    expected = nll.softmax_cross_entropy(z.numpy(), t.numpy())
    for losses in (
        F.cross_entropy(z, t, reduction="none"),
        F.nll_loss(F.log_softmax(z, -1), t, reduction="none"),
        -torch.distributions.Categorical(logits=z).log_prob(t),
        HARD(z.numpy(), t.numpy()),
    ):
        np.testing.assert_allclose(losses, expected, rtol=1e-12)
    eta, y = np.array([2.0, -1.0]), np.array([1, 0])
    np.testing.assert_allclose(
        stats.bernoulli.logpmf(y, nll.sigmoid(eta)), -nll.BERNOULLI.nll(eta, y), rtol=1e-12
    )


def test_scipy_has_the_functions_of_the_notation():
    p, q = np.array([0.2, 0.3, 0.5]), np.array([0.6, 0.3, 0.1])
    kl = nll.kl_divergence(p, q)
    np.testing.assert_allclose([special.rel_entr(p, q).sum(), stats.entropy(p, q)], kl, rtol=1e-12)
    np.testing.assert_allclose(stats.entropy(p), nll.entropy(p), rtol=1e-12)
    z = np.log(q) + 7
    np.testing.assert_allclose(special.softmax(z), q, rtol=1e-12)
    np.testing.assert_allclose(special.log_softmax(z), np.log(q), rtol=1e-12)
    np.testing.assert_allclose(special.logsumexp(z), 7, rtol=1e-12)


def test_nll_loss_takes_no_logarithm():
    q, t = torch.tensor([[0.9, 0.1]]), torch.tensor([0])
    assert near(F.nll_loss(q, t), -0.9)
    assert near(F.nll_loss(q.log(), t), 0.10536)


def test_logits_and_probabilities_are_confused_silently():
    q, t = torch.tensor([[0.9, 0.1]]), torch.tensor([0])
    truth = -log(0.9)
    assert F.cross_entropy(q, t) > 3 * truth
    assert HARD(q.numpy(), t.numpy())[0] > 3 * truth
    assert F.nll_loss(torch.tensor([[2.0, -0.2]]), t) == -2
    given_logits = L.SparseCategoricalCrossentropy()(t, torch.tensor([[2.0, -0.2]]))
    assert abs(given_logits - nll.softmax_cross_entropy([2.0, -0.2], 0)) > 0.1


def test_binary_cross_entropy_raises_outside_0_1():
    with pytest.raises(RuntimeError, match="between 0 and 1"):
        F.binary_cross_entropy(torch.tensor([2.0]), torch.tensor([1.0]))


def test_gradient_of_sum_is_n_times_that_of_mean():
    z, t = torch.randn(8, 3, requires_grad=True), torch.randint(3, (8,))
    total, mean = (grad(F.cross_entropy(z, t, reduction=r), z)[0] for r in ("sum", "mean"))
    torch.testing.assert_close(total, 8 * mean)


# one_hot_examples


def test_keras_clips_impossible_label_at_1e_7():
    loss = L.CategoricalCrossentropy()(np.array([[1.0, 0]]), np.array([[0.0, 1]]))
    assert f"{loss:.3f}" == "16.118"


def test_keras_from_logits_gives_the_gap():
    loss = L.CategoricalCrossentropy(from_logits=True)
    assert loss(np.array([[1.0, 0]]), np.array([[0.0, 800]])) == 800


def test_keras_normalizes_before_clipping():
    loss = L.CategoricalCrossentropy()(np.array([[1.0, 0]]), np.array([[0.5, 1.5]]))
    assert near(loss, log(4))


def test_keras_does_not_look_behind_a_softmax_on_torch():
    assert keras.backend.backend() == "torch"
    model = keras.Sequential([keras.Input((2,)), keras.layers.Activation("softmax")])
    loss = L.CategoricalCrossentropy()(np.array([[1.0, 0]]), model(np.array([[0.0, 800]])))
    assert f"{loss:.3f}" == "16.118"


def test_bceloss_clamps_the_logarithm_at_minus_100():
    one = torch.tensor([1.0])
    assert F.binary_cross_entropy(torch.tensor([0.0]), one) == 100
    assert near(F.binary_cross_entropy(torch.tensor([1e-38]), one), 38 * log(10))
    assert torch.nn.BCELoss()(torch.tensor([0.0]), one) == 100


def test_nll_loss_of_minus_infinity_is_infinite():
    assert F.nll_loss(torch.tensor([[-torch.inf, 0]]), torch.tensor([0])) == torch.inf


def test_from_logits_calls_give_the_gap_of_800():
    assert F.cross_entropy(row(0, 800, dtype=torch.float64), torch.tensor([0])) == 800
    assert HARD(jnp.array([0.0, 800]), jnp.array(0)) == 800
    test_keras_from_logits_gives_the_gap()


def test_from_logits_calls_lose_a_lead_of_40():
    assert F.cross_entropy(row(40, 0, dtype=torch.float64), torch.tensor([0])) == 0
    assert HARD(jnp.array([40.0, 0]), jnp.array(0)) == 0
    loss = L.CategoricalCrossentropy(from_logits=True)
    assert loss(np.array([[1.0, 0]]), np.array([[40.0, 0]])) == 0


def test_softmax_applied_twice():
    z, t = torch.tensor([[1.0, 0]]), torch.tensor([0])
    assert f"{F.cross_entropy(z, t):.4f}" == "0.3133"
    assert f"{F.cross_entropy(1 - z, t):.4f}" == "1.3133"


# information


def rows_of_beliefs():
    """Return log-probabilities of a model, and targets, (4, 3)."""
    q, p = torch.randn(2, 4, 3, dtype=torch.float64).softmax(-1)
    return q, p, nll.kl_divergence(p.numpy(), q.numpy())


def test_kl_div_argument_order():
    q, p, expected = rows_of_beliefs()
    terms = F.kl_div(q.log(), p, reduction="none")
    np.testing.assert_allclose(terms.sum(-1), expected, rtol=1e-12)


def test_kl_div_mean_divides_by_all_elements():
    q, p, expected = rows_of_beliefs()
    with pytest.warns(UserWarning, match="batchmean"):
        loss = F.kl_div(q.log(), p)
    np.testing.assert_allclose(loss, expected.sum() / 12, rtol=1e-12)


def test_kl_div_batchmean_divides_by_the_first_size():
    q, p, expected = rows_of_beliefs()
    for shape, size in [((4, 3), 4), ((2, 2, 3), 2)]:
        loss = F.kl_div(q.log().reshape(shape), p.reshape(shape), reduction="batchmean")
        np.testing.assert_allclose(loss, expected.sum() / size, rtol=1e-12)
    one = F.kl_div(q[0].log(), p[0], reduction="batchmean")
    np.testing.assert_allclose(one, expected[0] / 3, rtol=1e-12)


def test_optax_kl_divergence_argument_order():
    q, p, expected = rows_of_beliefs()
    losses = optax.losses.kl_divergence(q.log().numpy(), p.numpy())
    np.testing.assert_allclose(losses, expected, rtol=1e-12)


def test_keras_kl_divergence_clips():
    p, q = np.array([[0.5, 0.5], [1, 0]]), np.array([[0.25, 0.75], [0, 1]])
    each = [nll.kl_divergence([0.5, 0.5], [0.25, 0.75]), -log(1e-7)]
    assert near(L.KLDivergence()(p, q), np.mean(each))


# gradients_that_survive


def test_mse_of_sigmoid_gradient():
    z, t = torch.randn(3, 2, requires_grad=True), torch.ones(3, 2)
    y = torch.sigmoid(z)
    expected = 2 * (y - t) * y * (1 - y) / 6
    torch.testing.assert_close(grad(F.mse_loss(y, t), z, retain_graph=True)[0], expected)


def test_bce_with_logits_and_cross_entropy_have_y_minus_t():
    z, t = torch.randn(3, 2, requires_grad=True), torch.ones(3, 2)
    slope = grad(F.binary_cross_entropy_with_logits(z, t), z)[0]
    torch.testing.assert_close(slope, (torch.sigmoid(z) - t) / 6)
    labels = torch.tensor([0, 1, 1])
    slope = grad(F.cross_entropy(z, labels), z)[0]
    torch.testing.assert_close(slope, (z.softmax(-1) - F.one_hot(labels, 2)) / 3)


def test_optax_l2_loss_has_the_half():
    y, t = jnp.array([3.0, 1.0]), jnp.array([1.0, 1.0])
    np.testing.assert_array_equal(optax.l2_loss(y, t), [2, 0])
    np.testing.assert_array_equal(optax.squared_error(y, t), [4, 0])


def test_optax_losses_on_logits_survive():
    assert jax.grad(optax.sigmoid_binary_cross_entropy)(-40.0, 1.0) == -1
    slope = jax.grad(HARD)(jnp.array([-40.0, 0]), jnp.array(0))
    np.testing.assert_allclose(slope, [-1, 1], rtol=1e-12)


def test_bceloss_backward_dies_at_a_confident_mistake():
    z = torch.tensor([17.0], requires_grad=True)
    y = torch.sigmoid(z)
    assert y == 1
    loss = F.binary_cross_entropy(y, torch.tensor([0.0]))
    assert grad(loss, y, retain_graph=True)[0] == 1e12
    assert grad(loss, z)[0] == 0


def test_keras_binary_crossentropy_clip_stops_the_gradient():
    target, q = torch.tensor([[1.0]]), torch.tensor([[1e-8]], requires_grad=True)
    assert grad(L.BinaryCrossentropy()(target, q), q)[0] == 0
    inside = torch.tensor([[1e-6]], requires_grad=True)
    assert grad(L.BinaryCrossentropy()(target, inside), inside)[0] < -1e5
    z = torch.tensor([[-40.0]], requires_grad=True)
    assert grad(L.BinaryCrossentropy(from_logits=True)(target, z), z)[0] == -1


# softmax_collapse: two classes, float32


def torch_softmax(function):
    """Return loss and label's slope at a lead, of a loss of two logits."""

    def at(lead):
        z = row(lead, 0)
        loss = function(z, torch.tensor([0]))
        return loss.item(), pull(loss, z)[0]

    return at


def torch_binary(function):
    """Return loss and slope at a lead, of a loss of one logit."""

    def at(lead):
        z = torch.tensor([lead], requires_grad=True)
        loss = function(z)
        return loss.item(), pull(loss, z)[0]

    return at


def jax_loss(function):
    """Return loss and label's slope at a lead, of a function of two logits or of one."""
    value_and_grad = jax.jit(jax.value_and_grad(function))

    def at(lead):
        loss, slope = value_and_grad(jnp.array([lead, 0], jnp.float32))
        return float(loss), float(slope[0])

    return at


ONE, ZERO = torch.tensor([1.0]), torch.tensor([0.0])
WITH_LOGITS = F.binary_cross_entropy_with_logits
CALLS = {
    "cross_entropy": torch_softmax(F.cross_entropy),
    "log_softmax, nll_loss": torch_softmax(lambda z, t: F.nll_loss(F.log_softmax(z, -1), t)),
    "bce_with_logits, 1": torch_binary(lambda z: WITH_LOGITS(z, ONE)),
    "bce_with_logits, 0": torch_binary(lambda z: WITH_LOGITS(-z, ZERO)),
    "logsigmoid": torch_binary(lambda z: -F.logsigmoid(z).sum()),
    "softplus": torch_binary(lambda z: F.softplus(-z).sum()),
    "soft_margin_loss": torch_binary(lambda z: F.soft_margin_loss(z, ONE)),
    "optax soft": jax_loss(lambda z: optax.softmax_cross_entropy(z, jnp.array([1.0, 0], z.dtype))),
    "optax hard": jax_loss(lambda z: HARD(z, jnp.array(0))),
    "jax log_softmax": jax_loss(lambda z: -jax.nn.log_softmax(z)[0]),
    "optax binary": jax_loss(lambda z: optax.sigmoid_binary_cross_entropy(z[0], jnp.float32(1))),
    "jax log_sigmoid": jax_loss(lambda z: -jax.nn.log_sigmoid(z[0])),
    "jax softplus": jax_loss(lambda z: jax.nn.softplus(-z[0])),
}
LOSS_DIES = {"cross_entropy": 17, "log_softmax, nll_loss": 17, "bce_with_logits, 0": 15}
LOSS_DIES |= {"optax soft": 17, "optax hard": 15, "jax log_softmax": 17}
SLOPE_DIES = {"cross_entropy": 17, "log_softmax, nll_loss": 17, "bce_with_logits, 1": 17}
SLOPE_DIES |= {"optax soft": 17, "optax hard": 17, "jax log_softmax": 17}


@pytest.mark.parametrize("name", CALLS)
def test_collapse_table_right_answers(name):
    """0 from the lead given on, and alive until 4 before; else right to a lead of 80."""
    for part, dies in enumerate((LOSS_DIES.get(name), SLOPE_DIES.get(name))):
        for lead in (2.0, 9.0, 13.0, 17.0, 30.0, 80.0):
            value = abs(CALLS[name](lead)[part])
            exact = np.log1p(np.exp(-lead)) if part == 0 else 1 / (1 + np.exp(lead))
            if dies is None:
                np.testing.assert_allclose(value, exact, rtol=1e-5, atol=0)
            elif lead >= dies:
                assert value == 0
            elif lead < dies - 4:
                np.testing.assert_allclose(value, exact, rtol=0.02, atol=0)


@pytest.mark.parametrize("name", CALLS)
def test_collapse_table_wrong_answers(name):
    """All are right when the label trails, but for `soft_margin_loss` beyond 88.7."""
    for gap in (20.0, 80.0, 89.0, 200.0):
        loss, slope = CALLS[name](-gap)
        if name == "soft_margin_loss" and gap > 88.7:
            assert loss == np.inf
            assert np.isnan(slope)
        else:
            np.testing.assert_allclose([loss, slope], [gap, -1], rtol=1e-6)


def test_usual_lines_are_those_of_pytorch_and_jax():
    """`naive_kernel` of softmax_collapse, line by line: the same zeros, and rounding apart."""
    for lead in (-200.0, -17, 0, 2, 9, 15, 16, 17, 30):
        z = np.array([[lead, 0, -1]], np.float32)
        shifted = z - z.max()
        log_probs = shifted - np.log(np.exp(shifted).sum())
        slope = np.exp(log_probs) - np.array([1, 0, 0], np.float32)
        logits = torch.tensor(z, requires_grad=True)
        loss = F.cross_entropy(logits, torch.tensor([0]))
        np.testing.assert_allclose(loss.item(), -log_probs[0, 0], rtol=2**-22, atol=2**-23)
        np.testing.assert_allclose(grad(loss, logits)[0], slope, rtol=2**-20, atol=2**-23)
        np.testing.assert_allclose(jax.nn.log_softmax(z), log_probs, rtol=2**-22, atol=2**-23)
        if lead >= 17:
            assert loss == -log_probs[0, 0] == jax.nn.log_softmax(z)[0, 0] == 0
            assert grad(F.cross_entropy(logits, torch.tensor([0])), logits)[0][0, 0] == 0


def test_softplus_in_pytorch_ends_where_float32_ends():
    names = ("bce_with_logits, 1", "logsigmoid", "softplus", "soft_margin_loss")
    for name in names:
        assert near(CALLS[name](100.0)[0], np.exp(-100), 1)
        assert CALLS[name](105.0)[0] == 0
    for name in names[1:]:
        assert near(abs(CALLS[name](100.0)[1]), np.exp(-100), 1)
    assert CALLS["bce_with_logits, 0"](88.7)[1] != 0
    assert CALLS["bce_with_logits, 0"](88.8)[1] == 0
    assert CALLS["soft_margin_loss"](-88.7)[0] < np.inf
    assert CALLS["soft_margin_loss"](-88.8)[0] == np.inf


def test_softplus_loses_digits_beyond_its_threshold():
    eta = torch.tensor(20.5, dtype=torch.float64)
    assert F.softplus(eta) == eta
    exact = float(nll.softplus(20.5))
    assert near((exact - 20.5) / exact, 6.1e-11, 2)
    assert F.softplus(eta, threshold=40).item() == exact


def test_double_moves_the_threshold():
    for lead, alive in ((16.0, True), (17.0, True), (36.0, True), (37.0, False)):
        z = row(lead, 0)
        slope = grad(F.cross_entropy(z.double(), torch.tensor([0])), z)[0]
        assert slope.dtype == torch.float32
        assert (slope[0, 0] != 0) == alive
    z = row(17, 0)
    assert pull(F.cross_entropy(z, torch.tensor([0])), z)[0] == 0


def test_autocast_runs_cross_entropy_in_float32():
    z = row(2, 0).bfloat16()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert F.cross_entropy(z, torch.tensor([0])).dtype == torch.float32
    assert F.cross_entropy(z, torch.tensor([0])).dtype == torch.bfloat16


def test_hook_repairs_the_label_entry():
    z, t = row(30, 0, 1), torch.tensor([0])
    logits = z * 1

    def repair(slope):
        rest = slope.scatter(-1, t[:, None], 0)
        return rest.scatter(-1, t[:, None], -rest.sum(-1, keepdim=True))

    logits.register_hook(repair)
    exact = nll.softmax_cross_entropy_value_and_grad(z.detach().numpy(), [0])[1]
    np.testing.assert_allclose(grad(F.cross_entropy(logits, t), z)[0], exact, rtol=1e-5)


def test_optax_safe_softmax_cross_entropy_is_another_sum():
    """It forgives −inf where the label is 0, and loses the same leads."""
    safe, labels = optax.safe_softmax_cross_entropy, jnp.array([0.6, 0.0, 0.4])
    masked = jnp.array([2.0, -jnp.inf, 0.5])
    assert np.isnan(optax.softmax_cross_entropy(masked, labels))
    assert near(safe(masked, labels), nll.softmax_cross_entropy([2.0, 0.5], [0.6, 0.4]))
    assert safe(jnp.array([40.0, 0]), jnp.array([1.0, 0])) == 0


# stable_kernels


@pytest.mark.parametrize(("bits", "dtype"), [(32, "float32"), (64, "float64")])
def test_thresholds_of_stable_kernels(bits, dtype):
    leads = np.arange(10, 40, 0.01)
    kinds = {"softmax": (16.64, 36.74), "lse": (14.44, 33.25), "binary": (14.56, 33.28)}
    one_hot = jnp.array([1, 0], dtype)
    compiled = {name: jax.jit(f) for name, f in {
        "soft": lambda z: optax.softmax_cross_entropy(z, one_hot),
        "log_softmax": lambda z: jax.nn.log_softmax(z)[0],
        "hard": lambda z: HARD(z, jnp.array(0)),
    }.items()}  # fmt: skip

    def of_jax(name):
        return lambda lead: compiled[name](jnp.array([lead, 0], dtype))

    def of_torch(function):
        return lambda lead: function(torch.tensor([[lead, 0]], dtype=FLOATS[dtype]))

    zero = torch.zeros(1, dtype=FLOATS[dtype])
    losses = {
        "softmax": [
            of_torch(lambda z: F.cross_entropy(z, torch.tensor([0]))),
            of_torch(lambda z: F.log_softmax(z, -1)[0, 0]),
            of_jax("soft"),
            of_jax("log_softmax"),
        ],
        "lse": [of_jax("hard")],
        "binary": [of_torch(lambda z: WITH_LOGITS(-z[0, :1], zero))],
    }
    for kind, (single, double) in kinds.items():
        expected = single if bits == 32 else double
        near_by = leads[np.abs(leads - expected) < 0.3]
        for loss in losses[kind]:
            assert silent_from(loss, near_by) == pytest.approx(expected, abs=0.005)


def test_jax_flushes_subnormals():
    """On the CPU: float32 has numbers down to exp(−103.97), XLA none below exp(−87.33)."""
    assert jnp.exp(jnp.float32(-87.3)) > 0
    assert jnp.exp(jnp.float32(-87.5)) == 0
    assert np.exp(np.float32(-103.9)) > 0
    assert jax.nn.softplus(jnp.float32(-87.5)) == 0


def test_optax_integer_labels_add_the_maximum_back():
    logits = np.array([10000.0, 9999.0], np.float32)
    loss = float(HARD(logits, np.array(0)))
    assert abs(loss - 0.3133) > 5e-5
    assert near(F.cross_entropy(torch.tensor(logits)[None], torch.tensor([0])), 0.3133)


def test_optax_binary_loss_is_two_terms():
    """Targets of 0 and 1 keep the digits, and a soft one weighs the two."""
    binary, small = optax.sigmoid_binary_cross_entropy, np.exp(-80)
    for eta, label in ((80.0, 1.0), (-80.0, 0.0)):
        assert near(binary(jnp.array(eta), label), small, 12)
    terms = [-jax.nn.log_sigmoid(2.0), -jax.nn.log_sigmoid(-2.0)]
    assert near(binary(jnp.array(2.0), 0.3), 0.3 * terms[0] + 0.7 * terms[1], 12)


def test_bce_with_logits_at_40():
    eta = torch.tensor([40.0, -40.0], dtype=torch.float64)
    losses = WITH_LOGITS(eta, torch.tensor([1.0, 0.0], dtype=torch.float64), reduction="none")
    assert near(losses[0], 4.248e-18)
    assert losses[1] == 0


HALF_THRESHOLDS = [(torch.bfloat16, 2, 5.5, 5.65), (torch.bfloat16, 10, 7.7, 7.8)]
HALF_THRESHOLDS += [(torch.bfloat16, 50257, 16.4, 16.6), (torch.float16, 2, 7.55, 7.7)]
HALF_THRESHOLDS += [(torch.float16, 10, 9.8, 9.95), (torch.float16, 50257, 18.4, 18.6)]


@pytest.mark.parametrize(("dtype", "classes", "low", "high"), HALF_THRESHOLDS)
def test_half_precision_thresholds(dtype, classes, low, high):
    """Without autocast, on the CPU: 0 from 5.6, 7.75 and 16.5 (bfloat16), 7.6, 9.9 and 18.5 on."""

    def loss(lead):
        z = torch.zeros(1, classes, dtype=dtype)
        z[0, 0] = lead
        return F.cross_entropy(z, torch.tensor([0]))

    assert low < silent_from(loss, np.arange(low - 2, high + 2, 0.05)) < high


def test_half_precision_returns_half():
    z, t = torch.tensor([[9.0, 0]], dtype=torch.bfloat16), torch.tensor([0])
    theirs, ours = F.cross_entropy(z, t), nll.torch.cross_entropy(z, t)
    assert theirs.dtype == torch.bfloat16
    assert theirs == 0
    assert ours.dtype == torch.float32
    assert near(ours, 1.234e-4)


# fast_kernels


def test_cross_entropy_is_log_softmax_then_nll_loss():
    node = F.cross_entropy(row(1, 0), torch.tensor([0])).grad_fn
    assert node.name() == "NllLossBackward0"
    assert node.next_functions[0][0].name() == "LogSoftmaxBackward0"


def test_backward_of_cross_entropy_makes_two_batches():
    """At its peak three arrays beyond the logits: log-probabilities and two gradients."""
    z, t = torch.randn(2000, 1000, requires_grad=True), torch.randint(1000, (2000,))
    activities = [torch.profiler.ProfilerActivity.CPU]
    with torch.profiler.profile(activities=activities, profile_memory=True) as profile:
        F.cross_entropy(z, t).backward()
    made = [e.name for e in profile.events() if e.self_cpu_memory_usage == z.nbytes]
    assert sorted(set(made)) == sorted(made)
    assert len(made) == 3


def kept_for_backward(function, *arguments, **options):
    """Return the sizes of the storages that a call keeps, beyond those of its arguments."""
    kept = {}

    def pack(x):
        kept[x.untyped_storage().data_ptr()] = x.untyped_storage().nbytes()
        return x

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda x: x):
        function(*arguments, **options)
    given = {x.untyped_storage().data_ptr() for x in arguments}
    return [size for address, size in kept.items() if address not in given]


@pytest.mark.parametrize("half", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.1}])
def test_nll_torch_keeps_one_buffer(options, half):
    z, t = torch.randn(100, 1000, dtype=half, requires_grad=True), torch.randint(1000, (100,))
    sizes = kept_for_backward(nll.torch.cross_entropy, z, t, **options)
    assert sum(size > 100 * 1000 for size in sizes) == 1
    p = torch.randn(100, 1000).softmax(-1)
    assert sum(size > 100 * 1000 for size in kept_for_backward(nll.torch.cross_entropy, z, p)) == 1


def test_linear_cross_entropy_exists():
    """It drops the small terms like the rest, in chunks too."""
    x, weight = torch.tensor([[1.0]]), torch.tensor([[30.0], [0.0]])
    assert F.linear_cross_entropy(x, weight, torch.tensor([0])) == 0
    options = torch.nn.LinearCrossEntropyOptions()
    assert F.linear_cross_entropy(x, weight, torch.tensor([0]), options=options) == 0


@pytest.mark.filterwarnings("ignore:`torch.jit.script`:DeprecationWarning")
def test_linear_cross_entropy_in_chunks():
    """With options it never makes all logits, and has first derivatives backward only."""
    x, weight = torch.randn(64, 8), torch.randn(2000, 8)
    t, activities = torch.randint(2000, (64,)), [torch.profiler.ProfilerActivity.CPU]
    expected = F.cross_entropy(x @ weight.T, t)
    all_logits = 64 * 2000 * 4
    for options in (None, torch.nn.LinearCrossEntropyOptions()):
        x.requires_grad_()
        with torch.profiler.profile(activities=activities, profile_memory=True) as profile:
            loss = F.linear_cross_entropy(x, weight, t, options=options)
        torch.testing.assert_close(loss, expected)
        biggest = max(event.self_cpu_memory_usage for event in profile.events())
        slope = grad(loss, x, create_graph=True)[0]
        with dual_level():
            dual = make_dual(x.detach(), torch.ones(64, 8))
            tangent = unpack_dual(F.linear_cross_entropy(dual, weight, t, options=options)).tangent
        if options is None:
            assert biggest == all_logits
            assert grad(slope.square().sum(), x)[0].abs().sum() > 0
            assert tangent is not None
        else:
            assert 0 < biggest < all_logits / 2
            assert tangent is None
            with pytest.raises(RuntimeError, match="does not require grad"):
                grad(slope.square().sum(), x)


def test_inductor_has_online_softmax():
    assert torch._inductor.config.online_softmax is True


def test_xla_fuses_the_steps_of_the_loss():
    """The exponential stands in one fused computation with the sum."""
    z, t = jnp.zeros((64, 100), jnp.float32), jnp.zeros(64, int)
    text = jax.jit(HARD).lower(z, t).compile().as_text()
    fused = [part for part in text.split("\n\n") if part.startswith("%fused_computation")]
    assert any("exponential(" in part and "reduce(" in part for part in fused)


# output_units


def test_halves_and_constants():
    eta, y = torch.tensor([1.0, 2.0]), torch.tensor([2.0, 4.0])
    assert F.mse_loss(eta, y) == 2.5
    np.testing.assert_array_equal(optax.squared_error(eta.numpy(), y.numpy()), [1, 4])
    np.testing.assert_array_equal(optax.l2_loss(eta.numpy(), y.numpy()), [0.5, 2])
    assert L.MeanSquaredError()(y, eta) == 2.5
    one = torch.ones(2)
    assert near(F.gaussian_nll_loss(eta, y, one), 1.25)
    assert near(F.gaussian_nll_loss(eta, y, one, full=True), 1.25 + log(2 * np.pi) / 2)
    bare = (eta.exp() - y * eta).mean().item()
    assert near(F.poisson_nll_loss(eta, y), bare)


def test_poisson_full_is_stirling():
    eta = torch.zeros(1, dtype=torch.float64)
    for y, short in [(0, 0), (1, 0), (2, 0.0413), (3, 0.0277), (20, 0.0042)]:
        loss = F.poisson_nll_loss(eta, torch.full_like(eta, y), full=True).item()
        assert f"{1 + lgamma(y + 1) - loss:.4f}" == f"{short:.4f}"


def test_what_losses_are_fed():
    half, two = torch.tensor([0.5]), torch.tensor([2.0])
    assert near(WITH_LOGITS(half, ONE), np.log1p(np.exp(-0.5)))
    assert near(F.poisson_nll_loss(half, two), np.exp(0.5) - 1)
    assert near(F.poisson_nll_loss(half, two, log_input=False), 0.5 - 2 * log(0.5))
    as_probability = L.BinaryCrossentropy()(ONE[None], half[None])
    as_logit = L.BinaryCrossentropy(from_logits=True)(ONE[None], half[None])
    assert near(as_probability, log(2))
    assert near(as_logit, np.log1p(np.exp(-0.5)))
    assert near(L.Poisson()(two[None], half[None]), 0.5 - 2 * log(0.5))


def test_means_and_sums():
    """Three tags an example: PyTorch and Keras average them, optax leaves them apart."""
    eta, tags = torch.zeros(5, 3), torch.ones(5, 3)
    assert near(WITH_LOGITS(eta, tags), 0.6931)
    assert near(L.BinaryCrossentropy(from_logits=True)(tags, eta), 0.6931)
    losses = optax.sigmoid_binary_cross_entropy(eta.numpy(), tags.numpy())
    assert losses.shape == (5, 3)
    assert near(losses.sum(-1)[0], 2.079)
    assert HARD(eta.numpy(), np.zeros(5, int)).shape == (5,)


def test_losses_of_the_families():
    """Every call of the table of output_units is its family's NLL, up to halves and constants."""
    eta, y = np.array([[0.5], [-1.0]]), np.array([[2.0], [3.0]])
    bits, labels = np.array([[1.0], [0.0]]), np.array([2, 0])
    z = np.array([[0.5, -1.0, 2.0], [0.0, 1.0, 0.3]])
    logits, one, as_bits, classes = (torch.tensor(x) for x in (eta, y, bits, labels))
    gaussian = ((y - eta) ** 2).mean()
    assert near(torch.nn.MSELoss()(logits, one), gaussian)
    assert near(optax.squared_error(eta, y).mean(), gaussian)
    assert near(L.MeanSquaredError()(y, eta), gaussian)
    bernoulli = nll.BERNOULLI.nll(eta, bits).mean()
    assert near(torch.nn.BCEWithLogitsLoss()(logits, as_bits), bernoulli)
    assert near(optax.sigmoid_binary_cross_entropy(eta, bits).mean(), bernoulli)
    assert near(L.BinaryCrossentropy(from_logits=True)(bits, eta), bernoulli)
    categorical = nll.softmax_cross_entropy(z, labels).mean()
    assert near(torch.nn.CrossEntropyLoss()(torch.tensor(z), classes), categorical)
    assert near(HARD(z, labels).mean(), categorical)
    assert near(L.SparseCategoricalCrossentropy(from_logits=True)(labels, z), categorical)
    assert near(L.SparseCategoricalCrossentropy()(labels, nll.softmax(z)), categorical)
    poisson = (np.exp(eta) - y * eta).mean()
    assert near(torch.nn.PoissonNLLLoss()(logits, one), poisson)
    assert near(L.Poisson()(y, np.exp(eta)), poisson)


def test_gaussian_nll_clamps_the_variance():
    zero = torch.zeros(1)
    variance = torch.zeros(1, requires_grad=True)
    loss = F.gaussian_nll_loss(zero, zero, variance)
    assert near(loss.item(), -6.9078, 5)
    assert grad(loss, variance)[0] == 5e5
    assert F.gaussian_nll_loss(zero, zero, torch.ones(1)) == 0


# softmax_gradient


def test_backward_leaves_y_minus_t_over_n():
    z, t = torch.randn(4, 3, requires_grad=True), torch.tensor([0, 1, 2, 0])
    difference = z.softmax(-1) - F.one_hot(t, 3)
    for reduction, size in (("mean", 4), ("sum", 1)):
        slope = grad(F.cross_entropy(z, t, reduction=reduction), z)[0]
        torch.testing.assert_close(slope, difference / size)


def test_optax_has_no_gradient_rule_of_its_own():
    text = str(jax.make_jaxpr(HARD)(jnp.zeros((2, 3)), jnp.zeros(2, int)))
    assert "custom" not in text
    z, t = np.array([[1.0, 2, 0]]), np.array([2])
    slope = jax.grad(lambda z: HARD(z, t).sum())(z)
    np.testing.assert_allclose(slope, nll.softmax(z) - np.eye(3)[t], rtol=1e-12)


# beyond the three, priors, penalties


def test_keras_poisson_leaves_out_constants():
    y, mean = np.array([1.0, 9, 2]), np.array([4.0, 8, 12])
    assert f"{L.Poisson()(y, mean):.4f}" == "-0.3570"
    assert f"{-stats.poisson.logpmf(y, mean).mean():.4f}" == "4.1413"


def test_negative_binomial_and_geometric_conventions():
    assert near(torch.distributions.NegativeBinomial(3, probs=torch.tensor(0.25)).mean, 1)
    assert stats.nbinom(3, 0.25).mean() == pytest.approx(9, rel=1e-6, abs=0)
    assert torch.distributions.Geometric(torch.tensor(0.25)).log_prob(torch.tensor(0.0)) < 0
    assert stats.geom(0.25).pmf(0) == 0


@pytest.mark.parametrize("optimizer", [torch.optim.SGD, torch.optim.Adam])
def test_weight_decay_is_a_penalty_of_half_the_squared_norm(optimizer):
    ends = []
    for penalty in (False, True):
        w = torch.tensor([1.0, -2.0], dtype=torch.float64, requires_grad=True)
        steps = optimizer([w], lr=0.1, weight_decay=0.0 if penalty else 0.3)
        for _ in range(5):
            steps.zero_grad()
            (w.exp().sum() + (0.15 * w.square().sum() if penalty else 0)).backward()
            steps.step()
        ends.append(w.detach())
    torch.testing.assert_close(*ends)


@pytest.mark.parametrize("optimizer", [torch.optim.SGD, torch.optim.Adam])
def test_weight_decay_reaches_the_bias(optimizer):
    layer = torch.nn.Linear(2, 1)
    torch.nn.init.constant_(layer.bias, 5.0)
    step = optimizer(layer.parameters(), lr=0.1, weight_decay=0.1)
    (0 * layer(torch.ones(1, 2))).sum().backward()
    step.step()
    assert layer.bias.item() < 4.96


def test_keras_l2_has_no_half():
    penalty = keras.regularizers.L2(0.01)(keras.ops.convert_to_tensor([1.0, -2.0, 3.0]))
    assert near(penalty, 0.14)


def test_adamw_finds_no_mode():
    """Two parabolas around 1, of curvature 100 and 0.01: Adam with a penalty goes to the mode."""
    curvature = torch.tensor([100.0, 0.01], dtype=torch.float64)

    def trained(optimizer, decay):
        w = torch.zeros(2, dtype=torch.float64, requires_grad=True)
        steps = optimizer([w], lr=5e-3, weight_decay=decay)
        for _ in range(4000):
            steps.zero_grad()
            (curvature * (w - 1) ** 2 / 2).sum().backward()
            steps.step()
        return w.detach().numpy()

    mode = [100 / 100.1, 0.01 / 0.11]
    np.testing.assert_allclose(trained(torch.optim.Adam, 0.1), mode, rtol=0, atol=1e-3)
    np.testing.assert_allclose(trained(torch.optim.AdamW, 0.1), [1, 1], rtol=0, atol=1e-2)
    np.testing.assert_allclose(trained(torch.optim.AdamW, 2.0), [0.5, 0.5], rtol=0, atol=1e-2)


def test_weight_with_label_smoothing():
    w = torch.tensor([1.0, 1, 5], dtype=torch.float64)
    z, label = torch.zeros(1, 3, dtype=torch.float64, requires_grad=True), torch.tensor([0])
    steps = torch.optim.LBFGS([z], max_iter=200, tolerance_grad=1e-12)

    def closure():
        steps.zero_grad()
        loss = F.cross_entropy(z, label, weight=w, label_smoothing=0.1, reduction="sum")
        loss.backward()
        return loss

    steps.step(closure)
    assert [f"{y:.3f}" for y in z.softmax(-1)[0].tolist()] == ["0.824", "0.029", "0.147"]


def test_label_smoothing_spreads_over_all_classes():
    z, one_hot = np.array([[2.0, -1.0, 0.5]]), np.array([[1.0, 0, 0]])
    target = 0.9 * one_hot + 0.1 / 3
    expected = nll.softmax_cross_entropy(z, target)[0]
    theirs = F.cross_entropy(torch.tensor(z), torch.tensor([0]), label_smoothing=0.1)
    assert near(theirs, expected, 6)
    smooth = L.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
    assert near(smooth(one_hot, z), expected, 6)
    np.testing.assert_allclose(optax.smooth_labels(one_hot, 0.1), target, rtol=1e-12)
    binary = L.BinaryCrossentropy(from_logits=True, label_smoothing=0.1)
    for label, smoothed in ((1.0, 0.95), (0.0, 0.05)):
        loss = binary(np.array([[label]]), np.array([[2.0]]))
        assert near(loss, nll.BERNOULLI.nll(2.0, smoothed), 6)


def test_soft_labels_are_smoothed_again():
    z = torch.tensor([[2.0, 0.5, 0.1]], dtype=torch.float64)
    smooth = 0.9 * torch.tensor([[1.0, 0, 0]], dtype=torch.float64) + 0.1 / 3
    once, twice = F.cross_entropy(z, smooth), F.cross_entropy(z, smooth, label_smoothing=0.1)
    again = F.cross_entropy(z, 0.9 * smooth + 0.1 / 3)
    torch.testing.assert_close(twice, again)
    assert twice > once


def test_optax_sigmoid_focal_loss_of_soft_labels():
    focal, z = optax.sigmoid_focal_loss, jnp.array(2.0)
    mixed = 0.9 * focal(z, 1.0) + 0.1 * focal(z, 0.0)
    assert f"{focal(z, 0.9):.5f}" == "0.01248"
    assert f"{mixed:.5f}" == "0.16663"
    logits = np.linspace(-8, 8, 3201)
    best = [logits[np.argmin(f)] for f in (
        focal(logits, np.full_like(logits, 0.9)),
        0.9 * focal(logits, np.ones_like(logits)) + 0.1 * focal(logits, np.zeros_like(logits)),
    )]  # fmt: skip
    assert [f"{nll.sigmoid(z):.3f}" for z in best] == ["0.986", "0.694"]


def test_optax_focal_alpha_weights_the_positive_class():
    for label, weight in ((1.0, 0.25), (0.0, 0.75)):
        plain = optax.sigmoid_focal_loss(jnp.array(0.3), label, gamma=2.0)
        weighted = optax.sigmoid_focal_loss(jnp.array(0.3), label, alpha=0.25, gamma=2.0)
        assert near(weighted / plain, weight)


def test_class_weight_means_two_things():
    z, w = torch.tensor([[0.0, 1, 2], [1, 0, 0]]), torch.tensor([1.0, 1, 5])
    t = torch.tensor([0, 2])
    as_labels, as_one_hot = (
        F.cross_entropy(z, target, weight=w) for target in (t, F.one_hot(t, 3).float())
    )
    losses = F.cross_entropy(z, t, reduction="none")
    torch.testing.assert_close(as_labels, (w[t] * losses).sum() / w[t].sum())
    torch.testing.assert_close(as_one_hot, (w[t] * losses).sum() / 2)


# use_it

PAGE = json.loads((Path(__file__).parents[2] / "book" / "use_it.ipynb").read_text(encoding="utf-8"))


def block(word):
    """Run the block in the text of use_it that has `word` in it; return what it defines."""
    text = "\n".join("".join(c["source"]) for c in PAGE["cells"] if c["cell_type"] == "markdown")
    (source,) = [b for b in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if word in b]
    defined = {}
    exec(source, defined)  # noqa: S102, RUF100
    return defined


def test_newcomer_script_trains():
    """Ten lines: a model, AdamW, bfloat16 autocast, and this loss."""
    ran = block("AdamW")
    first = torch.nn.functional.cross_entropy(torch.zeros(1, 5), torch.tensor([0]))
    assert ran["cross_entropy"] is nll.torch.cross_entropy
    assert ran["loss"].dtype == torch.float32
    assert ran["loss"] < first / 10


def test_optax_names_are_kept():
    for name in ("softmax_cross_entropy_with_integer_labels", "softmax_cross_entropy"):
        ours, theirs = (inspect.signature(getattr(m, name)) for m in (nll.jax, optax))
        assert list(ours.parameters) == list(theirs.parameters)
        defaults = [[x.default for x in s.parameters.values()] for s in (ours, theirs)]
        assert defaults[0] == defaults[1]
    assert block("from nll.jax")


def test_one_changed_line():
    """A lead of 30 in float32: PyTorch's loss and label's entry are 0, these are not."""
    t = torch.tensor([0])
    lost, kept = (
        (loss(z, t).item(), pull(loss(z, t), z))
        for loss, z in ((F.cross_entropy, row(30, 0)), (nll.torch.cross_entropy, row(30, 0)))
    )
    assert lost[0] == lost[1][0] == 0
    assert near(kept[0], np.exp(-30))
    assert near(kept[1][0], -np.exp(-30))


def test_ignore_index_mean_over_kept():
    z, t = torch.randn(5, 3), torch.tensor([0, -100, 2, 1, -100])
    for loss in (F.cross_entropy, nll.torch.cross_entropy):
        torch.testing.assert_close(loss(z, t), loss(z[t >= 0], t[t >= 0]))
        assert loss(z, torch.full((5,), -100)).isnan()


def test_mean_over_ranks():
    """Ranks that keep 3 and 1 tokens: the mean of their means is not the mean of the four."""
    z, t = torch.randn(8, 3), torch.tensor([0, 1, 2, -100, 1, -100, -100, -100])
    halves = [(z[:4], t[:4]), (z[4:], t[4:])]
    loss = nll.torch.cross_entropy
    whole = loss(z, t)
    kept = sum((t >= 0).sum() for _, t in halves)
    summed = sum(loss(z, t, reduction="sum") / kept for z, t in halves)
    torch.testing.assert_close(summed, whole)
    means = sum(loss(z, t) for z, t in halves) / 2
    assert abs(means - whole) > 0.01


def test_masks_cost_nothing():
    z, t = torch.tensor([[2.0, -torch.inf, 0.5]]), torch.tensor([[0.6, 0.0, 0.4]])
    assert F.cross_entropy(z, t).isnan()
    assert np.isnan(optax.softmax_cross_entropy(z.numpy(), t.numpy()))
    assert near(nll.torch.cross_entropy(z, t), 0.8014)


def test_numpy_refuses_bfloat16():
    with pytest.raises(TypeError, match="BFloat16"):
        torch.zeros(2, dtype=torch.bfloat16).numpy()


def test_patched_trainer(monkeypatch):
    """`F.cross_entropy = nll.torch.cross_entropy` reaches code that looks it up there."""
    monkeypatch.setattr(F, "cross_entropy", nll.torch.cross_entropy)
    assert torch.nn.CrossEntropyLoss()(row(30, 0), torch.tensor([0])) > 0


def test_four_lines_of_plain_operations():
    """The recipe of use_it: no custom gradient, and autograd keeps the label's entry."""
    recipe = block("logsumexp")["cross_entropy"]
    z = torch.tensor([[30.0, 0, 1], [0, 0, 0]], dtype=torch.float64, requires_grad=True)
    t = torch.tensor([0, 2])
    losses, slopes = nll.softmax_cross_entropy_value_and_grad(z.detach().numpy(), t.numpy())
    ours = recipe(z, t)
    np.testing.assert_allclose(ours.detach(), losses, rtol=1e-14)
    np.testing.assert_allclose(grad(ours.sum(), z)[0], slopes, rtol=1e-14)
    assert torch.autograd.gradcheck(lambda z: recipe(z, t), z)
    assert torch.autograd.gradgradcheck(lambda z: recipe(z, t), z)


def test_traps_of_the_recipe():
    """-inf instead of the smallest number; logsigmoid instead of softplus."""
    z, label = row(1, -torch.inf, dtype=torch.float64), torch.tensor([[0]])
    for fill, dies in ((-torch.inf, True), (torch.finfo(z.dtype).min, False)):
        rivals = torch.logsumexp(z.scatter(-1, label, fill), -1)
        loss = F.softplus(rivals - z.gather(-1, label)[:, 0], threshold=40)
        assert grad(loss, z)[0].isnan().any() == dies
    x = torch.tensor(-40.0, dtype=torch.float64, requires_grad=True)
    for loss, lost in ((F.softplus(x, threshold=40), False), (-F.logsigmoid(-x), True)):
        (first,) = grad(loss, x, create_graph=True)
        assert near(first.item(), np.exp(-40))
        assert (grad(first, x)[0] == 0) == lost


def test_transforms_work():
    """What use_it promises of compile, vmap, func.grad and jacrev; forward mode is refused."""
    z, t = torch.randn(4, 3, dtype=torch.float64), torch.tensor([0, 1, 2, 0])
    loss = nll.torch.cross_entropy
    slopes = torch.vmap(torch.func.grad(loss))(z, t)
    torch.testing.assert_close(slopes, z.softmax(-1) - F.one_hot(t, 3))
    assert torch.func.jacrev(torch.func.jacrev(loss))(z, t).shape == (4, 3, 4, 3)
    compiled = torch.compile(loss, fullgraph=True)
    torch.testing.assert_close(compiled(z, t), loss(z, t))
    assert compiled(torch.tensor([[30.0, 0]]), torch.tensor([0])) > 0
    with dual_level(), pytest.raises(RuntimeError, match="forward"):
        loss(make_dual(z, z), t)


def test_two_logsigmoids_keep_all_digits():
    """Where binary_cross_entropy_with_logits loses one's loss and the other's gradient."""
    z, t = torch.tensor([30.0, -30.0], requires_grad=True), torch.tensor([1.0, 0.0])
    theirs = WITH_LOGITS(z, t, reduction="none")
    assert theirs[1] == 0
    assert grad(theirs.sum(), z)[0][0] == 0
    losses = -(t * F.logsigmoid(z) + (1 - t) * F.logsigmoid(-z))
    expected, small = np.full(2, np.exp(-30)), np.exp(-30)
    np.testing.assert_allclose(losses.detach(), expected, rtol=1e-6)
    np.testing.assert_allclose(grad(losses.sum(), z)[0], [-small, small], rtol=1e-6)


def test_kl_div_loses_the_value_and_not_the_gradient():
    """Distributions a millionth apart, in float32; the gradient is that of cross_entropy."""
    z = torch.randn(50, 10)
    p = z.softmax(-1)
    z = (z + 1e-6 * torch.randn(50, 10)).requires_grad_()
    values = F.kl_div(z.log_softmax(-1), p, reduction="none").sum(-1)
    true = nll.kl_divergence(p.double().numpy(), nll.softmax(z.detach().double().numpy()))
    assert np.median(np.abs(values.detach().numpy() - true) / true) > 1
    assert (values < 0).any()
    slopes = grad(values.sum(), z)[0]
    ours = grad(nll.torch.cross_entropy(z, p, reduction="sum"), z)[0]
    np.testing.assert_allclose(slopes, ours, rtol=0, atol=4 * 2.0**-24)


def test_obvious_formula_loses_the_label_entry():
    """Autodiff adds what flows into the maximum, 1, before it takes 1 away for the label."""

    def obvious(z, t):
        top, best = z.max(-1, keepdim=True)
        small = torch.exp(z - top).scatter(-1, best, 0).sum(-1)
        return (top - z.gather(-1, t[:, None]))[:, 0] + torch.log1p(small)

    z, t = row(40, 0, dtype=torch.float64), torch.tensor([0])
    loss = obvious(z, t).sum()
    assert near(loss, np.exp(-40))
    assert pull(loss, z)[0] == 0


def test_collapse_of_a_batch():
    """The function of use_it, on losses and a gradient that come from PyTorch in bfloat16."""
    (source,) = [
        "".join(c["source"])
        for c in PAGE["cells"]
        if c["cell_type"] == "code" and "def collapse(" in "".join(c["source"])
    ]
    defined = {"np": np}
    exec(source, defined)  # noqa: S102, RUF100
    logits = torch.tensor([[2.0, 0], [20, 0], [0, 0]], dtype=torch.bfloat16, requires_grad=True)
    z, t = logits * 1, torch.tensor([0, 0, -100])
    z.retain_grad()
    expected = {F.cross_entropy: [0.5, 1, 0], nll.torch.cross_entropy: [0, 0, 0]}
    for loss, shares in expected.items():
        z.grad = None
        losses = loss(z, t, reduction="none")
        losses.sum().backward(retain_graph=True)
        arrays = [x.detach().float().cpu().numpy() for x in (losses, z.grad)]
        found = defined["collapse"](*arrays, (t != -100).numpy())
        assert list(found.values()) == shares  # silent, lopsided, dead


@pytest.mark.parametrize("name", PAIRS)
def test_translation_gives_the_same(name):
    """Both sides of a line are the same numbers, in the same shape."""
    theirs, ours = map(np.asarray, PAIRS[name])
    assert theirs.shape == ours.shape
    np.testing.assert_allclose(theirs, ours, rtol=1e-12, atol=0)
