"""The two READMEs, the front page and about.md say what the chapters and the benchmarks say."""

import ast
import doctest
import re
from collections import Counter
from collections.abc import Iterator

import picture
import pytest
import yaml
from notebooks import ROOT, chapter, contents
from test_prose_numbers import numbers, unprinted

LISTS = {
    "README.md": "](book/{}.ipynb)",
    "README.ko.md": "](book/{}.ipynb)",
    "book/index.md": "| {{doc}}`{}` |\n",
    "book/about.md": "\n| {{doc}}`{}` |",
}
"""Where the chapters are listed, and how a list names one."""

TAKES = re.compile(r"\*\*Takes\*\* about (\d+) minutes")
TABLE = re.compile(r"^(?:\|.*\||Measured on .*)$\n?", re.MULTILINE)


def read(name: str) -> str:
    """Return the text of a file."""
    return (ROOT / name).read_text(encoding="utf-8")


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


def other_words(readme: str, front_page: str) -> Iterator[str]:
    """Yield the parts and chapters that the README's table calls otherwise than the book does."""
    number = 0
    for part in yaml.safe_load(read("_toc.yml"))["parts"]:
        if part.get("numbered"):
            roman, _, name = part["caption"].partition(". ")
            if f"\n| **{roman}** | **{name}** | |\n" not in readme:
                yield f"expected a row for part {roman}, {name}"
            for stem in (c["file"].removeprefix("book/") for c in part["chapters"]):
                number += 1
                title = chapter(stem).prose.partition("\n")[0].removeprefix("# ")
                know = re.search(rf"^\| (.*) \| \{{doc\}}`{stem}` \|$", front_page, re.MULTILINE)
                row = f"| {number} | [{title}](book/{stem}.ipynb) | {know[1] if know else '?'} |"
                if f"\n{row}\n" not in readme:
                    yield f"expected the row {row}"


@pytest.mark.parametrize("name", LISTS)
def test_the_list_of_chapters_is_that_of_the_contents(name):
    faults = list(unlisted(read(name), LISTS[name], contents(numbered=True)))
    assert not faults, f"{name}: {'; '.join(faults)}: mend its list"


def test_readme_says_of_a_chapter_what_the_book_says():
    faults = list(other_words(read("README.md"), read("book/index.md")))
    assert not faults, "README.md:\n" + "\n".join(faults)


def test_about_says_how_long_a_chapter_takes():
    about = read("book/about.md")
    faults = list(other_minutes(about, contents(numbered=True)))
    assert not faults, f"book/about.md: {'; '.join(faults)}: mend the table"


def other_sums(table: str) -> Iterator[str]:
    """Yield the rows of a timetable whose minutes are not the sum of their chapters'."""
    for row in re.findall(r"^\| \w+ \| \{doc\}.*\|$", table, re.MULTILINE):
        *stems, minutes = re.findall(r"\{doc\}`(\w+)`|(\d+) \|$", row)
        total = sum(int(TAKES.search(chapter(stem).prose)[1]) for stem, _ in stems)
        if total != int(minutes[1]):
            yield f"{row}: the chapters take {total} minutes"


def test_the_timetable_adds_up():
    about = read("book/about.md")
    assert not list(other_sums(about))
    assert list(other_sums("| Night | {doc}`likelihood`, {doc}`information` | 7 |"))


def measured() -> str:
    """Return what the benchmarks print: their stored tables, and the number of rows."""
    stored = read("benchmarks/README.md")
    script = read("benchmarks/accuracy.py")
    rows = 8 * sum(
        ast.literal_eval(re.search(r"^SIZES = (\{.*?\})", script, re.M | re.S)[1]).values()
    )
    return f"{''.join(TABLE.findall(stored))}\n{rows}"


def speeds_and_digits(name: str) -> str:
    """Return the part of a page that speaks of speed and accuracy, without its tables."""
    start, end = {"README.md": ("## The package alone", "## Chapters")}.get(
        name, ("## Accuracy", "\x00")
    )
    prose = TABLE.sub("", read(name).partition(start)[2].partition(end)[0])
    return re.sub(r"\d{4}-\d\d-\d\d|-512", "", prose)  # dates, and AVX-512


@pytest.mark.parametrize("name", ["README.md", "benchmarks/README.md"])
def test_numbers_about_speed_and_accuracy_are_measured(name):
    wrong = sorted(
        set(unprinted(speeds_and_digits(name), measured(), read("benchmarks/stress.py"), 2))
    )
    assert not wrong, f"{name}: {wrong} stand in no table of benchmarks/README.md"


@pytest.mark.parametrize("name", ["README.md", "README.ko.md"])
def test_readme_runs(name):
    failed, tried = doctest.testfile(str(ROOT / name), module_relative=False)
    assert (failed, tried) == (0, 4)


