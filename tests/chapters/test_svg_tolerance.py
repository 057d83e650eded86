"""The comparison of figures sees what a reader would see, and nothing less than that."""

import io

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from svg_tolerance import difference

from nll import plotting


def draw(shift=0.0, color=plotting.BLUE, label="$q$", alpha=1.0, curves=1):
    with mpl.rc_context(plotting.STYLE):
        fig, ax = plt.subplots()
        x = np.linspace(0, 1, 20)
        for k in range(curves):
            ax.plot(x, x**2 + shift + k, color=color, alpha=alpha)
        ax.set(xlabel=label, ylim=(0, 2))
        svg = io.StringIO()
        fig.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
        plt.close(fig)
    return svg.getvalue()


def test_rounding_noise_is_the_same_drawing():
    assert draw() == draw()
    assert difference(draw(), draw(shift=1e-5)) is None


@pytest.mark.parametrize(
    "change",
    [{"shift": 0.03}, {"color": plotting.ORANGE}, {"label": "$p$"}, {"alpha": 0.98}, {"curves": 2}],
    ids=str,
)
def test_what_a_reader_sees_is_a_difference(change):
    assert "the stored figure has" in difference(draw(), draw(**change))
