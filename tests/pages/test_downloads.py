"""A notebook that a reader takes along is plain Markdown, says what it needs, and runs."""

import ast
import os
import re
import shlex
import sys
from importlib.metadata import packages_distributions

import nbformat
import pytest
from downloads import IMPORTS, requirement
from markdown_it import MarkdownIt
from nbclient import NotebookClient
from notebooks import STEMS, chapter, tags
from plain import plain
from site_pages import SITE

LEFT = re.compile(
    r":::|(?<![_^])\{[a-z:-]+\}(?=$|[\w<`])|^:[\w-]+:|^%|\$\$ *\(|^\([\w-]+\)=|\\[\"'`^]\w",
    re.MULTILINE,
)
"""What MyST or BibTeX says and plain Markdown does not."""

QUICK = "likelihood"


def taken(stem):
    """Return the notebook as the site offers it."""
    return nbformat.read(SITE / "_sources" / "book" / f"{stem}.ipynb", as_version=4)


def left(source):
    """Return what MyST is left in the Markdown `source`."""
    tokens = MarkdownIt("commonmark").enable("table").parse(source)
    fenced = [t.info for t in tokens if t.type == "fence" and t.info.startswith("{")]
    shown = [t.content for t in tokens if t.type in {"inline", "html_block"}]
    prose = re.sub(r"`[^`]*`", "", "\n".join(shown))
    return fenced + LEFT.findall(re.sub(r"\$[^$]+\$", "", prose))


@pytest.mark.parametrize("stem", STEMS)
def test_no_directive_is_left(stem):
    for i, cell in enumerate(taken(stem).cells):
        if cell.cell_type == "markdown":
            assert not left(cell.source), f"{stem}, cell {i}: {left(cell.source)}"


@pytest.mark.parametrize("stem", STEMS)
def test_it_says_what_it_is_and_needs(stem):
    first = taken(stem).cells[0].source
    for words in "edition", "CC BY 4.0", "Python 3.11", requirement():
        assert words in first


@pytest.mark.parametrize("stem", STEMS)
def test_it_installs_what_it_needs_where_it_is_published(stem):
    source = taken(stem).cells[1].source
    assert ("%pip install" in source) == ("BOOK_URL" in os.environ)


def test_it_installs_what_it_imports():
    nodes = [
        node
        for stem in STEMS
        for _, cell in chapter(stem).code
        for node in ast.walk(ast.parse(cell.source))
    ]
    names = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    roots = {name.partition(".")[0] for name in names} - sys.stdlib_module_names
    roots -= {"nll", "numpy", "mpmath", "IPython"}  # with nll, with SymPy, with any notebook
    wanted = {packages_distributions()[root][0].lower() for root in roots}
    assert wanted == {name.partition(">=")[0] for name in shlex.split(IMPORTS)}


def test_it_runs_but_for_the_exercises():
    notebook = taken(QUICK)
    NotebookClient(notebook, kernel_name="python3", allow_errors=True, timeout=300).execute()
    failed = [
        cell
        for cell in notebook.cells
        if any(output.output_type == "error" for output in cell.get("outputs", []))
    ]
    assert failed, "the checks of exercises fail until they are done"
    assert all(tags(cell) & {"exercise-check", "exercise-stub"} for cell in failed)


SOURCE = """% a comment
(a-label)=
See {doc}`other` and {eq}`eq-x`, {cite:t}`someone`.

$$
a = b
$$ (eq-x)

:::{predict}
:answer: 1

Which?

one
: Right.

two
: No.
:::

```{exercise} Try it
:label: ex-try

Write $f$.
```
"""

PLAIN = """See words of other and words of eq-x, words of someone.

$$
a = b
\\tag{words of eq-x}
$$

> **Predict first**
>
> Which?
>
> - one
> - two

<details><summary>Answer</summary>

- **one**: Right.

- **two**: No.

</details>

### Exercise: Try it

Write $f$.
"""


def test_each_construct_is_converted(tmp_path, monkeypatch):
    monkeypatch.delenv("BOOK_URL", raising=False)
    shown = plain(SOURCE, lambda role, target: (f"words of {target}", "page.html"), tmp_path)
    assert re.sub(" +$", "", shown, flags=re.MULTILINE) == PLAIN.replace(
        "words of other", "*words of other*"
    )
