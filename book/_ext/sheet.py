"""Make one sheet of all those of a page, with the rules, icons and letters that the book uses.

The letters are inside it, so that what a page is first painted in is what it stays in.
"""

import io
import logging
import posixpath
import re
import string
import subprocess
import unicodedata
import zlib
from base64 import b64encode
from html import unescape
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from sphinx.errors import ExtensionError

TOOLS = Path(__file__).parents[2] / "tools"
MATHML = TOOLS / "node_modules/temml/dist/Temml-STIX2.css"
JOINED, WITHOUT_SCRIPT = "pages.css", "no-script.css"

COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
URL = re.compile(r"url\((?!\"?data:)([^)]+)\)")
IMPORT = re.compile(r'@import "([^"]+)";')
SHEET = re.compile(
    r'(?<!<noscript>)<link (?=[^>]*rel="stylesheet")[^>]*href="([^"]*_static/)([^"?]*)[^>]*>\s*'
)
THEMED = re.compile(r"[^{}]*html\[data-theme[^{}]*\{[^{}]*\}")
MEDIA = {
    "light": "not all and (prefers-color-scheme: dark)",
    "dark": "(prefers-color-scheme: dark)",
}
ICON = re.compile(r'((?:\.fa-[\w-]+:+before,?)+)\{content:"\\?([^"]+)"\}')
CODEPOINT = re.compile(r'content:"\\([0-9a-f]{4})"')
FACE = re.compile(r"(@font-face\s*\{[^}]*?)src:\s*url\(([\w/-]+)\.woff2\)[^;}]*([^}]*\})")
ITALICS = {
    chr(code): unicodedata.normalize("NFKC", chr(code))
    for code in [ord("ℎ"), *range(0x1D434, 0x1D7CB)]
    if re.match("MATHEMATICAL ITALIC|PLANCK", unicodedata.name(chr(code), ""))
}
"""What a browser shows for a letter of its own in a formula."""


def read(sheet: str, static: Path) -> str:
    """Return `sheet` with what it imports, its addresses as seen from the folder `static`."""
    folder = posixpath.dirname(sheet)

    def path(address: str) -> str:
        return posixpath.normpath(posixpath.join(folder, address))

    css = (static / sheet).read_text(encoding="utf-8").replace('@charset "UTF-8";', "")
    css = URL.sub(lambda found: f"url({path(found[1])})", css)
    return IMPORT.sub(lambda found: read(path(found[1]), static), css)


def without_script(css: str) -> str:
    """Return the rules of `css` for light and dark, made to hold while no script sets a theme."""
    sheet = ""
    for theme, media in MEDIA.items():
        named = re.compile(rf'(?<=html\[data-theme=)"?{theme}"?')
        found = [rule for rule in THEMED.findall(css) if named.search(rule)]
        rules = "".join(named.sub("auto", rule).strip() for rule in found)
        sheet += f"@media {media}{{{rules}}}\n"
    return sheet


def level_roots(font: TTFont) -> None:
    """Make all signs of a root as wide as the smallest: Chromium leaves room for the widest."""
    widths = font["hmtx"].metrics
    for sign in font.getGlyphOrder():
        if sign.startswith("uni221A."):
            width, left = widths[sign]
            narrower = widths["uni221A"][0] / width
            font["glyf"][sign].coordinates.scale((narrower, 1))
            font["glyf"][sign].recalcBounds(font["glyf"])
            widths[sign] = widths["uni221A"][0], round(narrower * left)


