"""Mend what the theme does to a page: weight, roles, and pictures that must stay readable.

Each edit names the words it expects of the theme, and fails the build if they are gone.
"""

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

EDITS = [
    # half a page's weight, to draw icons that the style sheet draws as well
    (r"  <!-- So that users can add custom icons -->\n.*?</script>\n", ""),
    # a column of links outside of any landmark
    (r'<div id="pst-primary-sidebar"', r'\g<0> role="complementary" aria-label="Book"'),
    # a role that the standard has withdrawn
    (r'role="doc-biblioentry"', 'role="listitem"'),
    # a theme from the first paint on: the reader's choice, else the system's
    (
        r'localStorage\.getItem\("theme"\) \|\| "auto"',
        '{light: "light", dark: "dark"}[document.documentElement.dataset.mode] ??\n'
        '      (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")',
    ),
    # colors for those whose browser runs no script, as no_script.py makes them
    (
        r'<link [^>]*href="([^"]*)book\.css[^>]*>',
        r'\g<0>\n    <noscript><link rel="stylesheet" href="\1no-script.css"/></noscript>',
    ),
    # the same logo twice, of which the dark one waits for a script
    (
        r'(<img [^>]*"logo__image) only-light("[^>]*>)\s*<img [^>]*only-dark[^>]*>',
        r"\1 dark-light\2",
    ),
    # pages that Sphinx makes of itself do not say what they are
    (
        r'\A(?!.*<meta name="description")(.*?<title>([^<]*)</title>)',
        r'\1\n    <meta name="description" content="\2: an executable textbook"/>',
    ),
    # a blank that is underlined as a part of the link
    (r"(Solution to)(<a [^>]*>) ", r"\1 \2"),
    # scripts that would come before what the page needs to show
    (r"<!-- Pre-loaded scripts.*?-->\s*(?:<link rel=\"preload\" as=\"script\"[^>]*>\s*)*", ""),
    # the page shows before its scripts run; only the page of results searches
    (r"\n    <script src=\"[^\"]*searchtools\.js.*?searchindex\.js[^>]*></script>", ""),
    (r"<script (src=\"[^\"]*(?:searchtools|language_data|searchindex)\.js)", r"<script defer \1"),
]
TAB_STOPS = r',"complete"===document\.readyState\?(\w+)\(\):window\.addEventListener\("load",\1\)'
"""Where the theme lays out the whole page, box after box; book.js takes those that are near."""

OPTIONS = r"<script src=\"[^\"]*documentation_options\.js[^\"]*\"></script>"
"""A request for three lines, which the page waits for; they are put in its place."""

NAMES = re.compile(r'(?<=<span class="pre">)[^<]+|(?<=<span class="sig-paren">)\(')
BREAKS = re.compile(r"[._(,](?=[A-Za-z])|^\($")
"""Where a long name may go on in the next line."""

LAUNCHER = re.compile(
    r'<script type="text/x-thebe-config">.*?</script>\s*<script>.*?</script>', re.S
)
PICTURE = re.compile(r'<img [^>]*src="([^"]*_images/[^"]*\.svg)"[^>]*>')


def drop_thebe(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Leave out the kernel launcher, and let every script wait for the page."""
    context["script_files"] = [
        script
        for script in context.get("script_files", [])
        if "thebe" not in (str(script.filename) + str(script.attributes.get("body"))).lower()
    ]
    context["css_files"] = [c for c in context["css_files"] if "thebe" not in str(c.filename)]
    context["body"] = LAUNCHER.sub("", context.get("body", ""))
    for script in context["script_files"]:
        if script.filename and "documentation_options" not in str(script.filename):
            script.attributes.setdefault("defer", "defer")


def size(path: Path) -> tuple[int, int]:
    """Return width and height of the drawing at `path`, in CSS pixels."""
    root = ElementTree.parse(path).getroot()
    unit = 4 / 3 if root.attrib["width"].endswith("pt") else 1
    width, height = (float(re.sub("[a-z]+$", "", root.attrib[k])) for k in ("width", "height"))
    return round(width * unit), round(height * unit)


def break_names(html: str) -> str:
    """Return `html` with places in its code where a narrow line may end."""
    return NAMES.sub(lambda name: BREAKS.sub(r"\g<0><wbr>", name[0]), html)


def frame(html: str, page: Path) -> str:
    """Return `html` with each picture in a box that scrolls, and its size known beforehand."""

    def box(image: re.Match[str]) -> str:
        width, height = size((page.parent / image[1]).resolve())
        tag = image[0].replace("<img ", f'<img width="{width}" height="{height}" ')
        return f'<span class="picture" style="--width: {width}px">{tag}</span>'

    return PICTURE.sub(box, html)


def keep_together(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Let no line begin with the full stop after a formula, nor end with the bracket before it."""
    for math in list(doctree.findall(nodes.math)) if app.builder.format == "html" else []:
        parent, place = math.parent, math.parent.index(math)
        around = parent[max(place - 1, 0) : place], parent[place + 1 : place + 2]
        before, after = ("".join(n for n in found if isinstance(n, nodes.Text)) for found in around)
        opening, closing = re.search(r"[(\[“]*$", before)[0], re.match(r"[^\w\s]*", after)[0]
        if opening:
            parent[place - 1] = nodes.Text(before.removesuffix(opening))
        if closing:
            parent[place + 1] = nodes.Text(after.removeprefix(closing))
        if opening or closing:
            group = nodes.inline(classes=["together"])
            parent[place] = group
            group += [nodes.Text(opening), math, nodes.Text(closing)]


def send_on(app: Sphinx) -> None:
    """Send a reader who opens the site's folder on to the title page."""
    first = f"{app.config.root_doc}.html"
    (Path(app.outdir) / "index.html").write_text(
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f"<title>{app.config.html_title}</title>\n"
        f'<meta http-equiv="refresh" content="0; url={first}">\n'
        f'<a href="{first}">{app.config.html_title}</a>\n',
        encoding="utf-8",
    )


def edit_script(static: Path) -> None:
    """Leave to book.js what the theme's script does slowly."""
    script = static / "scripts/pydata-sphinx-theme.js"
    text, count = re.subn(TAB_STOPS, "", script.read_text(encoding="utf-8"))
    if not count:
        raise ExtensionError(f"reader_page: {script.name} does not contain {TAB_STOPS}")
    script.write_text(text, encoding="utf-8")


def edit_pages(app: Sphinx, exception: Exception | None) -> None:
    """Edit all pages that were written."""
    if exception or app.builder.format != "html":
        return
    options = (Path(app.outdir) / "_static/documentation_options.js").read_text(encoding="utf-8")
    edits = [*EDITS, (OPTIONS, f"<script>{options}</script>")]
    edited = set()
    for page in Path(app.outdir).rglob("*.html"):
        html = page.read_text(encoding="utf-8")
        for pattern, replacement in edits:
            html, count = re.subn(pattern, replacement, html, flags=re.DOTALL)
            edited |= {pattern} if count else set()
        page.write_text(break_names(frame(html, page)), encoding="utf-8")
    if missed := {pattern for pattern, _ in edits} - edited:
        raise ExtensionError(f"reader_page: no page contains {missed}")
    edit_script(Path(app.outdir) / "_static")
    send_on(app)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("doctree-resolved", keep_together)
    app.connect("html-page-context", drop_thebe, priority=900)
    app.connect("build-finished", edit_pages)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
