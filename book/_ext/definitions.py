"""Link each term of the glossary where a chapter first uses it, and bring its definition along.

Where scripts run, ``book/assets/book.js`` shows it on hover, focus and tap; elsewhere the link
leads to the glossary.
"""

import re
from functools import cache
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

GLOSSARY = "book/glossary"
PROSE = (nodes.paragraph, nodes.emphasis, nodes.strong, nodes.inline)


@cache
def entries(app: Sphinx) -> dict[str, tuple[str, list[nodes.Node]]]:
    """Return the anchor and the definition of each term, by its words."""
    found = {}
    doctree = app.env.get_and_resolve_doctree(GLOSSARY, app.builder)
    for item in doctree.findall(nodes.definition_list_item):
        for link in item.findall(nodes.reference):
            if "refid" in link:
                link["refuri"] = f"glossary.html#{link.attributes.pop('refid')}"
        term = item[0]
        found[term.astext().lower()] = (term["ids"][0], list(item[-1].children))
    return found


def in_prose(text: nodes.Text) -> bool:
    """Tell whether `text` stands in a paragraph, outside of links, code, formulas and captions."""
    node = text.parent
    while isinstance(node, PROSE[1:]):
        node = node.parent
    return isinstance(node, nodes.paragraph) and not isinstance(text.parent, nodes.literal)


def add_definitions(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Link the first use of each term in a chapter, and note what it means."""
    if app.builder.format != "html" or not app.env.doc2path(docname).endswith(".ipynb"):
        return
    left = dict(entries(app))
    used: dict[str, list[nodes.Node]] = {}

    def use(words: str, link: nodes.reference) -> None:
        anchor, definition = left.pop(words)
        used[anchor] = definition
        link["classes"].append("term")
        link["refuri"] = f"glossary.html#{anchor}"

    for node in list(doctree.findall()):
        if isinstance(node, nodes.reference) and "glossary.html#term-" in node.get("refuri", ""):
            if (words := node.astext().lower()) in left:
                use(words, node)
        elif isinstance(node, nodes.Text) and in_prose(node):
            words = "|".join(map(re.escape, sorted(left, key=len, reverse=True)))
            pattern = re.compile(rf"(?<![\w-])(?:{words})(?![\w-])", re.IGNORECASE)
            rest, pieces = str(node), []
            while match := pattern.search(rest):
                if match[0].lower() not in left:
                    break
                link = nodes.reference("", match[0], internal=True)
                use(match[0].lower(), link)
                pieces += [nodes.Text(rest[: match.start()]), link]
                rest = rest[match.end() :]
            if pieces:
                node.parent.replace(node, [*pieces, nodes.Text(rest)])
    doctree["definitions"] = used


def append_definitions(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Append to a page what its terms mean; the search finds it in the glossary."""
    builder: Any = app.builder
    for anchor, definition in (doctree.get("definitions", {}) if doctree else {}).items():
        box = nodes.container(ids=[f"the-{anchor}"], classes=["definition"])
        box += [child.deepcopy() for child in definition]
        context["body"] += builder.render_partial(box)["fragment"]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx, before formulas are kept together with what stands beside them."""
    app.connect("doctree-resolved", add_definitions, priority=400)
    app.connect("html-page-context", append_definitions)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
