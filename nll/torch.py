"""The softmax cross-entropy of `nll` in PyTorch, with the name and the arguments that it has there.

For one row of logits z with label t, let a = argmax z, d = z_t − z_a, e_j = exp(z_j − z_a),
o = Σ_{j≠t} e_j, and x = o + expm1(d), which is the sum of all e_j less 1. Then

    loss      = log1p(x) − d
    ∂loss/∂z  = e_j / (1 + x) for j ≠ t, and −o / (1 + x) for t

and nothing cancels. The forward pass leaves the numerators of the gradient in the one buffer that
it needs anyway, and the backward pass scales them. Only where the gradient is to be differentiated
in turn (``create_graph=True``) is it computed anew, in steps that autograd can follow.
"""

from inspect import signature
from typing import Any

try:
    import torch
    from torch import Tensor
except ImportError as error:
    raise ImportError("nll.torch needs PyTorch: pip install 'nll-kernels[torch]'") from error

__all__ = ["CrossEntropyLoss", "cross_entropy"]


def _widen(x: Tensor) -> Tensor:
    """Return float16 and bfloat16 as float32."""
    return x if x.dtype == torch.float64 else x.float()


class _Losses(torch.autograd.Function):
    """The loss of each row's label, and Σ_{k≠label} t_k loss(k), what further labels cost.

    Takes logits (..., K), labels (..., 1), and None or t (..., K), whose entry at the label is not
    looked at. Returns both losses (...), and after them what the backward pass needs.
    """

    @staticmethod
    def forward(z: Tensor, label: Tensor, t: Tensor | None) -> tuple[Tensor | None, ...]:
        e = z - _widen(z.amax(-1, keepdim=True))
        lead = e.gather(-1, label)
        if t is not None:
            rest = t.scatter(-1, label, 0)
            gaps = (rest * e.masked_fill(rest == 0, 0)).sum(-1)  # a masked class: 0 · ∞ is 0
        wrong = e.exp_().scatter_(-1, label, 0).sum(-1, keepdim=True)
        x = wrong + lead.expm1()
        log_sum = x.log1p()
        loss = (log_sum - lead).squeeze(-1)
        e.scatter_(-1, label, -wrong)
        if t is None:
            return loss, None, e, x.add_(1), None, None
        total = rest.sum(-1, keepdim=True)
        others = (total * log_sum).squeeze(-1) - gaps
        return loss, others, e, x.add_(1), lead.exp_(), total

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.set_materialize_grads(False)  # no zeros as the gradient of `e`
        ctx.mark_non_differentiable(*(x for x in output[2:] if x is not None))
        ctx.save_for_backward(*inputs, *output[2:])

    @staticmethod
    def backward(ctx: Any, grad: Tensor | None, grad_others: Tensor | None, *_: None) -> Any:
        if grad is None:  # both losses are always used together
            return None, None, None
        z, label, t, e, norm, right, total = ctx.saved_tensors
        if torch.is_grad_enabled():  # create_graph=True
            e, norm, right, total = _differentiable(_widen(z), label, t)
        own = grad.unsqueeze(-1)
        if t is None or grad_others is None:
            return (own / norm * e).to(z.dtype), None, None
        each = grad_others.unsqueeze(-1)
        label_entry = (each * total * right + own * e.gather(-1, label)) / norm
        grad_z = (own + each * total) / norm * e - each * t
        grad_z = grad_z.scatter(-1, label, label_entry).to(z.dtype)
        if not ctx.needs_input_grad[2]:
            return grad_z, None, None
        z = _widen(z)  # here the label is the largest logit
        losses = torch.log1p(-e.gather(-1, label) / right) + (z.gather(-1, label) - z)
        return grad_z, None, (each * losses).scatter(-1, label, 0)

    @staticmethod
    def vmap(info: Any, in_dims: Any, *tensors: Tensor | None) -> Any:
        """Treat what is mapped over as further rows: its axis in front, for every tensor."""

        def to_rows(x: Tensor | None, dim: int | None) -> Tensor | None:
            if x is None or dim is None:
                return None if x is None else x.expand(info.batch_size, *x.shape)
            return x.movedim(dim, 0)

        return _Losses.apply(*map(to_rows, tensors, in_dims)), 0


# `apply` asks for it at every call: for small batches, a tenth of the time of the whole.
_Losses.forward.__signature__ = signature(_Losses.forward)  # type: ignore[attr-defined]


