"""Every output of the book is stored, comparable and described; nbval proves that it is true."""

import json
import re

import pytest
from notebooks import ROOT, STEMS, code_cells, printed, read, tags, text

TAGS = {"exercise-stub", "exercise-solution", "exercise-check", "hide-input", "remove-cell"}
"""The cell tags in use. nbval's ignore and skip tags are not among them, on purpose."""

COMPARABLE = {"text/plain", "text/latex", "text/html", "text/markdown", "image/svg+xml"}

NETWORK = re.compile(r"^ *[!%].*|\b(?:urllib|requests|httpx|socket|fetch_\w+)\b", re.MULTILINE)
ABSOLUTE = re.compile(r"(?<![\w.])(?:/(?:home|root|tmp|usr|work|Users|var)/|[A-Z]:\\\\)")


def outputs(stem):
    """Return (place, cell, output) for all outputs of the chapter."""
    return [(i, cell, output) for i, cell in code_cells(stem) for output in cell.outputs]


def figures(stem):
    """Return (place, metadata) of each cell that draws a figure."""
    return [
        (i, cell.metadata.get("mystnb", {}))
        for i, cell, output in outputs(stem)
        if "image/svg+xml" in output.get("data", {})
    ]


@pytest.mark.parametrize("stem", STEMS)
def test_cells_are_run_in_order(stem):
    for count, (i, cell) in enumerate(code_cells(stem), start=1):
        where = f"{stem}.ipynb, cell {i}"
        assert cell.execution_count == count, f"{where} was not run in order: run `make execute`"


@pytest.mark.parametrize("stem", STEMS)
def test_no_code_cell_is_empty(stem):
    for i, cell in code_cells(stem):
        assert cell.source.strip(), f"{stem}.ipynb, cell {i} is empty"


@pytest.mark.parametrize("stem", STEMS)
def test_outputs_can_be_compared(stem):
    for i, _, output in outputs(stem):
        where = f"{stem}.ipynb, cell {i}"
        assert output.output_type != "error", f"{where} stores an exception: {output.evalue}"
        assert output.get("name") != "stderr", f"{where} writes to stderr: {output.text[:80]}"
        kinds = set(output.get("data", {}))
        assert kinds <= COMPARABLE, f"{where} stores {kinds - COMPARABLE}, which nbval skips"


@pytest.mark.parametrize("stem", STEMS)
def test_nothing_tells_of_the_machine(stem):
    for i, cell in code_cells(stem):
        shown = f"{cell.source}\n{printed(cell)}"
        found = ABSOLUTE.search(shown)
        assert not found, f"{stem}.ipynb, cell {i}: a path, {shown[found.start() :][:40]!r}"


@pytest.mark.parametrize("stem", STEMS)
def test_no_cell_asks_another_host(stem):
    for i, cell in code_cells(stem):
        found = NETWORK.search(cell.source)
        assert not found, f"{stem}.ipynb, cell {i} needs a network: {found[0].strip()}"


@pytest.mark.parametrize("stem", STEMS)
def test_only_known_tags(stem):
    for i, cell in enumerate(read(stem).cells):
        assert tags(cell) <= TAGS, f"{stem}.ipynb, cell {i}: unknown tags {tags(cell) - TAGS}"


@pytest.mark.parametrize("stem", STEMS)
def test_every_figure_can_be_heard(stem):
    for i, described in figures(stem):
        where = f"{stem}.ipynb, cell {i}: the figure"
        assert len(described.get("image", {}).get("alt", "")) > 40, f"{where} lacks an alt text"
        assert described.get("figure", {}).get("caption"), f"{where} lacks a caption"
        assert described["figure"].get("name", "").startswith("fig-"), f"{where} lacks a name fig-…"


def test_the_contents_name_every_notebook():
    toc = (ROOT / "_toc.yml").read_text()
    assert [stem for stem in STEMS if f"book/{stem}\n" not in toc] == []


@pytest.mark.parametrize("stem", STEMS)
def test_the_file_is_normalised(stem):
    normal = json.dumps(json.loads(text(stem)), indent=1, ensure_ascii=False) + "\n"
    assert text(stem) == normal, f"{stem}.ipynb: run `make execute`"
    assert set(read(stem).metadata) <= {"kernelspec", "language_info", "mystnb"}
