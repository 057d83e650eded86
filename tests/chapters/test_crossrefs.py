"""Letters, terms and functions are introduced somewhere, and no page uses them before that."""

import ast
import inspect
import re
from collections.abc import Iterator

import pytest
from latex import displays, is_letter, tokenize
from notebooks import BOOK, CHAPTERS, ROOT, Chapter, contents, guarded

import nll

NOTATION = (BOOK / "notation.md").read_text(encoding="utf-8")
GLOSSARY = (BOOK / "glossary.md").read_text(encoding="utf-8")
PAGES = contents()

ROW = re.compile(r"^\| (\$.*?\$) \|.*\| (\{doc\}`.*?) \|$", re.MULTILINE)
DOC = re.compile(r"\{doc\}`(\w+)`")
MATH = re.compile(r"\$\$(.+?)\$\$|\$([^$\n]+)\$", re.DOTALL)
CODE = re.compile(r"```\{?code.*?```|(?<!`)`[^`]+`(?!`)", re.DOTALL)
WORDS = re.compile(r"\\(?:text|math\w+|operatorname\*?|begin|end)\{(?:[^{}]|\\,)*\}")
NOT_LETTERS = re.compile(
    r"(?<![\\A-Za-z])(?:d(?=\}| ?[A-Za-z]\b|\\)|e(?=\^))"
)  # differentials, Euler's e
ACCENT = re.compile(r"\\(?:hat|bar|tilde|overline)(?=.)")
CALLED = re.compile(r"(?:called|named|known as|abbreviated) (?:an? |the |it )?\*+([^*]+)\*")
CHAPTER = re.compile(r"\b[Cc]hapter \*(\w+)\*")
FUNCTIONS = [name for name in nll.__all__ if inspect.isroutine(getattr(nll, name))]


def letters(latex: str) -> set[str]:
    """Return the letters of a formula that stand for something, without their accents."""
    tokens = tokenize(NOT_LETTERS.sub(" ", WORDS.sub(" ", latex)))
    return {ACCENT.sub("", token) for token in tokens if is_letter(token)}


def prose(page: Chapter) -> str:
    """Return the page's text without its code."""
    return CODE.sub(" ", page.prose)


def used(page: Chapter) -> set[str]:
    """Return the letters in all formulas of the page."""
    return set().union(*(letters("".join(formula)) for formula in MATH.findall(prose(page))))


def table(heading: str) -> dict[str, list[str]]:
    """Return the pages that a table of the notation names for each letter."""
    found: dict[str, list[str]] = {}
    for symbols, pages in ROW.findall(NOTATION.partition(f"## {heading}")[2].partition("## ")[0]):
        for letter in letters(symbols):
            found.setdefault(letter, []).extend(DOC.findall(pages))
    return found


SHARED, OWN = table("Symbols"), table("Letters that serve one page")


def letters_in_the_notation(page: Chapter) -> Iterator[str]:
    """Yield the letters of displays that no table explains."""
    for place, text in page.markdown:
        for display in displays(text):
            for x in sorted(letters(display.latex)):
                if x not in SHARED and page.stem not in OWN.get(x, []):
                    yield f"{page.at(place)}, {display.label}: {x} is not in notation.md: add a row"


def letters_in_their_order(page: Chapter) -> Iterator[str]:
    """Yield the letters that the page uses before the page that introduces them."""
    for x in sorted(used(page) & set(SHARED)):
        first = SHARED[x][0]
        if PAGES.index(page.stem) < PAGES.index(first) and page.stem not in OWN.get(x, []):
            yield (
                f"book/{page}.ipynb: uses {x}, which notation.md says is first used in {first}, "
                "later: correct that row, or add one for this page"
            )


def terms_in_the_glossary(page: Chapter) -> Iterator[str]:
    """Yield the terms that the page introduces and the glossary lacks."""
    for place, text in page.markdown:
        for term in CALLED.findall(CODE.sub(" ", text)):
            if term.lower() not in GLOSSARY.lower():
                yield f"{page.at(place)}: introduces *{term}*, which glossary.md lacks: add it"


# A page that _toc.yml lacks has no place in the order: test_notebooks names it.
PLACED = [page for page in CHAPTERS if page.stem in PAGES]
test_crossrefs = guarded(
    letters_in_the_notation, letters_in_their_order, terms_in_the_glossary, pages=PLACED
)


def test_the_notation_names_pages_that_use_the_letter():
    stems = {page.stem: used(page) for page in CHAPTERS}
    named = [(x, stem) for found in (SHARED, OWN) for x, pages in found.items() for stem in pages]
    wrong = [f"{x} in {stem}" for x, stem in named if x not in stems.get(stem, {x})]
    assert not wrong, f"notation.md: not there: {wrong}"


def calls(page: Chapter) -> set[str]:
    """Return the names of nll that the page uses in code."""
    nodes = [n for _, cell in page.code for n in ast.walk(ast.parse(cell.source))]
    return {n.attr for n in nodes if isinstance(n, ast.Attribute) and ast.unparse(n.value) == "nll"}


def unused(names: list[str]) -> Iterator[str]:
    """Yield the public names that no chapter uses."""
    for name in sorted(set(names) - {"Family"} - set().union(*map(calls, CHAPTERS))):
        yield f"nll.{name}: no chapter uses it: show it in one, or keep it private"


def unexplained(name: str, text: str) -> Iterator[str]:
    """Yield what the docstring of a function lacks."""
    if ">>> " not in text:
        yield f"nll.{name}: its docstring has no example"
    chapters = CHAPTER.findall(text)
    if not chapters or not set(chapters) <= set(PAGES):
        yield f"nll.{name}: its docstring names {chapters or 'no chapter'}; expected of {PAGES}"
    if not any(name in calls(page) for page in CHAPTERS if page.stem in chapters):
        yield f"nll.{name}: its docstring names {chapters}, which do not use it"


def test_every_public_name_is_used_by_a_chapter():
    faults = list(unused(nll.__all__))
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_docstring_has_an_example_and_names_its_chapter(name):
    faults = list(unexplained(name, inspect.getdoc(getattr(nll, name))))
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("module", ["torch", "jax"])
def test_api_has_the_signatures_of_what_the_book_cannot_import(module):
    tree = ast.parse((ROOT / "nll" / f"{module}.py").read_text(encoding="utf-8"))
    public = {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name[0] != "_"}
    for arg in (arg for node in public.values() for arg in node.args.args):
        arg.annotation = None
    true = {f"nll.{module}.{name}({ast.unparse(node.args)})" for name, node in public.items()}
    api = (BOOK / "api.md").read_text(encoding="utf-8")
    said = set(re.findall(rf"^\.\. function:: (nll\.{module}\..*)$", api, re.MULTILINE))
    assert said == true, f"book/api.md: {said ^ true}: mend its signatures"
