"""The book's notebooks, read in one place for every test that looks into them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import nbformat

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"
STEMS = sorted(path.stem for path in BOOK.glob("*.ipynb"))


def text(stem: str) -> str:
    """Return the file of the chapter `stem` as it is stored."""
    return (BOOK / f"{stem}.ipynb").read_text(encoding="utf-8")


@cache
def read(stem: str) -> nbformat.NotebookNode:
    """Return the notebook of the chapter `stem`; do not change it."""
    return nbformat.reads(text(stem), as_version=4)


def tags(cell: nbformat.NotebookNode) -> set[str]:
    """Return the tags of `cell`."""
    return set(cell.metadata.get("tags", []))


def code_cells(stem: str) -> list[tuple[int, nbformat.NotebookNode]]:
    """Return the chapter's code cells, each with its place among all cells."""
    return [(i, cell) for i, cell in enumerate(read(stem).cells) if cell.cell_type == "code"]


@dataclass(frozen=True)
class Exercise:
    """The six cells of an exercise, by what they are for."""

    place: int
    text: str
    stub: nbformat.NotebookNode
    solution: nbformat.NotebookNode
    check: nbformat.NotebookNode


def exercises(stem: str) -> list[Exercise]:
    """Return the chapter's exercises; a layout other than the six cells is an AssertionError."""
    cells = read(stem).cells
    found = []
    for i, cell in enumerate(cells):
        if "exercise-stub" not in tags(cell):
            continue
        padded = [*cells, *[nbformat.v4.new_markdown_cell()] * 5]
        text, _, start, solution, end, check = padded[i - 1 : i + 5]
        layout = {
            "an {exercise} before the stub": "```{exercise}" in text.source,
            "a {solution-start} after it": start.source.startswith("```{solution-start}"),
            "a cell tagged exercise-solution": "exercise-solution" in tags(solution),
            "a {solution-end}": end.source.startswith("```{solution-end}"),
            "a cell tagged exercise-check": "exercise-check" in tags(check),
        }
        missing = [what for what, there in layout.items() if not there]
        assert not missing, f"{stem}.ipynb, cell {i}: the exercise lacks {', '.join(missing)}"
        found.append(Exercise(i, text.source, cell, solution, check))
    return found


def run(sources: Iterable[str], namespace: dict[str, Any] | None = None) -> dict[str, Any]:
    """Execute `sources` one after the other in this process and return their namespace."""
    namespace = {"__name__": "__main__"} if namespace is None else namespace
    for source in sources:
        exec(compile(source, "<cell>", "exec"), namespace)
    return namespace


@dataclass(frozen=True)
class Section:
    """What stands between two headings of the second level."""

    title: str
    prose: str
    cells: list[tuple[int, nbformat.NotebookNode]]
    """The code cells, each with its place in the notebook."""

    @property
    def code(self) -> str:
        """All code of the section."""
        return "\n".join(cell.source for _, cell in self.cells)

    @property
    def outputs(self) -> str:
        """All that the section prints."""
        return "\n".join(printed(cell) for _, cell in self.cells)


def printed(cell: nbformat.NotebookNode) -> str:
    """Return all that a code cell prints, as text."""
    shown = [output.get("text", "") for output in cell.outputs]
    for output in cell.outputs:
        data = output.get("data", {})
        shown += [data[kind] for kind in ("text/plain", "text/latex") if kind in data]
    return "\n".join(shown)


def sections(stem: str) -> list[Section]:
    """Split the chapter at its headings of the second level."""
    found: list[Section] = []
    for i, cell in enumerate(read(stem).cells):
        if cell.cell_type == "code":
            found[-1].cells.append((i, cell))
            continue
        first, *others = re.split(r"^(?=## )", cell.source, flags=re.MULTILINE)
        if found:
            found[-1] = replace(found[-1], prose=f"{found[-1].prose}\n{first}")
        else:
            found.append(Section(first.partition("\n")[0].strip("# "), first, []))
        found += [Section(piece.partition("\n")[0].strip("# "), piece, []) for piece in others]
    return found
