"""The guards are guarded: each fault, planted in a small chapter, is found by its guard alone."""

import json
import re
import subprocess
import sys
from functools import partial

import nbformat
import numpy as np
import pytest
import test_crossrefs
import test_derivations
import test_displays
import test_exercises
import test_notebooks
import test_prose_numbers
import test_vacuous
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from notebooks import ROOT, Chapter
from readings import Reading

import nll

SVG = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M 10.0 4.0" style="stroke: #1f77b4"/></svg>'
WORDS = {
    "image": {"alt": "A single dot, blue, ten to the right and four from the top."},
    "figure": {"name": "fig-dot", "caption": "A dot."},
}
KNOWN = Reading(
    NAMES={r"L(\theta)": lambda theta: theta**9 * (1 - theta) ** 4},
    INLINE={r"-\log 2": lambda: np.log(0.5), r"0 = \log 1": None},
)


def code(source, *outputs, **metadata):
    """Return a code cell."""
    return new_code_cell(source, outputs=list(outputs), metadata=metadata)


def prints(text, name="stdout"):
    """Return what a cell printed."""
    return new_output("stream", name=name, text=text)


def shows(**data):
    """Return what a cell displayed; names have two underscores where a type has a slash."""
    kinds = {kind.replace("__", "/").replace("_", "+"): value for kind, value in data.items()}
    return new_output("display_data", data=kinds)


def small_chapter():
    """Return the cells of a chapter with one thing of each kind that the guards look at."""
    return {
        "title": new_markdown_cell("# Toss a coin\n\nA page as small as can be."),
        "imports": code(
            "import numpy as np\nimport sympy as sp\nfrom IPython.display import SVG, display\n\n"
            "import nll"
        ),
        "display": new_markdown_cell(
            "## Ask the coin\n\nOne toss has $-\\log 2$. "
            "Nine heads in thirteen tosses have the likelihood\n\n"
            "$$\nL(\\theta) = \\theta^{9} \\cdot (1 - \\theta)^{4}\n$$ (eq-likelihood-coin)\n\n"
            "which is 0.000327 at 0.7. Certainty is no surprise:\n\n$$\n0 = \\log 1\n$$\n\n"
            "And the area under it?"
        ),
        "number": code(
            'print(f"{0.7**9 * 0.3**4:.6f} {9 / 26:.3f}")', prints("0.000327 0.346\n")
        ),
        "result": code(
            't = sp.symbols("t")\narea = sp.integrate(t**10009, (t, 0, 1))\n'
            "assert area == sp.Rational(1, 10010)\nprint(area)",
            prints("1/10010\n"),
        ),
        "claim": code("assert np.isclose(nll.entropy([0.5, 0.5]), np.log(2), rtol=1e-12, atol=0)"),
        "figure": code(
            f"display(SVG({SVG!r}))",
            shows(image__svg_xml=SVG, text__plain="<IPython.core.display.SVG object>"),
            mystnb=WORDS,
        ),
        "exercise": new_markdown_cell(
            "```{exercise} Share\n:label: ex-share\n\nWrite `share(h, N)`.\n```"
        ),
        "stub": code(
            "def share(h, N): ...",
            tags=["exercise-stub"],
            right=["share = lambda h, N: 1 / (N / h)", "def share(h, N): return np.divide(h, N)"],
            wrong=[f"def share(h, N): return {wrong}" for wrong in ("h", "N / h", "h * N")],
        ),
        "start": new_markdown_cell("```{solution-start} ex-share\n```"),
        "solution": code("def share(h, N):\n    return h / N", tags=["exercise-solution"]),
        "end": new_markdown_cell("```{solution-end}\n```"),
        "check": code(
            'assert abs(share(9, 13) - 9 / 13) < 1e-12, "not 9/13"', tags=["exercise-check"]
        ),
    }  # fmt: skip


def chapter(cells):
    """Return the chapter that has these cells, as `tools/execute.py` would store it."""
    for count, cell in enumerate((c for c in cells.values() if c.cell_type == "code"), start=1):
        cell.execution_count = cell.execution_count or count
    book = new_notebook(cells=list(cells.values()))
    return Chapter("likelihood", json.dumps(book, indent=1, ensure_ascii=False) + "\n")


