"""Turn ``chapter *information*`` in a docstring of nll into a link, and number those of a table."""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

CHAPTER = re.compile(r"\b([Cc]hapter) \*(\w+)\*")


def link_chapters(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Rewrite the lines of one docstring in place."""
    lines[:] = [CHAPTER.sub(r"\1 :doc:`/book/\2`", line) for line in lines]


def number_chapters(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Let the tables of the notation name a chapter by its number; they are long and narrow."""
    tables = docname == "book/notation" and app.builder.format == "html"
    for entry in list(doctree.findall(nodes.entry)) if tables else []:
        for link in entry.findall(nodes.reference):
            target = f"book/{link.get('refuri', '').removesuffix('.html')}"
            if number := app.env.toc_secnumbers.get(target, {}).get(""):
                link["reftitle"] = link.astext()
                link.children = [nodes.inline("", f"chapter {number[0]}")]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("autodoc-process-docstring", link_chapters)
    app.connect("doctree-resolved", number_chapters)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
