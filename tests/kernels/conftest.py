"""Fixtures for the kernels, and how Hypothesis searches: the same examples every time in CI."""

import os
import tracemalloc

import numpy as np
import pytest
from hypothesis import settings

settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


@pytest.fixture
def rng():
    """Return a seeded generator."""
    return np.random.default_rng(20240229)


@pytest.fixture(params=[np.float32, np.float64], ids=["float32", "float64"])
def dtype(request):
    """Run once for each of the two working precisions."""
    return request.param


@pytest.fixture
def extra_memory():
    """Return what tells how many bytes a call needs at its peak, beyond those of its result."""

    def measure(call):
        tracemalloc.start()
        try:
            out = call()
            return tracemalloc.get_traced_memory()[1] - getattr(out, "nbytes", 0)
        finally:
            tracemalloc.stop()

    return measure