def change(name, **attributes):
    """Return a fault: a cell with other attributes."""
    return lambda cells: cells[name].update(attributes)


def swap(name, old, new):
    """Return a fault: `old` replaced by `new` in one cell."""

    def plant(cells):
        assert old in cells[name].source
        cells[name].source = cells[name].source.replace(old, new)

    return plant


def metadata(name, **entries):
    """Return a fault: other metadata of one cell."""
    return lambda cells: cells[name].metadata.update(entries)


GUARDS = {
    test_notebooks.run_in_order, test_notebooks.empty_cells, test_notebooks.comparable_outputs,
    test_notebooks.portable_cells, test_notebooks.known_tags, test_notebooks.figures_in_words,
    test_notebooks.normal_file, test_notebooks.long_cells, test_notebooks.accidental_lists,
    test_notebooks.figures_end_with_show, test_derivations.unproved_results, test_exercises.layout,
    test_exercises.answers, test_crossrefs.letters_in_the_notation,
    test_crossrefs.letters_in_their_order, test_crossrefs.terms_in_the_glossary,
    test_prose_numbers.unprinted_numbers, test_displays.displays, test_displays.unseen,
    test_displays.inline_claims, test_vacuous.vacuous,
}  # fmt: skip
FAULTS = {
    # what is wrong: (fault, its guard, what that says)
    "a cell that was not run": (
        change("number", execution_count=99),
        "run_in_order",
        "cell 3 (counting all cells from 0): was not run in order",
    ),
    "an empty cell": (change("claim", source=""), "empty_cells", "cell 5"),
    "a bitmap": (
        change("figure", outputs=[shows(image__png="iVBORw0KGgo=")]),
        "comparable_outputs",
        "cell 6 (counting all cells from 0): stores {'image/png'}",
    ),
    "a warning": (
        change("imports", outputs=[prints("RuntimeWarning: overflow\n", "stderr")]),
        "comparable_outputs",
        "writes to stderr: RuntimeWarning",
    ),
    "a path": (
        swap("imports", "import numpy", '"/tmp/ada"; import numpy'),
        "portable_cells",
        "'/tmp/ada",
    ),
    "a download": (
        swap("imports", "import sympy", "from sklearn.datasets import fetch_openml; import sympy"),
        "portable_cells",
        "needs a network: fetch_openml",
    ),
    "a tag that makes nbval look away": (
        metadata("number", tags=["nbval-skip"]),
        "known_tags",
        "unknown tags {'nbval-skip'}",
    ),
    "a figure without words": (
        change("figure", metadata={}),
        "figures_in_words",
        "lacks an alt text",
    ),
    "a sentence that begins a list": (
        swap("display", "One toss", "9. One toss"),
        "accidental_lists",
        "set as item 9.",
    ),
    "a number in the prose": (
        swap("display", "0.000327", "0.000237"),
        "unprinted_numbers",
        "'Ask the coin': no cell of this section prints 0.000237",
    ),
    "a number after the options of a question": (
        swap("display", "Nine heads", ":answer: 3\n\nIt is 0.000237. Nine heads"),
        "unprinted_numbers",
        "'Ask the coin': no cell of this section prints 0.000237",
    ),
    "a decimal of two digits": (
        swap("display", "One toss", "It is 3.7, as one toss"),
        "unprinted_numbers",
        "no cell of this section prints 3.7",
    ),
    "a number in an exercise": (
        swap("exercise", "Write", "Of 0.000237, write"),
        "unprinted_numbers",
        "'Ask the coin': no cell of this section prints 0.000237",
    ),
    "a percentage without its sign": (
        swap("display", "One toss", "It is 34.6, as one toss"),
        "unprinted_numbers",
        "no cell of this section prints 34.6",
    ),
    "a sign on the right of a display": (
        swap("display", "1 - ", "1 + "),
        "displays",
        "eq-likelihood-coin",
    ),
    "a slip on the left of a display": (
        swap("display", r"L(\theta) =", r"\log L(\theta) ="),
        "displays",
        "eq-likelihood-coin",
    ),
    "a slip in the running text": (
        swap(
            "display", "Nine heads", r"With $L(\theta) = \theta^{9} (1 + \theta)^{4}$, nine heads"
        ),
        "inline_claims",
        "cell 2",
    ),
    "a minus lost in the running text": (
        swap("display", "Nine heads", r"With $-\log 2$ and $\log 2$, nine heads"),
        "inline_claims",
        r"expected $-\log 2$",
    ),
    "a display without a label, with a slip": (
        swap("display", "4}\n$$ (eq-likelihood-coin)", "5}\n$$"),
        "displays",
        "cell 2",
    ),
    "a slip that a zero hides": (
        swap("display", r"0 = \log 1", r"0 = 2 \log 1"),
        "inline_claims",
        r"INLINE has 0 = \log 1",
    ),
    "a display that only repeats itself": (
        swap("display", r"\theta^{9} \cdot (1 - \theta)^{4}", r"0 \cdot L(\theta) + L(\theta)"),
        "unseen",
        "nothing sees",
    ),
    "a result that is only shown": (
        swap("result", "assert area == sp.Rational(1, 10010)\n", ""),
        "unproved_results",
        "no assert compares area",
    ),
    "a check that the stub passes": (
        swap("check", "assert abs", "assert share(9, 13) is None or abs"),
        "answers",
        "passes on the stub",
    ),
    "a wrong answer that passes": (
        swap("check", "9 / 13)", "9 / 13) * (share(9, 13) < 1)"),
        "answers",
        "passes a wrong answer",
    ),
    "a right answer that is refused": (
        swap("check", "assert ", "assert isinstance(share(9, 13), np.floating) and "),
        "answers",
        "refuses a right answer",
    ),
    "too few right answers": (metadata("stub", right=[]), "answers", '"right" in the stub'),
    "a broken solution that passes": (
        swap("solution", "h / N", "h / N if h < 99 else 0"),
        "answers",
        "the solution changed to `return h / N if h < 100 else 0`",
    ),
    "a solution that loops when broken, with a stale excuse": (
        metadata("solution", survives={"return h": "no reason"}),
        "answers",
        '"survives" lists `return h`',
    ),
    "a number in an alt text": (
        metadata("figure", mystnb={**WORDS, "image": {"alt": f"{WORDS['image']['alt']} At 0.15."}}),
        "unprinted_numbers",
        "0.15, which stands in a caption or alt text",
    ),
    "two digits with a unit": (
        swap("display", "Nine heads", "It is 43 times as much. Nine heads"),
        "unprinted_numbers",
        "prints 43",
    ),
    "a fraction": (
        swap("display", "Nine heads", "It is 4/27. Nine heads"),
        "unprinted_numbers",
        "prints 4/27",
    ),
    "a cell of sixteen lines": (
        swap("claim", "assert", "\n" * 15 + "assert"),
        "long_cells",
        "16 lines",
    ),
    "a figure with an end of its own": (
        swap("figure", "display(", "import matplotlib.pyplot as plt; plt.close(); display("),
        "figures_end_with_show",
        "expected 'plt.show()'",
    ),
    "an exercise of five cells": (
        lambda cells: cells.pop("end"),
        "layout",
        "lacks a ```{solution-end}",
    ),
    "a letter that comes too early": (
        swap("display", "Nine heads", r"Nine heads, or $\eta$,"),
        "letters_in_their_order",
        r"uses \eta, which notation.md says is first used in output_units",
    ),
    "a Greek letter that the notation lacks": (
        swap("display", r"(1 - \theta)^{4}", r"(1 - \theta)^{4} + 0 \cdot \xi"),
        "letters_in_the_notation",
        r"\xi is not in notation.md",
    ),
    "a term that the glossary lacks": (
        swap("display", "Nine heads", "A coin called *bent*: nine heads"),
        "terms_in_the_glossary",
        "introduces *bent*",
    ),
    "a value smaller than its tolerance": (
        swap("claim", "assert ", "assert np.isclose(1e-9, 2e-9) and "),
        "vacuous",
        "isclose expects 2e-09 within atol=1e-08",
    ),
    "an assert that zeros satisfy": (
        swap("claim", "np.log(2), rtol=1e-12, atol=0", "1, atol=2, rtol=0"),
        "vacuous",
        "holds though nll.entropy returns zeros",
    ),
}
ALSO = {
    "a display that only repeats itself": {"displays"},
    "a Greek letter that the notation lacks": {"unseen"},
    "a right answer that is refused": {"vacuous"},
    "a slip that a zero hides": {"unseen"},
}
"""Other guards that see the fault too."""


