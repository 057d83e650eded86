"""Offer each notebook for download with its exercises to be done: no solutions, no outputs."""

import copy
from pathlib import Path
from typing import Any

import nbformat
from sphinx.application import Sphinx

SOLUTION = ("```{solution-start}", "```{solution-end}")


def is_solution(cell: nbformat.NotebookNode) -> bool:
    """Tell whether `cell` is the solution of an exercise, or opens or closes one."""
    tags = cell.metadata.get("tags", [])
    return "exercise-solution" in tags or cell.source.lstrip().startswith(SOLUTION)


def strip(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return a copy of `notebook` as a student gets it: without solutions and outputs."""
    student = copy.deepcopy(notebook)
    student.cells = [cell for cell in student.cells if not is_solution(cell)]
    for cell in student.cells:
        cell.metadata.pop("wrong", None)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return student


def rewrite_downloads(app: Sphinx, exception: Exception | None) -> None:
    """Replace the notebooks that the theme's download button serves."""
    if exception or app.builder.format != "html":
        return
    for path in (Path(app.outdir) / "_sources").rglob("*.ipynb"):
        nbformat.write(strip(nbformat.read(path, as_version=4)), path)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("build-finished", rewrite_downloads)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
