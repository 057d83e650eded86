"""One core, seeded, and JAX with float64: what is compared is numbers, not seconds."""

import os

os.environ["KERAS_BACKEND"] = "torch"

import jax
import pytest
import torch

jax.config.update("jax_enable_x64", True)
torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)
