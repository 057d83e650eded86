"""Turn ``chapter *information*`` in a docstring of nll into a link to that page."""

import re
from typing import Any

from sphinx.application import Sphinx

CHAPTER = re.compile(r"\b([Cc]hapter) \*(\w+)\*")


def link_chapters(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Rewrite the lines of one docstring in place."""
    lines[:] = [CHAPTER.sub(r"\1 :doc:`/book/\2`", line) for line in lines]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("autodoc-process-docstring", link_chapters)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
