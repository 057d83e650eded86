"""README, the front page and about.md say what the chapters and the benchmarks say."""

import ast
import re
from collections.abc import Iterator

import pytest
from notebooks import BOOK, ROOT, chapter, contents
from test_prose_numbers import unprinted

LISTS = {
    "README.md": "](book/{}.ipynb)",
    "book/index.md": "| {{doc}}`{}` |\n",
    "book/about.md": "\n| {{doc}}`{}` |",
}
"""Where the chapters are listed, and how a list names one."""

TAKES = re.compile(r"\*\*Takes\*\* about (\d+) minutes")
TABLE = re.compile(r"^(?:\|.*\||Measured on .*)$\n?", re.MULTILINE)


def unlisted(text: str, form: str, stems: list[str]) -> Iterator[str]:
    """Yield the chapters that a list lacks or has out of their order."""
    places = {stem: text.find(form.format(stem)) for stem in stems}
    yield from (f"{stem} is missing" for stem, place in places.items() if place < 0)
    there = [place for place in places.values() if place >= 0]
    if there != sorted(there):
        yield f"the chapters are not in the order of _toc.yml: {', '.join(stems)}"


def other_minutes(table: str, stems: list[str]) -> Iterator[str]:
    """Yield the rows of about.md whose minutes are not those of the chapter's first box."""
    for stem in stems:
        row = re.search(rf"^\| \{{doc\}}`{stem}` \| (\d+) ", table, re.MULTILINE)
        takes = TAKES.search(chapter(stem).prose)
        if row and takes and row[1] != takes[1]:
            yield f"{stem}: the table says {row[1]} minutes, the chapter {takes[1]}"


@pytest.mark.parametrize("name", LISTS)
def test_the_list_of_chapters_is_that_of_the_contents(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    faults = list(unlisted(text, LISTS[name], contents(numbered=True)))
    assert not faults, f"{name}: {'; '.join(faults)}: mend its list"


def test_about_says_how_long_a_chapter_takes():
    about = (BOOK / "about.md").read_text(encoding="utf-8")
    faults = list(other_minutes(about, contents(numbered=True)))
    assert not faults, f"book/about.md: {'; '.join(faults)}: mend the table"


def measured() -> str:
    """Return what the benchmarks print: their stored tables, and the number of rows."""
    stored = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    script = (ROOT / "benchmarks" / "accuracy.py").read_text(encoding="utf-8")
    rows = 8 * sum(
        ast.literal_eval(re.search(r"^SIZES = (\{.*?\})", script, re.M | re.S)[1]).values()
    )
    return f"{''.join(TABLE.findall(stored))}\n{rows}"


def speeds_and_digits(name: str) -> str:
    """Return the part of a page that speaks of speed and accuracy, without its tables."""
    text = (ROOT / name).read_text(encoding="utf-8")
    start, end = {"README.md": ("## The package alone", "## Chapters")}.get(
        name, ("## Accuracy", "\x00")
    )
    prose = TABLE.sub("", text.partition(start)[2].partition(end)[0])
    return re.sub(r"\d{4}-\d\d-\d\d|-512", "", prose)  # dates, and AVX-512


@pytest.mark.parametrize("name", ["README.md", "benchmarks/README.md"])
def test_numbers_about_speed_and_accuracy_are_measured(name):
    stress = (ROOT / "benchmarks" / "stress.py").read_text(encoding="utf-8")
    wrong = sorted(set(unprinted(speeds_and_digits(name), measured(), stress, 2)))
    assert not wrong, f"{name}: {wrong} stand in no table of benchmarks/README.md"


def test_the_checks_of_this_file_see_a_fault():
    assert list(unlisted("{doc}`b` {doc}`a`", "{{doc}}`{}`", ["a", "b", "c"])) == [
        "c is missing",
        "the chapters are not in the order of _toc.yml: a, b, c",
    ]
    assert next(other_minutes("| {doc}`likelihood` | 7 |", ["likelihood"])).startswith(
        "likelihood: "
    )
    assert list(unprinted("twice: 2.71 times", measured(), "", 2)) == ["2.71"]