def complaints(cells):
    """Return what each guard says about a chapter of these cells."""
    page = chapter(cells)
    known = {"known": KNOWN}
    needs = {"displays", "inline_claims", "unseen", "unprinted_numbers", "vacuous"}
    guards = {g.__name__: partial(g, **known) if g.__name__ in needs else g for g in GUARDS}
    said = {name: "\n".join(guard(page)) for name, guard in guards.items()}
    return {name: text for name, text in said.items() if text}


def test_a_sound_chapter_passes_every_guard():
    assert complaints(small_chapter()) == {}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_by_its_own_guard(fault):
    plant, guard, message = FAULTS[fault]
    cells = small_chapter()
    plant(cells)
    said = complaints(cells)
    assert message in said.get(guard, ""), f"nothing says {message!r}, but {said}"
    assert "book/likelihood.ipynb" in said[guard]
    assert set(said) - ALSO.get(fault, set()) <= {guard}, said


def test_a_chapter_without_its_frame_is_found():
    said = list(test_notebooks.frame(chapter(small_chapter())))
    assert [fault.partition(": ")[2].partition(": ")[0] for fault in said] == [
        *(f"lacks {what}" for what in list(test_notebooks.FRAME)[1:]),
        "has 1 exercises of six cells; expected 3 to 5",
    ]


