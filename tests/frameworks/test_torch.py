"""nll.torch: PyTorch's numbers where PyTorch is right, and the digits of nll where it is not."""

import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn
from torch.autograd import grad, gradcheck, gradgradcheck
from torch.testing import assert_close
from torch.testing._internal.common_methods_invocations import op_db

from nll.torch import CrossEntropyLoss, cross_entropy

SHAPES = [(5,), (4, 5), (2, 5, 3), (2, 5, 3, 2)]


def product_of_options():
    """Return every legal combination of shape, kind of target, and options."""
    options = itertools.product(
        SHAPES,
        ["labels", "soft"],
        [False, True],
        [-100, 1],
        ["none", "sum", "mean"],
        [0.0, 0.1, 1.0],
    )
    return [o for o in options if not (o[1] == "soft" and o[3] == 1)]


def arguments(shape, kind, weighted, ignore_index, reduction, label_smoothing):
    """Return logits, target and options, in float64."""
    axis = min(1, len(shape) - 1)
    logits = (3 * torch.randn(shape, dtype=torch.float64)).requires_grad_()
    if kind == "soft":
        target = torch.randn(shape, dtype=torch.float64).softmax(axis).requires_grad_()
    else:
        target = torch.randint(5, shape[:axis] + shape[axis + 1 :])
        if target.ndim and ignore_index == -100:
            target.view(-1)[0] = -100
    weight = torch.rand(5, dtype=torch.float64) + 0.5 if weighted else None
    options = dict(weight=weight, ignore_index=ignore_index)
    return logits, target, options | dict(reduction=reduction, label_smoothing=label_smoothing)


@pytest.mark.parametrize("kind", ["labels", "soft"])
def test_agrees_with_pytorch_over_all_options(kind):
    """Value, gradients, and gradients of gradients, with respect to logits and probabilities."""
    for combination in product_of_options():
        if combination[1] != kind:
            continue
        logits, target, options = arguments(*combination)
        inputs = (logits, target) if kind == "soft" else (logits,)
        ours, theirs = (f(logits, target, **options) for f in (cross_entropy, F.cross_entropy))
        assert_close(ours, theirs, equal_nan=True)
        if theirs.isnan().any():  # a mean over no rows
            continue
        seed = torch.randn_like(ours)
        plain = grad(ours, inputs, seed, retain_graph=True)
        first = [grad(loss, inputs, seed, create_graph=True) for loss in (ours, theirs)]
        assert_close(plain, first[1])
        assert_close(*first)
        seeds = [torch.randn_like(x) for x in inputs]
        second = [grad(g, inputs, seeds, materialize_grads=True) for g in first]
        assert_close(*second)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
def test_agrees_on_the_samples_of_pytorch(dtype):
    """The inputs that PyTorch tries its own function with."""
    (operator,) = [op for op in op_db if op.name == "nn.functional.cross_entropy"]
    half = torch.finfo(dtype).bits == 16
    for sample in operator.sample_inputs("cpu", dtype, requires_grad=True):
        logits = sample.input
        ours, theirs = (
            f(logits, *sample.args, **sample.kwargs) for f in (cross_entropy, F.cross_entropy)
        )
        loose = dict(rtol=0.03, atol=0.05) if half else {}
        assert_close(ours, theirs.to(ours.dtype), equal_nan=True, **loose)
        assert ours.dtype == (torch.float32 if half else dtype)
        if not theirs.isnan().any():
            grads = [grad(loss.sum(), logits)[0] for loss in (ours, theirs)]
            assert_close(*grads, **loose)


@pytest.mark.parametrize("label_smoothing", [0.0, 0.1])
@pytest.mark.parametrize("kind", ["labels", "soft"])
def test_gradcheck(kind, label_smoothing):
    logits, target, options = arguments((3, 4), kind, False, -100, "mean", label_smoothing)
    inputs = (logits, target) if kind == "soft" else (logits,)

    def loss(*inputs):
        return cross_entropy(inputs[0], inputs[-1] if kind == "soft" else target % 4, **options)

    assert gradcheck(loss, inputs, check_batched_grad=True)
    assert gradgradcheck(loss, inputs)