@pytest.mark.parametrize("name", ["README.md", "README.ko.md", "CONTRIBUTING.md"])
def test_links_lead_to_files(name):
    targets = re.findall(r'(?:\]\(| src=")([^)"#]+)', read(name))
    lost = [t for t in targets if "://" not in t and "../.." not in t and not (ROOT / t).exists()]
    assert not lost, f"{name}: {lost}"


@pytest.mark.parametrize("name", picture.WORDS)
def test_the_picture_is_drawn_by_its_script(name):
    drawn = picture.picture(picture.WORDS[name])
    assert read(f"book/assets/{name}") == drawn, "python tools/picture.py draws it again"


def test_readme_begins_with_the_numbers_of_the_picture():
    shown = set(numbers(re.sub("<[^>]*>", " ", picture.picture(picture.WORDS["surprise.svg"]))))
    said = set(numbers(read("README.md").partition("## ")[0].replace('width="720"', "")))
    assert {"98", "2", "0.02", "3.9", "27"} == said <= shown


CODE = re.compile(r"^```(?:.*\n)+?```$|^(?: {4}.*\n)+", re.MULTILINE)
LINK = re.compile(r'(?<=\]\()[^)]+|(?<=src=")[^"]+')


def parts(text: str) -> list[dict[str, object]]:
    """Return what each section of a README must have in common with its translation."""
    text = text.replace(".ko.", ".").replace("half a minute", "30")
    found = []
    for section in re.split(r"^(?=#+ )", CODE.sub("", text), flags=re.MULTILINE)[1:]:
        prose = re.sub("`[^`]+`|[가-힣]", " ", LINK.sub("", section))
        found.append(
            {
                "level": re.match("#+", section)[0],
                "commands": Counter(re.findall(r"`([^`]+)`", section)),
                "links": Counter(LINK.findall(section)),
                "numbers": Counter(numbers(prose)),
                "rows and items": Counter(re.findall(r"^(\||-)", section, re.MULTILINE)),
            }
        )
    return found


def drift(english: str, korean: str) -> Iterator[str]:
    """Yield where a translation has left its original."""
    for there, here in zip(CODE.findall(english), CODE.findall(korean), strict=False):
        lines = [
            [re.split(r"  +(?=\S)", line.strip())[0] for line in block.splitlines()]
            for block in (there, here)
        ]
        if lines[0] != lines[1]:
            yield f"code: {set(lines[0]) ^ set(lines[1])}"
    if len(CODE.findall(english)) != len(CODE.findall(korean)):
        yield "another number of blocks of code"
    originals, translations = parts(english), parts(korean)
    if len(originals) != len(translations):
        yield f"{len(originals)} headings, and {len(translations)} translated"
    for number, pair in enumerate(zip(originals, translations, strict=False), 1):
        for what, original in pair[0].items():
            translated = pair[1][what]
            if original != translated:
                yield f"section {number}, {what}: expected {original}, got {translated}"


def test_the_korean_readme_is_in_step():
    faults = list(drift(read("README.md"), read("README.ko.md")))
    assert not faults, "README.ko.md has left README.md:\n" + "\n".join(faults)


@pytest.mark.parametrize(
    ("what", "before", "after"),
    [
        ("level", "## Two commands", "### Two commands"),
        ("headings", "## Teach with it\n", ""),
        ("commands", "`make lint`", "`make tidy`"),
        ("code", "npm ci --prefix tools ", "npm ci "),
        ("code", "0.2.0", "0.3.0"),
        ("blocks of code", "```bibtex", "    one more\n\n```bibtex"),
        ("links", "](LICENSE-text)", "](LICENSE)"),
        ("numbers", "about 3 minutes the first", "about 4 minutes the first"),
        ("numbers", "SciPy 2.51 times", "SciPy 2.15 times"),
        ("numbers", "25% of them", "52% of them"),
        ("rows and items", "\n| 17 |", "\n| 17 | x | y |\n| 17 |"),
    ],
)
def test_a_drift_is_seen(what, before, after):
    english, korean = read("README.md"), read("README.ko.md")
    assert before in english
    assert any(what in fault for fault in drift(english.replace(before, after, 1), korean))


def test_the_checks_of_this_file_see_a_fault():
    assert list(unlisted("{doc}`b` {doc}`a`", "{{doc}}`{}`", ["a", "b", "c"])) == [
        "c is missing",
        "the chapters are not in the order of _toc.yml: a, b, c",
    ]
    assert next(other_minutes("| {doc}`likelihood` | 7 |", ["likelihood"])).startswith(
        "likelihood: "
    )
    assert list(unprinted("twice: 2.71 times", measured(), "", 2)) == ["2.71"]
    readme = read("README.md").replace("what a perplexity counts |", "what it counts |")
    (fault,) = other_words(readme, read("book/index.md"))
    assert "(book/code_length.ipynb) | how a loss becomes a file, and what a perplexity" in fault