def _differentiable(z: Tensor, label: Tensor, t: Tensor | None) -> tuple[Tensor | None, ...]:
    """Return what the forward pass saves, in steps that autograd can follow."""
    e = torch.exp(z - z.detach().amax(-1, keepdim=True))  # nothing depends on the shift
    rest = e.scatter(-1, label, 0)
    right, wrong = e.gather(-1, label), rest.sum(-1, keepdim=True)
    total = None if t is None else t.scatter(-1, label, 0).sum(-1, keepdim=True)
    return rest.scatter(-1, label, -wrong), right + wrong, right, total


def _hard(
    z: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, label_smoothing: float
) -> tuple[Tensor, Tensor]:
    """Return the losses of integer labels, and what each row counts in the mean."""
    ignored = target == ignore_index
    label = target.masked_fill(ignored, 0).long()  # any number may stand where a row is ignored
    if label_smoothing:
        even = label_smoothing / z.shape[-1]
        t = even * (_widen(z.new_ones(1)) if weight is None else weight)
        own, others = _Losses.apply(z, label.unsqueeze(-1), t.expand_as(z))[:2]
        own = (1 - label_smoothing + even) * own
    else:
        own, others = _Losses.apply(z, label.unsqueeze(-1), None)[0], None
    if weight is not None:
        own = weight[label] * own
    losses = (own if others is None else own + others).masked_fill(ignored, 0)
    return losses, ~ignored if weight is None else weight[label].masked_fill(ignored, 0)


def _soft(z: Tensor, t: Tensor, weight: Tensor | None, label_smoothing: float) -> Tensor:
    """Return the losses of probabilities: only the largest logit can have one that is nearly 0."""
    if label_smoothing:
        t = (1 - label_smoothing) * t + label_smoothing / z.shape[-1]
    if weight is not None:
        t = weight * t
    best = z.detach().argmax(-1, keepdim=True)
    own, others = _Losses.apply(z, best, t)[:2]
    return t.gather(-1, best).squeeze(-1) * own + others


def _is_soft(input: Tensor, target: Tensor) -> bool:
    """Tell probabilities from integer labels, as PyTorch does by their shape."""
    if not input.is_floating_point() or input.ndim == 0:
        got = f"{input.dtype} of shape {tuple(input.shape)}"
        raise TypeError(f"Expected `input` to hold floating-point logits on an axis, got {got}.")
    if target.shape == input.shape:
        if not target.is_floating_point():
            raise TypeError(f"Expected `target` to hold probabilities, got {target.dtype}.")
        return True
    shape = input.shape[:1] + input.shape[2:] if input.ndim > 1 else ()
    if target.shape != shape:
        expected = f"{tuple(shape)} for labels or {tuple(input.shape)} for probabilities"
        raise ValueError(f"Expected `target` of shape {expected}, got {tuple(target.shape)}.")
    if target.is_floating_point() or target.is_complex() or target.dtype == torch.bool:
        raise TypeError(f"Expected `target` to hold integer labels, got {target.dtype}.")
    return False


