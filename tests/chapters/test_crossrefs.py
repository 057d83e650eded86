"""Letters, terms and functions are introduced somewhere, and no page uses them before that."""

import ast
import inspect
import re

import pytest
import yaml
from latex import equations
from notebooks import ROOT, STEMS, code_cells, read

import nll

NOTATION = (ROOT / "book" / "notation.md").read_text(encoding="utf-8")
GLOSSARY = (ROOT / "book" / "glossary.md").read_text(encoding="utf-8")
PARTS = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))["parts"]
PAGES = [c["file"].removeprefix("book/") for part in PARTS for c in part["chapters"]]

ROW = re.compile(r"^\| (\$.*?\$) \|.*\| (\{doc\}`.*?) \|$", re.MULTILINE)
DOC = re.compile(r"\{doc\}`(\w+)`")
MATH = re.compile(r"\$\$(.+?)\$\$|\$([^$\n]+)\$", re.DOTALL)
CODE = re.compile(r"```\{?code.*?```|`[^`]*`", re.DOTALL)
WORDS = re.compile(r"\\(?:text|math\w+|operatorname\*?|begin|end)\{(?:[^{}]|\\,)*\}")
NOT_LETTERS = re.compile(
    r"(?<![\\A-Za-z])(?:d(?=\}| ?[A-Za-z]\b|\\)|e(?=\^))"
)  # differentials, Euler's e
GREEK = "alpha beta gamma delta epsilon eta theta kappa lambda mu rho sigma tau phi ell Delta"
LETTER = re.compile(rf"\\(?:{GREEK.replace(' ', '|')})(?![a-z])|(?<![\\a-zA-Z])[A-Za-z]+")
CALLED = re.compile(r"(?:called|named|known as|abbreviated) (?:an? |the |it )?\*+([^*]+)\*")
CHAPTER = re.compile(r"\b[Cc]hapter \*(\w+)\*")
FUNCTIONS = [name for name in nll.__all__ if inspect.isroutine(getattr(nll, name))]


def letters(latex: str) -> set[str]:
    """Return the letters of a formula that stand for something."""
    found = LETTER.findall(NOT_LETTERS.sub(" ", WORDS.sub(" ", latex)))
    return {letter for run in found for letter in ([run] if run.startswith("\\") else run)}


def prose(stem: str) -> str:
    """Return the page's markdown without its code."""
    cells = [cell.source for cell in read(stem).cells if cell.cell_type == "markdown"]
    return CODE.sub(" ", "\n".join(cells))


def used(stem: str) -> set[str]:
    """Return the letters in all formulas of the page."""
    formulas = MATH.findall(prose(stem))
    return set().union(*(letters(display or inline) for display, inline in formulas))


def table(heading: str) -> dict[str, list[str]]:
    """Return the pages that a table of the notation names for each letter."""
    found: dict[str, list[str]] = {}
    for symbols, pages in ROW.findall(NOTATION.partition(f"## {heading}")[2].partition("## ")[0]):
        for letter in letters(symbols):
            found.setdefault(letter, []).extend(DOC.findall(pages))
    return found


BOOK, OWN = table("Symbols"), table("Letters that serve one page")


@pytest.mark.parametrize("stem", STEMS)
def test_letters_of_equations_are_in_the_notation(stem):
    for chapter, label, latex in equations():
        unknown = {x for x in letters(latex) if x not in BOOK and stem not in OWN.get(x, [])}
        assert chapter != stem or not unknown, (
            f"{stem}.ipynb, {label}: {unknown} not in notation.md"
        )


@pytest.mark.parametrize("stem", STEMS)
def test_no_letter_is_used_before_it_is_introduced(stem):
    early = {
        letter: BOOK[letter][0]
        for letter in used(stem) & set(BOOK)
        if PAGES.index(stem) < PAGES.index(BOOK[letter][0]) and stem not in OWN.get(letter, [])
    }
    assert not early, f"{stem}.ipynb: used before the chapter that introduces them: {early}"


def test_the_notation_names_pages_that_use_the_letter():
    named = [(x, stem) for found in (BOOK, OWN) for x, stems in found.items() for stem in stems]
    wrong = [f"{x} in {stem}" for x, stem in named if stem in STEMS and x not in used(stem)]
    assert not wrong, f"notation.md: not there: {wrong}"


@pytest.mark.parametrize("stem", STEMS)
def test_terms_are_in_the_glossary(stem):
    missing = [term for term in CALLED.findall(prose(stem)) if term.lower() not in GLOSSARY.lower()]
    assert not missing, f"{stem}.ipynb introduces {missing}, which glossary.md lacks"


def calls(stem: str) -> set[str]:
    """Return the names of nll that the page uses in code."""
    nodes = [n for _, cell in code_cells(stem) for n in ast.walk(ast.parse(cell.source))]
    return {n.attr for n in nodes if isinstance(n, ast.Attribute) and ast.unparse(n.value) == "nll"}


def test_every_public_name_is_used_by_a_chapter():
    unused = set(nll.__all__) - {"Family"} - set().union(*map(calls, STEMS))
    assert not unused, f"no chapter uses {unused} of nll"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_docstring_has_an_example_and_names_its_chapter(name):
    text = inspect.getdoc(getattr(nll, name))
    assert ">>> " in text, f"nll.{name} has no example"
    chapters = CHAPTER.findall(text)
    assert chapters, f"nll.{name} names no chapter"
    assert set(chapters) <= set(PAGES), f"nll.{name} names {chapters}: not all are in _toc.yml"
    assert any(name in calls(stem) for stem in chapters), f"{chapters} do not use nll.{name}"
