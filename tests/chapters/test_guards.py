"""The guards are guarded: each fault, planted in a small copy of a page, is found by its guard.

A guard has to name the file and the place, and no guard of another kind may complain, unless the
fault says so. To add a guard, add it to GUARDS, and a fault that only it finds to FAULTS.
"""

import re
import subprocess
import sys

import latex
import nbformat
import notebooks
import pytest
import test_crossrefs
import test_derivations
import test_equations
import test_exercises
import test_html
import test_notebooks
import test_pages
import test_prose_numbers
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import nll

STEM = "likelihood"
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M 10.0 4.0" style="stroke: #1f77b4"/></svg>'


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


def page():
    """Return a page with one thing of each kind that the guards look at."""
    return [
        new_markdown_cell("# Toss a coin\n\nA page as small as can be."),
        code("import sympy as sp\nfrom IPython.display import SVG, display"),
        new_markdown_cell(
            "## Ask the coin\n\nNine heads in thirteen tosses have the likelihood\n\n"
            "$$\nL(\\theta) = \\theta^{9} \\cdot (1 - \\theta)^{4}\n$$ (eq-likelihood-coin)\n\n"
            "which is 0.000327 at 0.7. And the area under it?"
        ),
        code('print(f"{0.7**9 * 0.3**4:.6f}")', prints("0.000327\n")),
        code(
            't = sp.symbols("t")\narea = sp.integrate(t**9 * (1 - t) ** 4, (t, 0, 1))\n'
            "assert area == sp.Rational(1, 10010)\nprint(area)",
            prints("1/10010\n"),
        ),
        code(
            f"display(SVG({SVG!r}))",
            shows(image__svg_xml=SVG, text__plain="<IPython.core.display.SVG object>"),
            mystnb={
                "image": {"alt": "A single dot, blue, ten to the right and four from the top."},
                "figure": {"name": "fig-dot", "caption": "A dot."},
            },
        ),
        new_markdown_cell("```{exercise} Share\n:label: ex-share\n\nWrite `share(h, N)`.\n```"),
        code("def share(h, N): ...", tags=["exercise-stub"], wrong=["def share(h, N): return h"]),
        new_markdown_cell("```{solution-start} ex-share\n```"),
        code("def share(h, N):\n    return h / N", tags=["exercise-solution"]),
        new_markdown_cell("```{solution-end}\n```"),
        code('assert share(9, 13) == 9 / 13, "not 9/13"', tags=["exercise-check"]),
    ]  # fmt: skip


@pytest.fixture
def store(tmp_path, monkeypatch):
    """Return a function that makes a page the whole book, and returns its path."""

    def write(cells):
        for count, cell in enumerate((c for c in cells if c.cell_type == "code"), start=1):
            cell.execution_count = cell.execution_count if cell.execution_count == 99 else count
        nbformat.write(new_notebook(cells=cells), tmp_path / f"{STEM}.ipynb")
        notebooks.read.cache_clear()
        return tmp_path / f"{STEM}.ipynb"

    monkeypatch.setattr(notebooks, "BOOK", tmp_path)
    monkeypatch.setattr(latex, "STEMS", [STEM])
    yield write
    notebooks.read.cache_clear()


def equations_compute_what_they_say(stem):
    """Look at the equations of the page as it is now."""
    for _, label, text in latex.equations():
        for line, side in enumerate(latex.right_hand_sides(text)):
            test_equations.test_equation_computes_what_it_says(label, line, side)


GUARDS = {
    test_notebooks.test_cells_are_run_in_order: "outputs",
    test_notebooks.test_no_code_cell_is_empty: "outputs",
    test_notebooks.test_outputs_can_be_compared: "outputs",
    test_notebooks.test_nothing_tells_of_the_machine: "outputs",
    test_notebooks.test_no_cell_asks_another_host: "outputs",
    test_notebooks.test_only_known_tags: "outputs",
    test_notebooks.test_the_file_is_normalised: "outputs",
    test_notebooks.test_every_figure_can_be_heard: "figures",
    test_prose_numbers.test_every_number_is_printed: "numbers",
    equations_compute_what_they_say: "equations",
    test_derivations.test_every_symbolic_result_is_asserted: "derivations",
    test_exercises.test_downloaded_copy_runs_and_every_check_raises: "exercises",
    test_exercises.test_each_wrong_answer_fails_and_the_solution_passes: "exercises",
    test_crossrefs.test_letters_of_equations_are_in_the_notation: "cross references",
    test_crossrefs.test_no_letter_is_used_before_it_is_introduced: "cross references",
    test_crossrefs.test_terms_are_in_the_glossary: "cross references",
}