def test_a_solution_that_never_ends_is_stopped():
    cells = small_chapter()
    cells[
        "solution"
    ].source = "def share(h, N):\n    k = 0\n    while k < h: k += 1\n    return k / N"
    said = complaints(cells)
    assert set(said) <= {"answers"}


def test_nbval_finds_another_output_and_another_figure(tmp_path):
    cells = small_chapter()
    cells["number"].outputs = [prints("0.000328 0.346\n")]
    svg = cells["figure"].outputs[0].data
    svg["image/svg+xml"] = SVG.replace("4.0", "4.02")  # rounding: passes
    orange = small_chapter()["figure"]
    orange.outputs[0].data["image/svg+xml"] = SVG.replace("#1f77b4", "#ff7f0e")
    path = tmp_path / "likelihood.ipynb"
    nbformat.write(nbformat.reads(chapter({**cells, "orange": orange}).text, 4), path)
    (tmp_path / "conftest.py").write_text("import svg_tolerance\n\nsvg_tolerance.teach_nbval()\n")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-n0", "-pno:cacheprovider", "--rootdir", str(tmp_path),
         "-c", str(ROOT / "pyproject.toml"), str(path)],
        capture_output=True, encoding="utf-8", check=False, cwd=ROOT,
    )  # fmt: skip
    failed = re.findall(r"^FAILED .*::(Cell \d+)", run.stdout, re.MULTILINE)
    assert failed == ["Cell 1", "Cell 8"], run.stdout
    assert "'0.000328 0.346\\n' == '0.000327 0.346\\n'" in run.stdout
    assert "the stored figure has 'style=\"stroke: #ff7f0e\"'" in run.stdout


def test_a_function_that_no_chapter_uses_is_found():
    assert next(test_crossrefs.unused(["entropy", "focal_loss"])).startswith("nll.focal_loss: no")


@pytest.mark.parametrize(
    ("old", "message"),
    [(">>>", "has no example"), ("*information*", "names no chapter")],
)
def test_a_docstring_that_lacks_something_is_found(old, message):
    lacking = nll.entropy.__doc__.replace(old, "")
    assert any(message in fault for fault in test_crossrefs.unexplained("entropy", lacking))
