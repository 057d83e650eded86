"""Every output of the book is stored, comparable and described; nbval proves that it is true."""

import json
import re
from collections.abc import Iterator

from nbformat import NotebookNode
from notebooks import CHAPTERS, STEMS, Chapter, contents, guarded, printed, tags

TAGS = {"exercise-stub", "exercise-solution", "exercise-check", "hide-input", "remove-cell"}
"""The cell tags in use. nbval's ignore and skip tags are not among them, on purpose."""

COMPARABLE = {"text/plain", "text/latex", "text/html", "text/markdown", "image/svg+xml"}

NETWORK = re.compile(r"^ *[!%].*|\b(?:urllib|requests|httpx|socket|fetch_\w+)\b", re.MULTILINE)
ABSOLUTE = re.compile(r"(?<![\w.])(?:/(?:home|root|tmp|usr|work|Users|var)/|[A-Z]:\\\\)")


def run_in_order(page: Chapter) -> Iterator[str]:
    """Yield the cells whose outputs are not those of one run from top to bottom."""
    for count, (i, cell) in enumerate(page.code, start=1):
        if cell.execution_count != count:
            yield (
                f"{page.at(i)}: was not run in order; expected execution count {count}, got "
                f"{cell.execution_count}: run `python tools/execute.py book/{page}.ipynb`"
            )


def empty_cells(page: Chapter) -> Iterator[str]:
    """Yield code cells without code."""
    yield from (f"{page.at(i)}: is empty: delete it" for i, c in page.code if not c.source.strip())


def comparable_outputs(page: Chapter) -> Iterator[str]:
    """Yield the outputs that nbval could not compare, or nobody should see."""
    for i, cell in page.code:
        for output in cell.outputs:
            kinds = set(output.get("data", {})) - COMPARABLE
            if output.output_type == "error":
                yield f"{page.at(i)}: stores an exception, {output.evalue}: mend the cell"
            elif output.get("name") == "stderr":
                yield f"{page.at(i)}: writes to stderr: {output.text[:80]}"
            elif kinds:
                yield f"{page.at(i)}: stores {kinds}, which nbval skips: show {COMPARABLE}"


def portable_cells(page: Chapter) -> Iterator[str]:
    """Yield cells that tell of this machine, or ask another."""
    for i, cell in page.code:
        shown = f"{cell.source}\n{printed(cell)}"
        if found := ABSOLUTE.search(shown):
            yield f"{page.at(i)}: a path of one machine, {shown[found.start() :][:40]!r}"
        if found := NETWORK.search(cell.source):
            yield f"{page.at(i)}: needs a network: {found[0].strip()}"


def known_tags(page: Chapter) -> Iterator[str]:
    """Yield tags that nothing here knows."""
    for i, cell in enumerate(page.cells):
        if unknown := tags(cell) - TAGS:
            yield f"{page.at(i)}: unknown tags {unknown}; expected some of {sorted(TAGS)}"


def figures(page: Chapter) -> Iterator[tuple[int, NotebookNode]]:
    """Yield each cell that draws a figure, with its place."""
    for i, cell in page.code:
        if any("image/svg+xml" in output.get("data", {}) for output in cell.outputs):
            yield i, cell


def figures_in_words(page: Chapter) -> Iterator[str]:
    """Yield the figures that lack what stands in for them where they cannot be seen."""
    for i, cell in figures(page):
        described = cell.metadata.get("mystnb", {})
        alt = described.get("image", {}).get("alt", "")
        figure = described.get("figure", {})
        lacks = {
            "an alt text of more than 40 characters": len(alt) <= 40,
            "a caption": not figure.get("caption"),
            "a name fig-…": not figure.get("name", "").startswith("fig-"),
        }
        if missing := [what for what, missing in lacks.items() if missing]:
            yield (
                f"{page.at(i)}: the figure lacks {', '.join(missing)}: give the cell's metadata "
                '{"mystnb": {"image": {"alt": …}, "figure": {"name": …, "caption": …}}}'
            )


def normal_file(page: Chapter) -> Iterator[str]:
    """Yield a file that another Jupyter wrote in another way."""
    normal = json.dumps(json.loads(page.text), indent=1, ensure_ascii=False) + "\n"
    extra = set(page.notebook.metadata) - {"kernelspec", "language_info", "mystnb"}
    if page.text != normal or extra:
        yield (
            f"book/{page}.ipynb: is not stored in the one way (metadata beyond it: "
            f"{extra or 'none'}): run `python tools/execute.py book/{page}.ipynb`"
        )


def long_cells(page: Chapter) -> Iterator[str]:
    """Yield code cells of more than 15 lines."""
    for i, cell in page.code:
        if (lines := len(cell.source.splitlines())) > 15:
            yield f"{page.at(i)}: has {lines} lines; expected 15 at most: one idea a cell"


def figures_end_with_show(page: Chapter) -> Iterator[str]:
    """Yield figures whose cells leave something else to print."""
    for i, cell in figures(page):
        last = cell.source.rstrip().rpartition("\n")[2]
        if "plt." in cell.source and last != "plt.show()":
            yield f"{page.at(i)}: draws a figure and ends in {last!r}; expected 'plt.show()'"


ITEM = re.compile(r"(?:\A|\n\n)(?!1[.)])(\d+[.)]) .*")


def accidental_lists(page: Chapter) -> Iterator[str]:
    """Yield paragraphs that begin with a number and a full stop, which Markdown takes for items."""
    for i, text in page.markdown:
        if found := ITEM.search(text):
            yield f"{page.at(i)}: is set as item {found[1]} of a list: begin with a word"


FRAME = {
    "a title": re.compile(r"\A# \S"),
    "the box *In this chapter*": re.compile(r"^:::\{admonition\} In this chapter$", re.MULTILINE),
    "what it needs": re.compile(r"^- \*\*Needs\*\*", re.MULTILINE),
    "how long it takes": re.compile(r"^- \*\*Takes\*\* about \d+ minutes", re.MULTILINE),
    "a box *Predict first*": re.compile(
        r"^:::\{(admonition\} Predict first|predict\})$", re.MULTILINE
    ),
    "a section *In practice*": re.compile(r"^## In practice$", re.MULTILINE),
    "a section *Further reading*": re.compile(r"^## Further reading$", re.MULTILINE),
}


def frame(page: Chapter) -> Iterator[str]:
    """Yield what a chapter of a numbered part lacks of the frame that all of them have."""
    for what, pattern in FRAME.items():
        if not pattern.search(page.prose):
            yield f"book/{page}.ipynb: lacks {what}: see *Add a chapter* in CONTRIBUTING.md"
    if not 3 <= (number := len(page.exercises)) <= 5:
        yield f"book/{page}.ipynb: has {number} exercises of six cells; expected 3 to 5"


test_notebooks = guarded(
    run_in_order,
    empty_cells,
    comparable_outputs,
    portable_cells,
    known_tags,
    figures_in_words,
    figures_end_with_show,
    long_cells,
    accidental_lists,
    normal_file,
)
test_frame = guarded(
    frame, pages=[page for page in CHAPTERS if page.stem in contents(numbered=True)]
)


def test_the_contents_name_every_chapter():
    missing = [f"book/{stem}.ipynb" for stem in STEMS if stem not in contents()]
    assert not missing, (
        f"{', '.join(missing)} is not in _toc.yml, so the book is built without it: "
        "add a line `- file: book/…` where it is to be read, or delete the notebook"
    )
