"""What Hypothesis draws from: logits, probabilities, and the shapes and types they come in."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

dtypes = st.sampled_from([np.float32, np.float64])


@st.composite
def arrays_of(draw, low, high, min_dims=0, max_dims=3, min_side=1, max_side=6):
    """Arrays of float32 or float64 in [low, high]."""
    dtype = draw(dtypes)
    shape = draw(
        hnp.array_shapes(min_dims=min_dims, max_dims=max_dims, min_side=min_side, max_side=max_side)
    )
    width = 8 * np.dtype(dtype).itemsize
    return draw(hnp.arrays(dtype, shape, elements=st.floats(low, high, width=width)))


def logits(**shape):
    """Finite logits, gaps up to 1600."""
    return arrays_of(-800, 800, **shape)


@st.composite
def probabilities(draw, count=1, dtype=None):
    """Draw `count` vectors over the same outcomes, zeros and near-equal entries among them."""
    dtype = draw(dtypes) if dtype is None else dtype
    size = draw(st.integers(1, 8))
    weights = st.one_of(st.just(0.0), st.floats(0, 1), st.floats(1 - 1e-6, 1))
    vectors = []
    for _ in range(count):
        raw = np.array(draw(st.lists(weights, min_size=size, max_size=size)))
        raw[draw(st.integers(0, size - 1))] = 1.0
        vectors.append((raw / raw.sum()).astype(dtype))
    return vectors
