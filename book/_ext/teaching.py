"""Write what a teacher hands out: notebooks, their solutions, slides, questions, work to grade.

``make bundle`` runs this builder after the book and its PDF; ``tools/bundle.py`` does the rest.
"""

import copy
import re
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib as mpl
import nbformat
import vl_convert
from downloads import is_solution, strip, tags, to_take_along
from nbformat import NotebookNode
from plain import finder, plain
from questions import gift, questions, sheet
from slides import Chapter
from sphinx.application import Sphinx
from sphinx.builders import Builder

STYLE = "tools/slides/style.css"
FOLDERS = "notebooks", "solutions", "slides/figures", "questions", "nbgrader/source"
SECTION = re.compile(r"^## For instructors\n([\s\S]*?)(?=^## )", re.MULTILINE)
LABEL = re.compile(r"^:label: (ex-\S+)", re.MULTILINE)
GRADER = """# nbgrader's settings; CourseDirectory.root is this folder.
c = get_config()
c.CourseDirectory.course_id = "why-negative-log-likelihood"
c.ClearSolutions.code_stub = {"python": "# Your answer"}
c.ExecutePreprocessor.timeout = 600
"""


def solved(notebook: NotebookNode) -> NotebookNode:
    """Return a copy of `notebook` with its solutions and outputs, to be read by a teacher."""
    teacher = copy.deepcopy(notebook)
    for cell in teacher.cells:
        for key in "wrong", "right", "survives", "jupyter":
            cell.metadata.pop(key, None)
    return teacher


def to_grade(notebook: NotebookNode) -> NotebookNode:
    """Return a copy of `notebook` in which nbgrader finds the exercises."""
    source = strip(notebook)
    solutions = [c.source for c in notebook.cells if "exercise-solution" in tags(c)]
    labels = LABEL.findall("\n".join(c.source for c in notebook.cells))

    def graded(name: str, **kind: object) -> dict[str, object]:
        no = {"grade": False, "solution": False, "locked": False, "task": False}
        return {"nbgrader": {**no, **kind, "grade_id": name, "schema_version": 3}}

    for cell in source.cells:
        if "exercise-stub" in tags(cell):
            cell.source += f"\n\n\n### BEGIN SOLUTION\n{solutions.pop(0)}\n### END SOLUTION"
            cell.metadata.update(graded(labels[0], solution=True))
        elif "exercise-check" in tags(cell):
            check = graded(f"{labels.pop(0)}-check", grade=True, locked=True, points=1)
            cell.metadata.update(check)
    return source


class Teaching(Builder):
    """Write the bundle, all at once."""

    name = format = "teaching"

    def get_outdated_docs(self) -> str:
        """Tell that all is written anew."""
        return "all pages"

    def get_target_uri(self, docname: str, typ: str | None = None) -> str:
        """Return no address: references are words."""
        return ""

    def write(self, *_: Any) -> None:
        """Write everything."""
        out, source = Path(self.outdir), Path(self.srcdir)
        vl_convert.register_font_directory(f"{mpl.get_data_path()}/fonts/ttf")
        for folder in FOLDERS:
            (out / folder).mkdir(parents=True)
        for page in sorted(self.env.found_docs):
            path = Path(self.env.doc2path(page))
            if path.suffix == ".ipynb":
                self.write_chapter(page, nbformat.read(path, as_version=4))
        (out / "nbgrader/nbgrader_config.py").write_text(GRADER, encoding="utf-8")
        (about,) = SECTION.findall((source / "book/about.md").read_text(encoding="utf-8"))
        words = plain(about, finder(self.env, "book/about"), source)
        title = f"# {self.config.html_title}: for teachers\n"
        (out / "README.md").write_text(title + words, encoding="utf-8")
        for name in "LICENSE", "LICENSE-text":
            shutil.copy(source / name, out / name)

    def write_chapter(self, page: str, notebook: NotebookNode) -> None:
        """Write what there is of one chapter."""
        out, stem = Path(self.outdir), page.rpartition("/")[2]
        say = partial(plain, find=finder(self.env, page), folder=Path(self.srcdir) / "book")
        style = (Path(self.srcdir) / STYLE).read_text(encoding="utf-8")
        chapter = Chapter(notebook, say, stem, out / "slides/figures")
        deck = chapter.slides(self.config.html_title, style)
        (out / f"slides/{stem}.md").write_text(deck, encoding="utf-8")
        prose = "\n\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
        if asked := list(questions(prose, say)):
            text = sheet(chapter.title, asked)
            (out / f"questions/{stem}.md").write_text(text, encoding="utf-8")
            (out / f"questions/{stem}.gift").write_text(gift(stem, asked), encoding="utf-8")
        self.write_notebook(page, strip(notebook), out / "notebooks")
        self.write_notebook(page, solved(notebook), out / "solutions")
        if any(is_solution(cell) for cell in notebook.cells):
            self.write_notebook(page, to_grade(notebook), out / "nbgrader/source" / stem)

    def write_notebook(self, page: str, notebook: NotebookNode, folder: Path) -> None:
        """Write a notebook in plain Markdown."""
        to_take_along(self.env, page, notebook)
        folder.mkdir(exist_ok=True)
        nbformat.write(notebook, folder / f"{page.rpartition('/')[2]}.ipynb")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.add_builder(Teaching)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
