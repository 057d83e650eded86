"""PyTorch with the loss of `nll`: right where PyTorch is right, and alive where it is not."""

import pytest
import torch
from torch.nn.functional import cross_entropy
from torch_function import SoftmaxCrossEntropy


@pytest.fixture(params=[torch.float32, torch.float64])
def batch(request):
    """Return ordinary logits that want a gradient, and labels."""
    torch.manual_seed(0)
    logits = 3 * torch.randn(64, 10, dtype=request.param)
    return logits.requires_grad_(), torch.randint(10, (64,))


def gradient(loss, logits):
    """Return d loss / d logits."""
    return torch.autograd.grad(loss, logits)[0]


def test_agrees_with_pytorch_on_ordinary_logits(batch):
    """Value and scaled gradient are the same where nothing is lost."""
    logits, labels = batch
    ours, theirs = SoftmaxCrossEntropy.apply(logits, labels), cross_entropy(logits, labels)
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(gradient(3 * ours, logits), gradient(3 * theirs, logits))


def test_gradcheck_agrees_with_differences():
    """PyTorch's own check of a Function passes."""
    torch.manual_seed(0)
    logits = torch.randn(4, 5, dtype=torch.float64, requires_grad=True)
    labels = torch.tensor([0, 3, 4, 1])
    assert torch.autograd.gradcheck(lambda z: SoftmaxCrossEntropy.apply(z, labels), (logits,))


def test_is_alive_where_pytorch_has_collapsed():
    """A lead of 30 in float32: PyTorch gives exactly 0, here both digits and gradient remain."""
    logits = torch.tensor([[30.0, 0.0]], requires_grad=True)
    labels = torch.tensor([0])
    collapsed = cross_entropy(logits, labels)
    assert collapsed == 0
    assert gradient(collapsed, logits)[0, 0] == 0
    alive = SoftmaxCrossEntropy.apply(logits, labels)
    expected = torch.exp(torch.tensor(-30.0))
    torch.testing.assert_close(alive, expected, rtol=1e-6, atol=0)
    torch.testing.assert_close(
        gradient(alive, logits)[0], torch.stack([-expected, expected]), rtol=1e-6, atol=0
    )


def test_trains_a_layer_like_pytorch(batch):
    """Twenty steps of gradient descent end at the same weights."""
    logits, labels = batch
    features = logits.detach()
    weights = []
    for loss_function in (SoftmaxCrossEntropy.apply, cross_entropy):
        torch.manual_seed(1)
        layer = torch.nn.Linear(10, 10, dtype=features.dtype)
        optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
        for _ in range(20):
            optimizer.zero_grad()
            loss_function(layer(features), labels).backward()
            optimizer.step()
        weights.append(layer.weight.detach())
    torch.testing.assert_close(*weights)