def swap(place, old, new):
    """Return a fault: `old` replaced by `new` in one cell."""

    def plant(cells):
        assert old in cells[place].source
        cells[place].source = cells[place].source.replace(old, new)

    return plant


def put(place, **attributes):
    """Return a fault: a cell with other attributes."""
    return lambda cells: cells[place].update(attributes)


FAULTS = {
    # what is wrong: (kind of guard, what its message says, fault, other kinds that see it too)
    "a cell that was not run": ("outputs", "cell 3 was not run", put(3, execution_count=99)),
    "an empty cell": ("outputs", "cell 1 is empty", put(1, source=""), "exercises"),
    "a bitmap": (
        "outputs", "cell 5 stores {'image/png'}", put(5, outputs=[shows(image__png="iVBORw0KGgo=")])
    ),
    "a warning": (
        "outputs",
        "cell 1 writes to stderr: RuntimeWarning",
        put(1, outputs=[prints("RuntimeWarning: overflow\n", "stderr")]),
    ),
    "a path": (
        "outputs", "cell 1: a path, '/tmp/ada", swap(1, "import sympy", '"/tmp/ada"; import sympy')
    ),
    "a download": (
        "outputs",
        "cell 1 needs a network: fetch_openml",
        swap(1, "import sympy", "from sklearn.datasets import fetch_openml\nimport sympy"),
    ),
    "a tag that makes nbval look away": (
        "outputs", "cell 3: unknown tags {'nbval-skip'}", put(3, metadata={"tags": ["nbval-skip"]})
    ),
    "a figure without words": ("figures", "cell 5: the figure lacks an alt", put(5, metadata={})),
    "a number in the prose": (
        "numbers", "'Ask the coin': no cell prints 0.000237", swap(2, "0.000327", "0.000237")
    ),
    "a sign in an equation": (
        "equations", "eq-likelihood-coin does not compute its meaning", swap(2, "1 - ", "1 + ")
    ),
    "a result that is only shown": (
        "derivations",
        "cell 4, 'Ask the coin': no assert compares area",
        swap(4, "assert area == sp.Rational(1, 10010)\n", ""),
    ),
    "a check that the stub passes": (
        "exercises", "check 8 passes on its stub", swap(11, "== 9 / 13", "!= 9 / 13")
    ),
    "a wrong answer that passes": (
        "exercises", "cell 7: passes with\n", swap(11, "== 9 / 13", "in (9, 9 / 13)")
    ),
    "an exercise of five cells": (
        "exercises", "cell 7: the exercise lacks a {solution-end}", lambda cells: cells.pop(10)
    ),
    "a letter that comes too early": (
        "cross references",
        r"used before the chapter that introduces them: {'\\eta': 'output_units'}",
        swap(2, "Nine heads", r"Nine heads, or $\eta$,"),
    ),
    "a letter that the notation lacks": (
        "cross references", "eq-likelihood-coin: {'G'} not in notation.md", swap(2, "L(", "G(")
    ),
    "a term that the glossary lacks": (
        "cross references",
        "introduces ['bent']",
        swap(2, "Nine heads", "A coin called *bent*: nine heads"),
    ),
}  # fmt: skip


def complaints(guards):
    """Return what each guard that fails says, with its kind."""
    found = []
    for guard, kind in guards.items():
        try:
            guard(STEM)
        except (Exception, SystemExit) as error:
            found.append((kind, str(error)))
    return found


