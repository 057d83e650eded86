"""How long does value and gradient take? All libraries in one process, in turn, on one core.

Prints one Markdown table: medians, and the time of each other library over that of `nll`, which is
the faster one where that is above 1. The floor is what no NumPy code can beat: `np.exp` alone, and
a copy. Processor time is counted, so that other work on the machine disturbs little. Takes the
number of repetitions as its argument, 15 by default.
"""

import functools
import importlib.metadata
import os
import sys
import time

import jax
import numpy as np
import optax
import scipy.special
import torch

import nll

SHAPES = [(1, 10), (4, 10), (32, 10), (256, 10), (4096, 10), (200_000, 10)]
SHAPES += [(20_000, 16), (20_000, 32), (20_000, 64), (20_000, 100), (20_000, 200)]
SHAPES += [(8192, 1000), (256, 50_257)]
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


def torch_call(logits, labels):
    """Return forward and backward of `cross_entropy`."""
    z, t = torch.tensor(logits, requires_grad=True), torch.tensor(labels)

    def call():
        z.grad = None
        torch.nn.functional.cross_entropy(z, t, reduction="sum").backward()

    return call


def jax_call(logits, labels):
    """Return the compiled `value_and_grad` of optax's loss."""
    z, t = jax.numpy.asarray(logits), jax.numpy.asarray(labels)
    loss = optax.softmax_cross_entropy_with_integer_labels
    compiled = jax.jit(jax.value_and_grad(lambda z, t: loss(z, t).sum()))
    return lambda: jax.block_until_ready(compiled(z, t))


def exp_call(logits, labels):
    """Return `np.exp` alone, into memory that is there."""
    return functools.partial(np.exp, logits, out=np.empty_like(logits))


def copy_call(logits, labels):
    """Return a copy alone, into memory that is there."""
    return functools.partial(np.copyto, np.empty_like(logits), logits)


CALLS = {
    "nll": nll_call,
    "SciPy": scipy_call,
    "PyTorch": torch_call,
    "JAX": jax_call,
    "np.exp": exp_call,
    "copy": copy_call,
}


def seconds(call, loops):
    """Return seconds for one of `loops` calls."""
    start = time.process_time()
    for _ in range(loops):
        call()
    return (time.process_time() - start) / loops


def medians(shape, dtype, repetitions):
    """Return the median time of each call, all of them taken in turn."""
    rng = np.random.default_rng(0)
    logits = rng.normal(scale=3, size=shape).astype(dtype)
    labels = rng.integers(shape[1], size=shape[0])
    calls = {name: make(logits, labels) for name, make in CALLS.items()}
    loops = max(1, 20_000 // logits.size)
    times = {name: [] for name in calls}
    for _ in range(repetitions + 1):
        for name, call in calls.items():
            times[name].append(seconds(call, loops))
    return {name: float(np.median(taken[1:])) for name, taken in times.items()}


def row(shape, dtype, repetitions):
    """Return one line of the table."""
    taken = medians(shape, dtype, repetitions)
    ratios = [f"{taken[name] / taken['nll']:.2f}" for name in CALLS if name != "nll"]
    size = f"{shape[0]} × {shape[1]} | {np.dtype(dtype).name}"
    ns = taken["nll"] / (shape[0] * shape[1]) * 1e9
    return f"| {size} | {taken['nll'] * 1e6:.4g} | {ns:.2f} | {' | '.join(ratios)} |"


def main():
    """Print the table."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # Linux; JAX counts its threads by it
    torch.set_num_threads(1)
    jax.config.update("jax_enable_x64", True)
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    names = ["numpy", "scipy", "torch", "jax", "optax"]
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    print(f"nll {nll.__version__}, {versions}, Python {sys.version.split()[0]}, one core;")
    print(f"PyTorch for {torch.backends.cpu.get_cpu_capability()}; {repetitions} repetitions\n")
    print("| rows × classes | dtype | nll, µs | ns a logit | " + " | ".join(list(CALLS)[1:]) + " |")
    print("| --- " * (4 + len(CALLS) - 1) + "|")
    for shape in SHAPES:
        for dtype in (np.float32, np.float64):
            print(row(shape, dtype, repetitions), flush=True)
    for shape in GROWTH:
        print(row(shape, np.float32, min(5, repetitions)), flush=True)


if __name__ == "__main__":
    main()
