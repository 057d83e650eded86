"""The loss of `nll` inside PyTorch: value and gradient in one call, on the CPU."""

import torch

from nll import softmax_cross_entropy_value_and_grad


class SoftmaxCrossEntropy(torch.autograd.Function):
    """`SoftmaxCrossEntropy.apply(logits, labels)`: mean loss of `(N, K)` logits."""

    @staticmethod
    def forward(ctx, logits, labels):
        """Compute loss and gradient together, and keep the gradient for later."""
        loss, grad = softmax_cross_entropy_value_and_grad(
            logits.detach().numpy(), labels.numpy(), reduction="mean"
        )
        ctx.save_for_backward(torch.from_numpy(grad))
        return torch.tensor(loss)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad_loss):
        """Scale the gradient that is already there; labels have none."""
        (grad,) = ctx.saved_tensors
        return grad_loss * grad, None
