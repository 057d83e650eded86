"""A notebook that a reader takes along is plain Markdown, says what it needs, and runs."""

import re

import nbformat
import pytest
from downloads import WHEEL
from markdown_it import MarkdownIt
from nbclient import NotebookClient
from notebooks import STEMS, tags
from plain import plain
from site_pages import SITE

LEFT = re.compile(
    r":::|(?<![_^])\{[a-z:-]+\}(?=$|[\w<`])|^:[\w-]+:|^%|\$\$ *\(|^\([\w-]+\)=", re.MULTILINE
)
"""What MyST says and plain Markdown does not."""

QUICK = "likelihood"


def taken(stem):
    """Return the notebook as the site offers it."""
    return nbformat.read(SITE / "_sources" / "book" / f"{stem}.ipynb", as_version=4)


@pytest.mark.parametrize("stem", STEMS)
def test_no_directive_is_left(stem):
    for i, cell in enumerate(taken(stem).cells):
        if cell.cell_type == "markdown":
            tokens = MarkdownIt("commonmark").enable("table").parse(cell.source)
            fenced = [t.info for t in tokens if t.type == "fence" and t.info.startswith("{")]
            shown = [t.content for t in tokens if t.type in {"inline", "html_block"}]
            prose = re.sub(r"`[^`]*`", "", "\n".join(shown))
            prose = re.sub(r"\$[^$]+\$", "", prose)
            assert not fenced, f"{stem}, cell {i}: {fenced}"
            assert not LEFT.search(prose), f"{stem}, cell {i}: {LEFT.search(prose)}"


@pytest.mark.parametrize("stem", STEMS)
def test_it_says_what_it_is_and_needs(stem):
    first = taken(stem).cells[0].source
    for words in "edition", "CC BY 4.0", "Python 3.11", f"{WHEEL}[student]":
        assert words in first


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


def test_each_construct_is_converted(tmp_path):
    shown = plain(SOURCE, lambda role, target: (f"words of {target}", "page.html"), tmp_path)
    assert re.sub(" +$", "", shown, flags=re.MULTILINE) == PLAIN.replace(
        "words of other", "*words of other*"
    )
