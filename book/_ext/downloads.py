"""Offer each notebook for download with its exercises to be done, and the wheel that it needs."""

import copy
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from plain import finder, plain
from publishing import address, launchers
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from nll import __version__

WHEEL = f"nll_kernels-{__version__}-py3-none-any.whl"
PARTS = ("pyproject.toml", "setup.py", "README.md", "LICENSE", "nll")
TAKE_ALONG = """<section class="take-along"><h2>Run it yourself</h2>
{launch}<p>With Python 3.11 or newer, take
<a href="{notebook}" download>this notebook</a>{exercises} and install what runs it{where}:</p>
<div class="highlight notranslate"><pre>python -m pip install "{requirement}"</pre></div>
</section>"""
LAUNCH = """<p>Without installing anything, open it <a class="launch" href="{Binder}">on Binder</a>,
which builds what the book was tested with and may take minutes to start, or
<a class="launch" href="{Colab}">in Colab</a>, with a Google account.</p>
"""
IMPORTS = 'dask distributed matplotlib psutil "scikit-learn>=1.8" scipy sympy threadpoolctl'
"""What the notebooks import besides nll and NumPy."""

INSTALL = """# For Colab, and other places that have most of this, in versions of their own. What is
# there stays, so last digits may differ from the page's. If pip changes NumPy, restart.
try:
    import nll
except ModuleNotFoundError:
    %pip install --quiet "{requirement}" {imports}"""

HEAD = """> From the book *{}*, edition {}.{} Text and figures: CC BY 4.0. Code: MIT.
>
> Needs Python 3.11 or newer, and
>
>     python -m pip install "{}\""""

SOLUTION = ("```{solution-start}", "```{solution-end}")


def tags(cell: nbformat.NotebookNode) -> list[str]:
    """Return the tags of `cell`."""
    return list(cell.metadata.get("tags", []))


def is_solution(cell: nbformat.NotebookNode) -> bool:
    """Tell whether `cell` is the solution of an exercise, or opens or closes one."""
    return "exercise-solution" in tags(cell) or cell.source.lstrip().startswith(SOLUTION)


def strip(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return a copy of `notebook` as a student gets it: without solutions and outputs."""
    student = copy.deepcopy(notebook)
    student.cells = [cell for cell in student.cells if not is_solution(cell)]
    for cell in student.cells:
        cell.metadata.pop("wrong", None)
        cell.metadata.pop("right", None)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return student


def requirement() -> str:
    """Return what pip has to install to run a notebook."""
    return (
        f"nll-kernels[student] @ {address()}wheels/{WHEEL}" if address() else f"./{WHEEL}[student]"
    )


def to_take_along(env: BuildEnvironment, page: str, notebook: nbformat.NotebookNode) -> None:
    """Rewrite a notebook in plain Markdown, and let it begin with what it is and needs."""
    find, folder = finder(env, page), Path(env.doc2path(page)).parent
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = plain(cell.source, find, folder)
    home = f" Its page: {address()}{page}.html." if address() else ""
    head = HEAD.format(env.config.html_title, __version__, home, requirement())
    notebook.cells.insert(0, nbformat.v4.new_markdown_cell(head, id="head"))


def rewrite(app: Sphinx) -> None:
    """Replace the notebooks that the theme's download button serves."""
    for path in (Path(app.outdir) / "_sources/book").glob("*.ipynb"):
        student = strip(nbformat.read(path, as_version=4))
        to_take_along(app.env, f"book/{path.stem}", student)
        if address():
            bare = requirement().replace("[student]", "")
            source = INSTALL.format(requirement=bare, imports=IMPORTS)
            student.cells.insert(1, nbformat.v4.new_code_cell(source, id="install"))
        nbformat.write(student, path)


def build_wheel(app: Sphinx) -> None:
    """Build the wheel of nll from a copy, with nothing fetched and nothing left behind."""
    if app.builder.format != "html":
        return
    with tempfile.TemporaryDirectory() as folder:
        for part in PARTS:
            source = Path(app.srcdir) / part
            copy_ = shutil.copytree if source.is_dir() else shutil.copy
            copy_(source, Path(folder) / part)
        options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
        options += ["--disable-pip-version-check", "--wheel-dir", f"{app.outdir}/wheels", folder]
        subprocess.run([sys.executable, "-m", "pip", "wheel", *options], check=True)


def add_take_along(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """End the page of each notebook with how to run it."""
    if doctree is None or not app.env.doc2path(pagename).endswith(".ipynb"):
        return
    wheel = context["pathto"](f"wheels/{WHEEL}", 1)
    has_exercises = 'id="ex-' in context["body"]
    open_in = launchers(pagename)
    where = f', with <a href="{wheel}" download>the wheel</a> beside it'
    context["body"] += TAKE_ALONG.format(
        notebook=context["pathto"](f"_sources/{pagename}.ipynb", 1),
        where="" if address() else where,
        exercises=", its exercises still to be done," if has_exercises else "",
        requirement=requirement(),
        launch=LAUNCH.format(**open_in) if open_in else "",
    )


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("builder-inited", build_wheel)
    app.connect("html-page-context", add_take_along)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
