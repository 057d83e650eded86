"""How long does value and gradient take? All libraries in one process, in turn, on one core.

Two tables, into README.md. The first has medians, and the time of each other library over that of
`nll`, which is the faster one where that is above 1. The floor is what no NumPy code can beat:
`np.exp` alone, and a copy. The second has the time of `nll.torch` and `nll.jax` over that of the
functions that they replace, eager and compiled. Processor time is counted, so that other work on
the machine disturbs little. Takes the number of repetitions as its argument, 15 by default.
"""

import functools
import os
import sys
import time

import jax
import numpy as np
import optax
import scipy.special
import torch
from report import write

import nll
import nll.jax
import nll.torch

SHAPES = [(1, 10), (4, 10), (32, 10), (256, 10), (4096, 10), (200_000, 10)]
SHAPES += [(20_000, 16), (20_000, 32), (20_000, 64), (20_000, 100), (20_000, 200)]
SHAPES += [(8192, 1000), (256, 50_257)]
IN_LOOPS = [(32, 10), (4096, 10), (20_000, 64), (8192, 1000), (256, 50_257)]
GROWTH = [(10_000, 100), (100_000, 100), (1_000_000, 100)]


def nll_call(logits, labels):
    """Return the fused value and gradient, checks included."""
    return functools.partial(nll.softmax_cross_entropy_value_and_grad, logits, labels)


def scipy_call(logits, labels):
    """Return the leanest form with SciPy: one `log_softmax`, one `exp`."""
    each = np.arange(len(labels))

    def call():
        log_probs = scipy.special.log_softmax(logits, axis=1)
        loss, grad = -log_probs[each, labels], np.exp(log_probs)
        grad[each, labels] -= 1
        return loss, grad

    return call


def torch_call(function):
    """Return what times forward and backward of a `cross_entropy`."""

    def make(logits, labels):
        z, t = torch.tensor(logits, requires_grad=True), torch.tensor(labels)

        def call():
            z.grad = None
            function(z, t, reduction="sum").backward()

        return call

    return make


def jax_call(function):
    """Return what times the compiled `value_and_grad` of a loss with optax's signature."""

    def make(logits, labels):
        z, t = jax.numpy.asarray(logits), jax.numpy.asarray(labels)
        compiled = jax.jit(jax.value_and_grad(lambda z, t: function(z, t).sum()))
        return lambda: jax.block_until_ready(compiled(z, t))

    return make


def exp_call(logits, labels):
    """Return `np.exp` alone, into memory that is there."""
    return functools.partial(np.exp, logits, out=np.empty_like(logits))


def copy_call(logits, labels):
    """Return a copy alone, into memory that is there."""
    return functools.partial(np.copyto, np.empty_like(logits), logits)


F = torch.nn.functional.cross_entropy
OPTAX = optax.softmax_cross_entropy_with_integer_labels
CALLS = {
    "nll": nll_call,
    "SciPy": scipy_call,
    "PyTorch": torch_call(F),
    "JAX": jax_call(OPTAX),
    "np.exp": exp_call,
    "copy": copy_call,
}
IN_FRAMEWORKS = {
    "PyTorch": torch_call(F),
    "nll.torch": torch_call(nll.torch.cross_entropy),
    "PyTorch, compiled": torch_call(torch.compile(F)),
    "nll.torch, compiled": torch_call(torch.compile(nll.torch.cross_entropy)),
    "optax": jax_call(OPTAX),
    "nll.jax": jax_call(nll.jax.softmax_cross_entropy_with_integer_labels),
}
PAIRS = [("nll.torch", "PyTorch"), ("nll.torch, compiled", "PyTorch, compiled")]
PAIRS += [("nll.torch, compiled", "PyTorch"), ("nll.jax", "optax")]


def seconds(call, loops):
    """Return seconds for one of `loops` calls."""
    start = time.process_time()
    for _ in range(loops):
        call()
    return (time.process_time() - start) / loops


def medians(makers, shape, dtype, repetitions):
    """Return the median time of each call, all of them taken in turn."""
    rng = np.random.default_rng(0)
    logits = rng.normal(scale=3, size=shape).astype(dtype)
    labels = rng.integers(shape[1], size=shape[0])
    calls = {name: make(logits, labels) for name, make in makers.items()}
    loops = max(1, 20_000 // logits.size)
    times = {name: [] for name in calls}
    for _ in range(repetitions + 1):
        for name, call in calls.items():
            times[name].append(seconds(call, loops))
    return {name: float(np.median(taken[1:])) for name, taken in times.items()}


def size(shape, dtype):
    """Return the first two cells of a line."""
    return f"{shape[0]} × {shape[1]} | {np.dtype(dtype).name}"


def row(shape, dtype, repetitions):
    """Return one line of the first table."""
    taken = medians(CALLS, shape, dtype, repetitions)
    ratios = [f"{taken[name] / taken['nll']:.2f}" for name in CALLS if name != "nll"]
    ns = taken["nll"] / (shape[0] * shape[1]) * 1e9
    return f"{size(shape, dtype)} | {taken['nll'] * 1e6:.4g} | {ns:.2f} | {' | '.join(ratios)}"


def framework_row(shape, dtype, repetitions):
    """Return one line of the second table."""
    torch.compiler.reset()
    taken = medians(IN_FRAMEWORKS, shape, dtype, repetitions)
    ratios = [f"{taken[ours] / taken[theirs]:.2f}" for ours, theirs in PAIRS]
    return f"{size(shape, dtype)} | {taken['PyTorch'] * 1e6:.4g} | {' | '.join(ratios)}"


def main():
    """Measure both tables."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # Linux; JAX counts its threads by it
    torch.set_num_threads(1)
    jax.config.update("jax_enable_x64", True)
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    dtypes = (np.float32, np.float64)
    rows = [row(shape, dtype, repetitions) for shape in SHAPES for dtype in dtypes]
    rows += [row(shape, np.float32, min(5, repetitions)) for shape in GROWTH]
    header = "rows × classes | dtype | nll, µs | ns a logit | " + " | ".join(list(CALLS)[1:])
    write("speed", header, rows)
    rows = [framework_row(shape, d, repetitions) for shape in IN_LOOPS for d in dtypes]
    header = "rows × classes | dtype | PyTorch, µs | nll.torch | both compiled "
    header += "| nll.torch compiled, over PyTorch eager | nll.jax over optax"
    write("frameworks", header, rows)


if __name__ == "__main__":
    main()
