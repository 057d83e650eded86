"""Color the pages for readers without JavaScript, by what their system prefers.

The theme's colors wait for a script that writes ``light`` or ``dark`` into ``data-theme``. Its
rules are repeated here for the ``auto`` that stands there before, in a sheet for ``<noscript>``.
"""

import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

SHEETS = [
    "styles/pydata-sphinx-theme.css",
    "pygments.css",
    "styles/sphinx-book-theme.css",
    "book.css",
]
"""Those that know themes, in the order of the pages, under ``_static``."""

WITHOUT_SCRIPT = "styles/no-script.css"
MEDIA = {
    "light": "not all and (prefers-color-scheme: dark)",
    "dark": "(prefers-color-scheme: dark)",
}
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
RULE = re.compile(r"[^{}]*html\[data-theme[^{}]*\{[^{}]*\}")


def without_script(css: str, theme: str) -> str:
    """Return the rules of `css` for `theme`, made to hold while no theme is set."""
    named = re.compile(rf'(?<=html\[data-theme=)"?{theme}"?')
    rules = RULE.findall(COMMENT.sub("", css))
    return "".join(named.sub("auto", rule).strip() for rule in rules if named.search(rule))


def write_sheet(app: Sphinx, exception: Exception | None) -> None:
    """Write the sheet beside the theme's, whose pictures it may name."""
    if exception or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    css = "".join((static / sheet).read_text(encoding="utf-8") for sheet in SHEETS)
    blocks = [f"@media {MEDIA[t]}{{{without_script(css, t)}}}\n" for t in MEDIA]
    (static / WITHOUT_SCRIPT).write_text("".join(blocks), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx; the theme writes the colors of code late, so this comes later."""
    app.connect("build-finished", write_sheet, priority=800)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
