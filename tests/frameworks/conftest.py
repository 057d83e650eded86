"""One core, seeded, and JAX with float64: what is compared is numbers, not seconds."""

import os

os.environ["KERAS_BACKEND"] = "torch"

import jax
import numpy as np
import pytest
import torch

jax.config.update("jax_enable_x64", True)
torch.set_num_threads(1)


def pytest_configure(config):
    """Let PyTorch use what it has deprecated itself, in Inductor and in Dynamo."""
    for start in ("`torch.jit", ".*should not be instantiated"):
        config.addinivalue_line("filterwarnings", f"ignore:{start}:DeprecationWarning")


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


@pytest.fixture(params=[np.float32, np.float64])
def dtype(request):
    """Run once for each of the two working precisions."""
    return request.param
