"""Make one style sheet of a dozen, with only the rules that a page can use.

A page shows when the last of its sheets has come; most of the theme's rules are for nothing here.
"""

import posixpath
import re
import zlib
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
RULE = re.compile(r"([^{}@;]+)(\{[^{}]*\})")
EMPTY = re.compile(r"@media[^{}]*\{\s*\}")
COMMA = re.compile(r",(?![^()]*\))")
APART = re.compile(r":(?:not|is|where)\((?:[^()]|\([^()]*\))*\)|\[[^\]]*\]")
CLASS = re.compile(r"\.(-?[_a-zA-Z][\w-]*)")
URL = re.compile(r"url\((?!\"?data:)([^)]+)\)")
IMPORT = re.compile(r'@import "([^"]+)";')
LINK = re.compile(
    r'(?<!<noscript>)<link (?=[^>]*rel="stylesheet")[^>]*href="([^"]*_static/)([^"?]*)[^>]*>\s*'
)
JOINED = "pages.css"
MADE = ("bs-",)
"""How classes begin that a script puts together."""


def words_in_use(site: Path) -> set[str]:
    """Return all that may be a class in the site's pages and scripts."""
    files = [*site.rglob("*.html"), *site.rglob("*.js")]
    return {w for path in files for w in re.findall(r"[\w-]+", path.read_text(encoding="utf-8"))}


def trim(css: str, words: set[str]) -> str:
    """Drop the selectors of `css` that name a class outside of `words`."""

    def usable(selector: str) -> bool:
        names = CLASS.findall(APART.sub("", selector))
        return all(name in words or name.startswith(MADE) for name in names)

    def keep(rule: re.Match[str]) -> str:
        selectors = [s for s in COMMA.split(rule[1]) if usable(s)]
        return ",".join(selectors) + rule[2] if selectors else ""

    return EMPTY.sub("", RULE.sub(keep, COMMENT.sub("", css)))


def trim_sheets(app: Sphinx, exception: Exception | None) -> None:
    """Trim every style sheet of the site."""
    if exception or app.builder.format != "html":
        return
    words = words_in_use(Path(app.outdir))
    for sheet in (Path(app.outdir) / "_static").rglob("*.css"):
        sheet.write_text(trim(sheet.read_text(encoding="utf-8"), words), encoding="utf-8")


def read(sheet: str, static: Path) -> str:
    """Return `sheet` with what it imports, its addresses as seen from the folder `static`."""
    folder = posixpath.dirname(sheet)

    def path(address: str) -> str:
        return posixpath.normpath(posixpath.join(folder, address))

    css = (static / sheet).read_text(encoding="utf-8").replace('@charset "UTF-8";', "")
    css = URL.sub(lambda found: f"url({path(found[1])})", css)
    return IMPORT.sub(lambda found: read(path(found[1]), static), css)


def join_sheets(app: Sphinx, exception: Exception | None) -> None:
    """Let every page load one sheet in place of its own; all pages must have the same."""
    if exception or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    files = [page for page in Path(app.outdir).rglob("*.html") if static not in page.parents]
    pages = {page: page.read_text(encoding="utf-8") for page in files}
    lists = {tuple(sheet for _, sheet in LINK.findall(html)) for html in pages.values()} - {()}
    if len(lists) != 1:
        raise ExtensionError(f"style_sheets: pages differ in their sheets: {lists}")
    css = '@charset "UTF-8";' + "".join(read(sheet, static) for sheet in lists.pop())
    (static / JOINED).write_text(css, encoding="utf-8")
    name = f"{JOINED}?v={zlib.crc32(css.encode()):08x}"
    for page, html in pages.items():
        if link := LINK.search(html):
            tag = f'</title>\n    <link rel="stylesheet" href="{link[1]}{name}"/>'
            page.write_text(LINK.sub("", html).replace("</title>", tag, 1), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx; pages and sheets must be written before."""
    app.connect("build-finished", trim_sheets, priority=700)
    app.connect("build-finished", join_sheets, priority=850)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
