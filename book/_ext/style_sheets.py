"""Make one style sheet of a dozen, with only the rules that a page can use.

A page shows when the last of its sheets has come; most of the theme's rules are for nothing here.
"""

import os
import posixpath
import re
import subprocess
import zlib
from pathlib import Path
from typing import Any

from no_script import WITHOUT_SCRIPT, without_script
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
URL = re.compile(r"url\((?!\"?data:)([^)]+)\)")
IMPORT = re.compile(r'@import "([^"]+)";')
LINK = re.compile(
    r'(?<!<noscript>)<link (?=[^>]*rel="stylesheet")[^>]*href="([^"]*_static/)([^"?]*)[^>]*>\s*'
)
JOINED = "pages.css"
PURGE = Path("tools/purge.mjs")


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
    css = COMMENT.sub("", "".join(read(sheet, static) for sheet in lists.pop()))
    (static / JOINED).write_text('@charset "UTF-8";' + css, encoding="utf-8")
    (static / WITHOUT_SCRIPT).write_text(without_script(css), encoding="utf-8")
    name = f"{JOINED}?v={zlib.crc32(css.encode()):08x}"
    for page, html in pages.items():
        if link := LINK.search(html):
            tag = f'</title>\n    <link rel="stylesheet" href="{link[1]}{name}"/>'
            page.write_text(LINK.sub("", html).replace("</title>", tag, 1), encoding="utf-8")


def purge_sheets(app: Sphinx, exception: Exception | None) -> None:
    """Let PurgeCSS leave out the rules that no page of this site can use."""
    if exception or app.builder.format != "html":
        return
    command = ["node", str(app.srcdir / PURGE), f"_static/{JOINED}", f"_static/{WITHOUT_SCRIPT}"]
    lasting = os.environ | {"NODE_OPTIONS": ""}  # not only as long as there is input
    subprocess.run(command, cwd=app.outdir, env=lasting, check=True)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx; pages and sheets must be written before."""
    app.connect("build-finished", join_sheets, priority=850)
    app.connect("build-finished", purge_sheets, priority=860)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
