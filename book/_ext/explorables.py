"""Keep Vega's libraries, from the Python package vl-convert, for readers who come to a chart."""

from pathlib import Path
from typing import Any

import vl_convert
from sphinx.application import Sphinx

BUNDLE, OWN = "explorables-vega.js", "explorables.js"


def add_scripts(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Name our script on a page that has an explorable; it asks for the libraries when needed."""
    if 'class="explorable"' in context.get("body", ""):
        app.add_js_file(OWN, loading_method="defer")


def write_bundle(app: Sphinx) -> None:
    """Write the libraries; wrapped, lest one of their short names is one of Sphinx's search."""
    if app.builder.format == "html":
        bundle = f"(function(){{{vl_convert.javascript_bundle()}}})();"
        (Path(app.outdir) / "_static").mkdir(parents=True, exist_ok=True)
        (Path(app.outdir) / "_static" / BUNDLE).write_text(bundle, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("builder-inited", write_bundle)
    app.connect("html-page-context", add_scripts)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
