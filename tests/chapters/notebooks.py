"""The book's pages, each parsed once, for every guard that looks into them.

A guard is a function that takes a `Chapter` and yields what is wrong with it, one line a fault:
the file, the cell, what was expected, what is there, and what to do. Cells are counted one way
everywhere: all of them, from 0, as a notebook file lists them.
"""

import contextlib
import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import nbformat
import pytest
import yaml
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_notebook

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"
STEMS = sorted(path.stem for path in BOOK.glob("*.ipynb"))
CELL = "<cell>"
"""The file name of code that `run` executes."""

LAYOUT = {
    "a text with ```{exercise}": lambda cell: "```{exercise}" in cell.source,
    "a stub tagged exercise-stub": lambda cell: "exercise-stub" in tags(cell),
    "a ```{solution-start}": lambda cell: cell.source.startswith("```{solution-start}"),
    "a cell tagged exercise-solution": lambda cell: "exercise-solution" in tags(cell),
    "a ```{solution-end}": lambda cell: cell.source.startswith("```{solution-end}"),
    "a cell tagged exercise-check": lambda cell: "exercise-check" in tags(cell),
}
"""The six cells of an exercise, in their order."""


def tags(cell: NotebookNode) -> set[str]:
    """Return the tags of `cell`."""
    return set(cell.metadata.get("tags", []))


def printed(cell: NotebookNode) -> str:
    """Return all that a code cell prints, as text."""
    shown = [output.get("text", "") for output in cell.outputs]
    for output in cell.outputs:
        data = output.get("data", {})
        shown += [data[kind] for kind in ("text/plain", "text/latex") if kind in data]
    return "\n".join(shown)


@dataclass(frozen=True)
class Exercise:
    """An exercise by what its cells are for; `place` is the stub's."""

    place: int
    text: NotebookNode
    stub: NotebookNode
    solution: NotebookNode
    check: NotebookNode


@dataclass(frozen=True)
class Section:
    """What stands between two headings of the second level."""

    title: str
    prose: str
    cells: list[tuple[int, NotebookNode]]
    """The code cells, each with its place."""

    @property
    def code(self) -> str:
        """All code of the section."""
        return "\n".join(cell.source for _, cell in self.cells)

    @property
    def outputs(self) -> str:
        """All that the section prints."""
        return "\n".join(printed(cell) for _, cell in self.cells)


@dataclass(frozen=True, eq=False)
class Chapter:
    """A page of the book; do not change it."""

    stem: str
    text: str
    """The file as it is stored."""
    suffix: str = ".ipynb"

    def __str__(self) -> str:
        return self.stem

    def at(self, place: int) -> str:
        """Say which cell a fault is in."""
        if self.suffix == ".md":
            return f"book/{self.stem}.md"
        return f"book/{self.stem}.ipynb, cell {place} (counting all cells from 0)"

    @cached_property
    def notebook(self) -> NotebookNode:
        """The page as a notebook; a page of Markdown is a notebook of one cell."""
        if self.suffix == ".md":
            return new_notebook(cells=[new_markdown_cell(self.text)])
        return nbformat.reads(self.text, as_version=4)

    @property
    def cells(self) -> list[NotebookNode]:
        """All cells."""
        return self.notebook.cells

    @property
    def code(self) -> list[tuple[int, NotebookNode]]:
        """The code cells, each with its place among all cells."""
        return [(i, cell) for i, cell in enumerate(self.cells) if cell.cell_type == "code"]

    @property
    def markdown(self) -> list[tuple[int, str]]:
        """The texts, each with its place among all cells."""
        return [(i, cell.source) for i, cell in enumerate(self.cells) if cell.cell_type != "code"]

    @property
    def prose(self) -> str:
        """All texts."""
        return "\n".join(text for _, text in self.markdown)

    @property
    def exercises(self) -> list[Exercise]:
        """The exercises that have their six cells; `layout` in test_exercises finds the others."""
        found = []
        for i, cell in enumerate(self.cells):
            six = self.cells[max(i - 1, 0) : i + 5]
            if "exercise-stub" in tags(cell) and not lacking(six):
                found.append(Exercise(i, six[0], cell, six[3], six[5]))
        return found

    @property
    def sections(self) -> list[Section]:
        """The page split at its headings of the second level."""
        found: list[Section] = []
        for i, cell in enumerate(self.cells):
            if cell.cell_type == "code":
                found[-1].cells.append((i, cell))
                continue
            first, *others = re.split(r"^(?=## )", cell.source, flags=re.MULTILINE)
            if found:
                last = found[-1]
                found[-1] = Section(last.title, f"{last.prose}\n{first}", last.cells)
            else:
                others.insert(0, first)
            found += [Section(text.partition("\n")[0].strip("# "), text, []) for text in others]
        return found


def lacking(six: list[NotebookNode]) -> list[str]:
    """Return what an exercise of these cells lacks."""
    padded = [*six, *[new_markdown_cell()] * 6]
    return [what for (what, there), cell in zip(LAYOUT.items(), padded) if not there(cell)]  # noqa: B905


@cache
def chapter(stem: str, suffix: str = ".ipynb") -> Chapter:
    """Return the page `stem` of the book."""
    return Chapter(stem, (BOOK / f"{stem}{suffix}").read_text(encoding="utf-8"), suffix)


def contents(*, numbered: bool = False) -> list[str]:
    """Return the pages that _toc.yml names, in its order, or those of numbered parts alone."""
    parts = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))["parts"]
    chosen = [part for part in parts if part.get("numbered") or not numbered]
    return [c["file"].removeprefix("book/") for part in chosen for c in part["chapters"]]


CHAPTERS = [chapter(stem) for stem in STEMS]
PAGES = [*CHAPTERS, *(chapter(path.stem, ".md") for path in sorted(BOOK.glob("*.md")))]


def guarded(
    *guards: Callable[[Chapter], Iterator[str]], pages: Iterable[Chapter] = CHAPTERS
) -> Any:
    """Return a test that no guard finds a fault in any page."""

    @pytest.mark.parametrize("page", pages, ids=str)
    @pytest.mark.parametrize("guard", guards, ids=lambda guard: guard.__name__)
    def no_faults(guard: Callable[[Chapter], Iterator[str]], page: Chapter) -> None:
        faults = list(guard(page))
        assert not faults, "\n" + "\n".join(faults)

    return no_faults


def run(sources: Iterable[str], namespace: dict[str, Any] | None = None) -> dict[str, Any]:
    """Execute `sources` one after the other in this process and return their namespace.

    Nothing is drawn, printed or warned of.
    """
    namespace = {"__name__": "__main__"} if namespace is None else namespace
    with (
        pytest.MonkeyPatch.context() as patch,
        warnings.catch_warnings(action="ignore"),
        contextlib.redirect_stdout(None),
    ):
        patch.setattr(plt, "show", lambda: plt.close("all"))
        patch.setattr("nll.plotting.use_style", lambda: None)
        for source in sources:
            exec(compile(source, CELL, "exec"), namespace)
    return namespace