def _check_options(
    classes: int,
    weight: Tensor | None,
    ignore_index: int,
    soft: bool,
    reduction: str,
    label_smoothing: float,
) -> None:
    """Refuse options that make no sense, without a look at numbers on a device."""
    if weight is not None and weight.shape != (classes,):
        raise ValueError(f"Expected `weight` of shape ({classes},), got {tuple(weight.shape)}.")
    if weight is not None and weight.requires_grad and not soft:
        raise ValueError(
            "Expected `weight` without a gradient beside integer labels: .detach() it."
        )
    if ignore_index >= 0 and soft:
        raise ValueError(f"Expected no `ignore_index` beside probabilities, got {ignore_index}.")
    if reduction not in ("none", "sum", "mean"):
        raise ValueError(f'Expected `reduction` to be "none", "sum" or "mean", got {reduction!r}.')
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"Expected `label_smoothing` in [0, 1], got {label_smoothing}.")


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    r"""Return the negative log-likelihood of `target` under the softmax of `input`.

    A drop-in for `torch.nn.functional.cross_entropy`: the same numbers where that one is right, and
    digits where it has none left.

    .. math:: \ell(z, t) = -\sum_k t_k \log y_k, \qquad y_k = \frac{\exp(z_k)}{\sum_j \exp(z_j)}

    Parameters
    ----------
    input : Tensor, shape ``(N, K, d1, ...)`` or ``(K,)``
        Unnormalized log-probabilities, on any device, the classes on axis 1. Computed in float32 if
        they are float16 or bfloat16. A class at −inf is masked: its probability is 0.
    target : Tensor, shape ``(N, d1, ...)`` or that of `input`
        Integer classes in [0, K); or, in the shape of `input`, probabilities, with respect to which
        the loss is differentiable, too.
    weight : Tensor, shape ``(K,)``, optional
        What an example of each class counts.
    ignore_index : int, default -100
        A label that marks rows to leave out: their loss and gradient are 0. It need not be a class.
    reduction : {"mean", "sum", "none"}, default "mean"
        The mean divides by the number of rows that are kept, or by the sum of their weights; with
        probabilities it divides by the number of rows. The mean over no rows is NaN.
    label_smoothing : float, default 0.0
        Mass in [0, 1] taken from the target and spread evenly over all K classes.

    Returns
    -------
    loss : Tensor, shape ``()``, or ``(N, d1, ...)`` with ``reduction="none"``
        Nats; float64 for float64 logits, else float32.

    Raises
    ------
    TypeError
        If `input` does not hold floating-point numbers, or `target` neither labels nor
        probabilities.
    ValueError
        If shapes do not match, or an option is none of those that there are.
    RuntimeError
        From PyTorch, if a label is out of range. On a GPU that shows only later, since nothing here
        waits for the device.

    See Also
    --------
    nll.softmax_cross_entropy : The same loss in NumPy.

    Notes
    -----
    The relative error of the loss of an integer label stays within
    :math:`(6 + \log K + \Delta)\,u`, that of every entry of its gradient within
    :math:`(12 + \log K + \Delta)\,u`: see `nll.softmax_cross_entropy_value_and_grad` for what
    :math:`u` and :math:`\Delta` are. The gradient has the dtype of `input`, and is rounded to it
    last.

    One buffer of the size of `input` is kept for the backward pass. Second derivatives work, and so
    do `torch.vmap`, ``torch.func.jacrev`` and ``torch.compile(fullgraph=True)``. Forward-mode
    derivatives do not: take ``jacrev(jacrev(loss))`` for a Hessian. What is compiled for a CPU adds
    up the classes of a row in another order, and with very many classes leaves the bars above:
    ``benchmarks/README.md`` has by how much.

    References
    ----------
    Chapter *use_it* puts it to use, chapter *stable_kernels* derives the formula.

    L. Prieto, M. Barsbey, P. A. M. Mediano, T. Birdal, "Grokking at the Edge of Numerical
    Stability", ICLR 2025, arXiv:2501.04697.

    Examples
    --------
    >>> import torch
    >>> from nll.torch import cross_entropy
    >>> logits = torch.tensor([[30.0, 0.0], [1.0, 2.0]], requires_grad=True)
    >>> labels = torch.tensor([0, 1])
    >>> losses = cross_entropy(logits, labels, reduction="none")
    >>> print([f"{loss:.3g}" for loss in losses.tolist()])
    ['9.36e-14', '0.313']

    The function that it replaces has lost the first row, and with it the label's pull:

    >>> from torch.nn import functional as F
    >>> losses = F.cross_entropy(logits, labels, reduction="none")
    >>> print([f"{loss:.3g}" for loss in losses.tolist()])
    ['-0', '0.313']
    >>> losses.mean().backward()
    >>> print([f"{entry:.3g}" for entry in logits.grad[0].tolist()])
    ['0', '4.68e-14']
    >>> logits.grad = None
    >>> cross_entropy(logits, labels).backward()
    >>> print([f"{entry:.3g}" for entry in logits.grad[0].tolist()])
    ['-4.68e-14', '4.68e-14']
    """
    soft = _is_soft(input, target)
    z = input if input.ndim < 3 else input.movedim(1, -1)
    _check_options(z.shape[-1], weight, ignore_index, soft, reduction, label_smoothing)
    dtype = torch.promote_types(input.dtype, torch.float32)
    weight = None if weight is None else weight.to(dtype)
    if soft:
        t = target if input.ndim < 3 else target.movedim(1, -1)
        losses = _soft(z, t.to(dtype), weight, label_smoothing)
        return losses if reduction == "none" else getattr(losses, reduction)()
    losses, counts = _hard(z, target, weight, ignore_index, label_smoothing)
    if reduction == "none":
        return losses
    return losses.sum() if reduction == "sum" else losses.sum() / counts.sum()


class CrossEntropyLoss(torch.nn.CrossEntropyLoss):
    """`cross_entropy` as a module: a `torch.nn.CrossEntropyLoss` with the digits of `nll`.

    Parameters
    ----------
    weight, ignore_index, reduction, label_smoothing
        As for `cross_entropy`.

    Examples
    --------
    >>> import torch
    >>> from nll.torch import CrossEntropyLoss
    >>> loss = CrossEntropyLoss(reduction="sum")
    >>> print(f"{loss(torch.tensor([[20.0, 0.0]]), torch.tensor([0])).item():.4g}")
    2.061e-09
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss of a batch."""
        return cross_entropy(
            input,
            target,
            weight=self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )
