"""Exercises teach: a stub and each usual wrong answer fail the check, the solution passes."""

import matplotlib.pyplot as plt
import pytest
from downloads import strip
from notebooks import STEMS, exercises, read, run, tags


@pytest.fixture(autouse=True)
def _quiet_figures(monkeypatch):
    """Draw nothing: here the figures do not matter."""
    monkeypatch.setattr(plt, "show", lambda: plt.close("all"))
    monkeypatch.setattr("nll.plotting.use_style", lambda: None)


def passes(source, namespace):
    """Tell whether `source` runs in a copy of `namespace` without an exception."""
    try:
        run([source], dict(namespace))
    except Exception:
        return False
    return True


@pytest.mark.parametrize("stem", STEMS)
def test_downloaded_copy_runs_and_every_check_raises(stem):
    namespace = run([])
    for i, cell in enumerate(strip(read(stem)).cells):
        if cell.cell_type != "code":
            continue
        if "exercise-check" in tags(cell):
            assert not passes(cell.source, namespace), f"{stem}.ipynb: check {i} passes on its stub"
        else:
            run([cell.source], namespace)


@pytest.mark.parametrize("stem", STEMS)
def test_each_wrong_answer_fails_and_the_solution_passes(stem):
    namespace, done = run([]), 0
    for exercise in exercises(stem):
        cells = read(stem).cells[done : exercise.place]
        run((c.source for c in cells if c.cell_type == "code" and c.source.strip()), namespace)
        done = exercise.place + 5
        where = f"{stem}.ipynb, cell {exercise.place}"
        assert exercise.stub.metadata.get("wrong"), f"{where}: lists no usual wrong answer"
        for wrong in exercise.stub.metadata["wrong"]:
            attempt = run([wrong], dict(namespace))
            assert not passes(exercise.check.source, attempt), f"{where}: passes with\n{wrong}"
        run([exercise.solution.source, exercise.check.source], dict(namespace))
