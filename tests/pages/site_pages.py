"""The built site, found in one place for every test that looks at pages."""

from functools import cache
from pathlib import Path

from bs4 import BeautifulSoup
from notebooks import ROOT

SITE = ROOT / "_build" / "html"
PAGES = sorted(SITE.glob("book/*.html"))
NAMES = [page.stem for page in PAGES]


@cache
def soup(page: Path) -> BeautifulSoup:
    """Return the parsed page; do not change it."""
    return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