def letters(source: Path, characters: set[str], features: list[str]) -> str:
    """Return the font `source`, for `characters`, as an address that holds it; "" if it has none.

    MathML sets an index below the tail of a y and a power at the top of a bracket, TeX beside any
    letter alike: the bounds for large boxes are moved to where a letter does not reach them.
    """
    logging.getLogger("fontTools").setLevel(logging.WARNING)
    font = TTFont(source, recalcTimestamp=False)
    wanted = {ord(character) for character in characters} & set(font.getBestCmap())
    if "MATH" in font:
        font["MATH"].table.MathConstants.SubscriptBaselineDropMin.Value = 0
        font["MATH"].table.MathConstants.SuperscriptBaselineDropMax.Value = 386
        level_roots(font)
    subsetter = subset.Subsetter(subset.Options(layout_features=features, hinting=False))
    subsetter.populate(unicodes=wanted)
    subsetter.subset(font)
    font.flavor = "woff2"
    font.save(file := io.BytesIO())
    return f"data:font/woff2;base64,{b64encode(file.getvalue()).decode()}" if wanted else ""


def embed(css: str, static: Path, pages: list[str]) -> str:
    """Return `css` with only the icons that `pages` and scripts show, and with all letters."""
    scripts = [p for p in static.rglob("*.js") if p.stem != "fontawesome"]
    texts = "".join([*pages, *(path.read_text(encoding="utf-8") for path in scripts)])
    names = set(re.findall(r"\bfa-[\w-]+", texts))
    css = ICON.sub(lambda i: i[0] if names & set(re.findall(r"fa-[\w-]+", i[1])) else "", css)
    icons = {chr(int(code, 16)) for code in CODEPOINT.findall(css)}
    css = CODEPOINT.sub(r'\g<0>;\g<0>/""', css)  # seen, not heard, where a browser knows how
    # A root has a sign that its element does not spell.
    formulas = {"√", *unescape("".join(re.findall(r"<math.*?</math>", texts, re.DOTALL)))}
    plain = {unicodedata.normalize("NFKC", character) for character in formulas}
    formulas |= {italic for italic, letter in ITALICS.items() if letter in plain}
    prose = {*unescape(texts), *string.printable}
    features = [*subset.Options().layout_features, "ssty", "dtls"]

    def face(found: re.Match[str]) -> str:
        if (file := static / f"{found[2]}.ttf").exists():
            address = letters(file, icons, [])
        else:
            (file,) = TOOLS.glob(f"node_modules/@fontsource/*/files/{Path(found[2]).name}.woff2")
            address = letters(file, formulas if "math" in file.name else prose, features)
        return f"{found[1]}src:url({address}){found[3]}" if address else ""

    return FACE.sub(face, css)


def join(static: Path, pages: list[Path]) -> None:
    """Let every page load one sheet in place of its own; all pages must have the same."""
    texts = {page: page.read_text(encoding="utf-8") for page in pages}
    lists = {tuple(sheet for _, sheet in SHEET.findall(html)) for html in texts.values()}
    if len(lists) != 1:
        raise ExtensionError(f"sheet: pages differ in their sheets: {lists}")
    mathml = re.sub(r"@font-face\s*\{[^}]*\}", "", MATHML.read_text(encoding="utf-8"))
    css = COMMENT.sub("", mathml + "".join(read(sheet, static) for sheet in lists.pop()))
    css = embed(css, static, list(texts.values()))
    (static / JOINED).write_text('@charset "UTF-8";' + css, encoding="utf-8")
    (static / WITHOUT_SCRIPT).write_text(without_script(css), encoding="utf-8")
    command = ["node", str(TOOLS / "purge.mjs"), f"_static/{JOINED}", f"_static/{WITHOUT_SCRIPT}"]
    subprocess.run(command, cwd=static.parent, check=True)
    name = f"{JOINED}?v={zlib.crc32((static / JOINED).read_bytes()):08x}"
    for page, html in texts.items():
        root = SHEET.findall(html)[0][0]
        tag = f'</title>\n    <link rel="stylesheet" href="{root}{name}"/>'
        page.write_text(SHEET.sub("", html).replace("</title>", tag, 1), encoding="utf-8")
    for path in [p for kind in ("*.ttf", "*.woff2", "*.map") for p in static.rglob(kind)]:
        path.unlink()
    (static / "scripts/fontawesome.js").unlink()