def test_a_sound_page_passes_every_guard(store):
    store(page())
    assert complaints(GUARDS) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_by_its_own_guard(store, fault):
    kind, message, plant, *others = FAULTS[fault]
    cells = page()
    plant(cells)
    store(cells)
    found = complaints(GUARDS)
    told = [text for guard, text in found if guard == kind and message in text]
    assert told, f"nothing says {message!r}, but {found}"
    assert all(f"{STEM}.ipynb" in text for text in told)
    assert {guard for guard, _ in found} <= {kind, *others}


def test_nbval_finds_another_output_and_another_figure(store):
    cells = page()
    cells[3].outputs = [prints("0.000328\n")]
    cells[5].outputs[0].data["image/svg+xml"] = SVG.replace("4.0", "4.02")  # rounding: passes
    orange = page()[5]
    orange.outputs[0].data["image/svg+xml"] = SVG.replace("#1f77b4", "#ff7f0e")
    path = store([*cells, orange])
    (path.parent / "conftest.py").write_text(
        "import svg_tolerance\n\nsvg_tolerance.teach_nbval()\n"
    )
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-n0", "-pno:cacheprovider", "--rootdir", str(path.parent),
         "-c", str(notebooks.ROOT / "pyproject.toml"), str(path)],
        capture_output=True, text=True, check=False, cwd=notebooks.ROOT,
    )  # fmt: skip
    failed = re.findall(r"^FAILED .*::(Cell \d+)", run.stdout, re.MULTILINE)
    assert failed == ["Cell 1", "Cell 7"], run.stdout
    assert "'0.000328\\n' == '0.000327\\n'" in run.stdout
    assert "the stored figure has 'style=\"stroke: #ff7f0e\"'" in run.stdout


PAGES = {
    # what is wrong: (guard, what its message says, the body of a page)
    "a script from elsewhere": (
        test_pages.test_nothing_is_loaded_from_another_host,
        "page.html loads https://cdn.example.org/x.js",
        '<script src="https://cdn.example.org/x.js"></script>',
    ),
    "a formula that KaTeX refuses": (
        test_pages.test_all_mathematics_is_rendered,
        "page.html: KaTeX could not read",
        '<article><span class="math"><span class="katex-error">x</span></span></article>',
    ),
    "a picture without words": (
        test_pages.test_every_picture_has_a_text,
        "page.html: b.svg: alt text ''",
        '<article><img src="b.svg" alt=""></article>',
    ),
    "a link that leads nowhere": (
        lambda page: test_pages.test_internal_links_and_anchors(),
        "nowhere.html",
        '<article><a href="nowhere.html">there</a></article>',
    ),
    "a tag that is not closed": (
        lambda page: test_html.test_pages_are_valid_html(),
        "page.html, line 3: ",
        "<article><p><b>bold</article>",
    ),
}


@pytest.mark.parametrize("fault", PAGES)
def test_a_fault_of_a_page_is_found(fault, tmp_path, monkeypatch):
    guard, message, body = PAGES[fault]
    page = tmp_path / "page.html"
    page.write_text(f"<!DOCTYPE html>\n<html lang=en><title>A page</title>\n{body}\n")
    monkeypatch.setattr(test_pages, "PAGES", [page])
    monkeypatch.setattr(test_pages, "SITE", tmp_path)
    monkeypatch.setattr(test_html, "SITE", tmp_path)
    with pytest.raises(AssertionError) as caught:
        guard(page)
    assert message in str(caught.value)


def test_a_function_that_no_chapter_uses_is_found(monkeypatch):
    monkeypatch.setattr(nll, "__all__", [*nll.__all__, "focal_loss"])
    with pytest.raises(AssertionError, match=r"no chapter uses \{'focal_loss'\} of nll"):
        test_crossrefs.test_every_public_name_is_used_by_a_chapter()


@pytest.mark.parametrize(
    ("old", "message"),
    [(">>>", "nll.entropy has no example"), ("*information*", "nll.entropy names no chapter")],
)
def test_a_docstring_that_lacks_something_is_found(monkeypatch, old, message):
    monkeypatch.setattr(nll.entropy, "__doc__", nll.entropy.__doc__.replace(old, ""))
    with pytest.raises(AssertionError, match=message):
        test_crossrefs.test_docstring_has_an_example_and_names_its_chapter("entropy")
