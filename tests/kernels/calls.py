"""Every kernel with arrays that fit it, for what holds of all of them."""

from functools import partial

import numpy as np

import nll
from nll import blocks

FAMILIES = (nll.GAUSSIAN, nll.BERNOULLI, nll.POISSON, nll.negative_binomial(2.5))


def calls(rows=5, classes=3):
    """Return functions by name, each with an array for each argument that it has a name for."""
    rng = np.random.default_rng(20240229)
    logits, eta = rng.normal(scale=3, size=(rows, classes)), rng.normal(size=(rows, classes))
    labels, counts = rng.integers(classes, size=rows), rng.integers(9, size=(rows, classes))
    p, q = rng.dirichlet(np.ones(classes), size=(2, rows))
    found = {
        name: (getattr(nll, name), {"logits": logits})
        for name in ("logsumexp", "softmax", "log_softmax", "softplus", "sigmoid", "log_sigmoid")
    }
    fused = {f.__name__: f for f in (nll.softmax_cross_entropy, blocks.block_state)}
    fused["value and grad"] = nll.softmax_cross_entropy_value_and_grad
    fused |= {f"categorical.{x}": getattr(nll.CATEGORICAL, x) for x in ("nll", "gradient")}
    for name, function in fused.items():
        found[name] = function, {"logits": logits, "labels": labels}
        if name != "block_state":
            found[f"{name}, soft"] = function, {"logits": logits, "labels": p}
    smooth = partial(nll.softmax_cross_entropy_value_and_grad, label_smoothing=0.1)
    found["smooth"] = smooth, {"logits": logits, "labels": labels}
    found["entropy"] = nll.entropy, {"p": p}
    found |= {f.__name__: (f, {"p": p, "q": q}) for f in (nll.cross_entropy, nll.kl_divergence)}
    for family in FAMILIES:
        y = nll.sigmoid(logits) if family in FAMILIES[:2] else counts.astype(float)
        both = {"eta": eta, "y": y}
        found[f"{family.name} loss"] = partial(nll.negative_log_likelihood, family), both
        found[f"{family.name}.nll"] = family.nll, both
        found[f"{family.name}.gradient"] = family.gradient, both
        if family is not nll.BERNOULLI:  # whose output unit is the sigmoid
            found[f"{family.name}.output_unit"] = family.output_unit, {"eta": eta}
        if np.ndim(family.constant(both["y"])):  # those of the counts
            found[f"{family.name}.constant"] = family.constant, {"y": both["y"]}
    return found
