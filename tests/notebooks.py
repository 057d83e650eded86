"""The book's notebooks, read in one place for every test that looks into them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import nbformat

ROOT = Path(__file__).resolve().parent.parent
PATHS = sorted((ROOT / "book").glob("*.ipynb"))
STEMS = [path.stem for path in PATHS]


@cache
def read(stem: str) -> nbformat.NotebookNode:
    """Return the notebook of the chapter `stem`; do not change it."""
    return nbformat.read(ROOT / "book" / f"{stem}.ipynb", as_version=4)


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
        text, _, start, solution, end, check = cells[i - 1 : i + 5]
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
    """What stands between two headings of the second level: prose, code, and printed output."""

    title: str
    prose: str
    code: str
    outputs: str


def printed(cell: nbformat.NotebookNode) -> str:
    """Return all that a code cell prints, as text."""
    shown = [output.get("text", "") for output in cell.outputs]
    for output in cell.outputs:
        data = output.get("data", {})
        shown += [data[kind] for kind in ("text/plain", "text/latex") if kind in data]
    return "\n".join(shown)


def sections(stem: str) -> list[Section]:
    """Split the chapter at its headings of the second level."""
    parts: list[dict[str, list[str]]] = []
    for cell in read(stem).cells:
        pieces = re.split(r"^(?=## )", cell.source, flags=re.MULTILINE)
        for piece in pieces if cell.cell_type == "markdown" else [cell.source]:
            heading = cell.cell_type == "markdown" and piece.startswith("## ")
            if heading or not parts:
                title = piece.partition("\n")[0].strip("# ")
                parts.append({"title": [title], "prose": [], "code": [], "outputs": []})
            if cell.cell_type == "markdown":
                parts[-1]["prose"].append(piece)
            else:
                parts[-1]["code"].append(piece)
                parts[-1]["outputs"].append(printed(cell))
    return [Section(**{key: "\n".join(texts) for key, texts in part.items()}) for part in parts]