@pytest.mark.parametrize("label_smoothing", [0.0, 0.1])
def test_vmap_and_jacrev(label_smoothing):
    def of(function):
        return lambda z, t: function(z, t, label_smoothing=label_smoothing)

    ours, theirs = of(cross_entropy), of(F.cross_entropy)
    z, t = torch.randn(6, 5, dtype=torch.float64), torch.randint(5, (6,))
    p = torch.randn(6, 5, dtype=torch.float64).softmax(-1)
    for dims, arguments in [((0, 0), (z, t)), ((None, 0), (z[0], t)), ((0, None), (z, t[0]))]:
        rows = (
            x if dim == 0 else x.expand(6, *x.shape) for x, dim in zip(arguments, dims, strict=True)
        )
        expected = torch.stack([theirs(*row) for row in zip(*rows, strict=True)])
        assert_close(torch.vmap(ours, dims)(*arguments), expected)
    for target, wanted in [(t, 0), (p, (0, 1))]:
        grads = [torch.vmap(torch.func.grad(f, argnums=wanted))(z, target) for f in (ours, theirs)]
        assert_close(*grads)
    hessian = torch.func.jacrev(torch.func.jacrev(ours))(z, t)
    assert_close(hessian, torch.func.jacrev(torch.func.jacrev(theirs))(z, t))


def test_hessian_keeps_the_digits_of_the_label():
    z, t = torch.tensor([40.0, 0.0, 1.0], dtype=torch.float64), torch.tensor(0)
    hessian = torch.autograd.functional.hessian(lambda z: cross_entropy(z, t), z)
    small = z[1:].sub(40).exp().sum()
    assert_close(
        hessian[0],
        torch.stack([small, -z[1].sub(40).exp(), -z[2].sub(40).exp()]),
        rtol=1e-14,
        atol=0,
    )
    theirs = torch.autograd.functional.hessian(lambda z: F.cross_entropy(z, t), z)
    assert theirs[0, 0] == 0


@pytest.mark.parametrize("kind", ["labels", "soft"])
def test_compiles_into_one_graph(kind):
    compiled = torch.compile(cross_entropy, fullgraph=True)
    for smoothing in (0.0, 0.1):
        logits, target, options = arguments((8, 5), kind, True, -100, "mean", smoothing)
        z = logits.detach().float().requires_grad_()
        if kind == "soft":
            target = target.detach().float()
        options["weight"] = options["weight"].float()
        losses = [f(z, target, **options) for f in (compiled, cross_entropy)]
        assert_close(*losses)
        assert_close(*[grad(loss, z)[0] for loss in losses])
    z = torch.tensor([[30.0, 0.0]], requires_grad=True)
    assert_close(compiled(z, torch.tensor([0])).item(), np.exp(-30.0), rtol=1e-6, atol=0)


def test_loss_is_differentiable_in_probabilities_that_are_0():
    z = torch.tensor([[1.0, 2.0, 3.0]], dtype=torch.float64)
    t = torch.tensor([[0.0, 1.0, 0.0]], dtype=torch.float64, requires_grad=True)
    assert_close(grad(cross_entropy(z, t), t)[0], -z.log_softmax(-1))


def test_ignored_rows_have_no_loss_and_no_gradient():
    z = torch.randn(4, 3, requires_grad=True)
    t = torch.tensor([0, -100, 2, -100])
    loss = cross_entropy(z, t)
    assert_close(loss, cross_entropy(z[::2], t[::2]))
    assert grad(loss, z)[0][1::2].tolist() == [[0, 0, 0]] * 2
    assert cross_entropy(z, torch.full((4,), -100)).isnan()
    assert cross_entropy(z, torch.full((4,), 255), ignore_index=255, reduction="sum") == 0


@pytest.mark.parametrize("half", [torch.bfloat16, torch.float16])
def test_half_precision_is_computed_in_float32(half):
    z = torch.tensor([[8.5, 0.0], [12.0, 0.0]], dtype=half, requires_grad=True)
    t = torch.tensor([0, 0])
    loss = cross_entropy(z, t, reduction="none")
    assert loss.dtype == torch.float32
    assert_close(loss, cross_entropy(z.float(), t, reduction="none"))
    slope = grad(loss.sum(), z)[0]
    assert slope.dtype == half
    assert (slope[:, 0] < 0).all()


