"""Every output of the book is stored, comparable and described; nbval proves that it is true."""

import json
import re
from collections.abc import Iterator

import yaml
from nbformat import NotebookNode
from notebooks import ROOT, STEMS, Chapter, guarded, printed, tags

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


test_notebooks = guarded(
    run_in_order,
    empty_cells,
    comparable_outputs,
    portable_cells,
    known_tags,
    figures_in_words,
    normal_file,
)


def contents() -> list[str]:
    """Return the pages that _toc.yml names, in its order."""
    parts = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))["parts"]
    return [c["file"].removeprefix("book/") for part in parts for c in part["chapters"]]


def test_the_contents_name_every_chapter():
    missing = [f"book/{stem}.ipynb" for stem in STEMS if stem not in contents()]
    assert not missing, (
        f"{', '.join(missing)} is not in _toc.yml, so the book is built without it: "
        "add a line `- file: book/…` where it is to be read, or delete the notebook"
    )
