"""The PDF has the page's numbers, and nothing in it is lost or runs out of the page.

LaTeX need not be installed: without a PDF from `make pdf` these tests are skipped.
"""

import re

import pytest
from notebooks import ROOT
from publishing import PDF
from site_pages import PAGES, soup

BUILT = ROOT / "_build" / "latex" / PDF
LABEL = re.compile(r"\\newlabel\{(?:equation:)?book/\w+:((?:eq|fig)-[\w-]+)\}\{\{([\d.]+)\}")
TOO_WIDE = re.compile(r"Overfull \\hbox \((\d+)[\d.]*pt too wide\).*")
MARGIN = 10  # points: what sticks out less is still well within the margin, or between columns
LOST = re.compile(
    r"Missing character.*|LaTeX Warning: (?:Hyper reference|Reference|Citation) .*|multiply.defined"
)

made = pytest.mark.skipif(not BUILT.exists(), reason="no PDF: `make pdf` builds it")


def numbers_on_pages():
    """Return the number of each equation and figure, by its label, as the pages show it."""
    found = {}
    for page in PAGES:
        for equation in soup(page).select("div.math[id]"):
            (number,) = equation.select(".eqno")
            label = equation["id"].removeprefix("equation-")
            found[label] = re.search(r"\(([\d.]+)\)", number.get_text())[1]
        for figure in soup(page).select("figure[id]"):
            found[figure["id"]] = figure.select_one(".caption-number").get_text().split()[-1]
    return found


@made
def test_equations_and_figures_have_the_numbers_of_the_pages():
    on_paper = dict(LABEL.findall(BUILT.with_suffix(".aux").read_text(encoding="utf-8")))
    on_pages = numbers_on_pages()
    assert len([label for label in on_pages if label.startswith("eq-")]) > 50
    assert on_paper == on_pages, "other numbers: if a page changed, run `make pdf` again"


@made
def test_nothing_is_lost_or_runs_out_of_the_page():
    log = BUILT.with_suffix(".log").read_text(encoding="utf-8", errors="replace")
    assert not LOST.findall(log)
    wide = [line[0] for line in TOO_WIDE.finditer(log) if int(line[1]) >= MARGIN]
    assert not wide, f"{wide}, lines of {BUILT.with_suffix('.tex').name}"


@made
def test_the_drawings_of_explorables_are_on_paper():
    tex = BUILT.with_suffix(".tex").read_text(encoding="utf-8")
    pages = [page for page in PAGES if soup(page).select(".explorable")]
    assert len(pages) == tex.count("sliders move this drawing")