def test_two_arrays_of_the_logits_size_are_made():
    """One forward, which is kept, and the gradient; no zeros for what has none."""
    z, t = torch.randn(100, 1000, requires_grad=True), torch.randint(1000, (100,))
    activities = [torch.profiler.ProfilerActivity.CPU]
    with torch.profiler.profile(activities=activities, profile_memory=True) as profile:
        cross_entropy(z, t).backward()
    assert sum(e.self_cpu_memory_usage == z.nbytes for e in profile.events()) == 2


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_nothing_waits_for_the_device():
    z, t = (
        torch.randn(8, 5, device="cuda", requires_grad=True),
        torch.randint(5, (8,), device="cuda"),
    )
    torch.cuda.set_sync_debug_mode("error")
    try:
        cross_entropy(z, t, label_smoothing=0.1).backward()
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_nothing_reads_a_number():
    """On the meta device there are none: `.item()` and every check of values would raise."""
    z = torch.randn(8, 5, device="meta", requires_grad=True)
    for t in (torch.zeros(8, dtype=torch.long, device="meta"), torch.rand(8, 5, device="meta")):
        cross_entropy(z, t, weight=torch.ones(5, device="meta"), label_smoothing=0.1).backward()
    assert z.grad.shape == (8, 5)


Z, T = torch.zeros(2, 3), torch.tensor([0, 1])


@pytest.mark.parametrize(
    ("z", "t", "options", "error", "message"),
    [
        (Z.long(), T, {}, TypeError, "`input`"),
        (torch.tensor(1.0), torch.tensor(0), {}, TypeError, "`input`"),
        (Z, T.float(), {}, TypeError, "`target`"),
        (Z, Z.long(), {}, TypeError, "`target`"),
        (Z, T[:1], {}, ValueError, "`target`"),
        (torch.zeros(2, 3, 4), Z.long(), {}, ValueError, "`target`"),
        (Z, torch.tensor([0, 3]), {}, (IndexError, RuntimeError), "index 3"),
        (Z, torch.tensor([0, -1]), {}, (IndexError, RuntimeError), "index -1"),
        (Z, Z, {"ignore_index": 0}, ValueError, "`ignore_index`"),
        (Z, T, {"weight": torch.ones(2)}, ValueError, "`weight`"),
        (Z, T, {"reduction": "avg"}, ValueError, "`reduction`"),
        (Z, T, {"label_smoothing": 2}, ValueError, "`label_smoo"),
        (Z, T, {"weight": torch.ones(3, requires_grad=True)}, ValueError, "`weight`"),
    ],
)
def test_bad_input_is_refused(z, t, options, error, message):
    with pytest.raises(error, match=message):
        cross_entropy(z, t, **options)


def test_module_is_that_of_pytorch():
    weight = torch.tensor([1.0, 2.0, 3.0])
    options = dict(weight=weight, ignore_index=1, reduction="sum", label_smoothing=0.1)
    ours, theirs = CrossEntropyLoss(**options), nn.CrossEntropyLoss(**options)
    z, t = torch.randn(5, 3), torch.tensor([0, 1, 2, 0, 1])
    assert isinstance(ours, nn.CrossEntropyLoss)
    assert_close(ours(z, t), theirs(z, t))
    assert list(ours.state_dict()) == list(theirs.state_dict())


class Transformer(nn.Module):
    """One block that predicts the next of 20 tokens."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(20, 16)
        self.block = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.0, batch_first=True)
        self.head = nn.Linear(16, 20)

    def forward(self, tokens):
        """Return logits, (N, T, 20)."""
        mask = nn.Transformer.generate_square_subsequent_mask(tokens.shape[1])
        return self.head(self.block(self.embed(tokens), src_mask=mask, is_causal=True))


@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.1}])
def test_a_transformer_trains_to_the_same_weights(options):
    """Forty steps of AdamW, with padding: what is ordinary stays as it was."""
    ends = []
    for loss in (cross_entropy, F.cross_entropy):
        torch.manual_seed(1)
        model = Transformer().double()
        adam = torch.optim.AdamW(model.parameters(), lr=1e-3)
        tokens = torch.randint(20, (8, 12))
        labels = tokens.roll(-1, 1).index_fill(1, torch.tensor([11]), -100)
        for _ in range(40):
            adam.zero_grad()
            loss(model(tokens).transpose(1, 2), labels, **options).backward()
            adam.step()
        ends.append(list(model.parameters()))
    for ours, theirs in zip(*ends, strict=True):
        assert_close(ours, theirs, rtol=1e-6, atol=1e-9)
