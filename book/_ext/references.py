"""List the references as a reader looks them up: by name, with the accents left out."""

import unicodedata
from typing import Any

from pybtex.database import Person
from pybtex.plugin import register_plugin
from pybtex.style.formatting.alpha import Style
from pybtex.style.sorting.author_year_title import SortingStyle
from sphinx.application import Sphinx


class ByName(SortingStyle):
    """Sort by author, year and title; ö stands with o, and braces do not count."""

    def persons_key(self, persons: list[Person]) -> str:
        """Return what the persons are sorted by."""
        letters = unicodedata.normalize("NFKD", super().persons_key(persons))
        return "".join(c for c in letters if c.isalnum() or c.isspace())


class Book(Style):
    """The usual style, so sorted."""

    default_name_style, default_sorting_style = "lastfirst", "by_name"


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Pybtex, which the bibliography is made with."""
    register_plugin("pybtex.style.sorting", "by_name", ByName)
    register_plugin("pybtex.style.formatting", "book", Book)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
