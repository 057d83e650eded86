"""Leave only the icons that the pages show: in the theme's icon font, and in its style sheet."""

import logging
import re
from pathlib import Path
from typing import Any

from fontTools import subset
from fontTools.ttLib import TTFont
from sphinx.application import Sphinx

RULE = re.compile(r'((?:\.fa-[\w-]+:+before,?)+)\{content:"\\?([^"]+)"\}')
FACE = re.compile(r"@font-face\{[^}]*webfonts/([\w-]+)\.woff2[^}]*\}")
CODEPOINT = re.compile(r'content:"\\([0-9a-f]{4})"')


def names_in_use(site: Path) -> set[str]:
    """Return the icon classes that occur in the site's pages and scripts."""
    files = [*site.rglob("*.html"), *(site / "_static").rglob("*.js")]
    texts = (path.read_text(encoding="utf-8") for path in files if path.stem != "fontawesome")
    return {name for text in texts for name in re.findall(r"\bfa-[\w-]+", text)}


def trim_rules(css: str, names: set[str]) -> str:
    """Drop the rules of `css` that give icons other than `names` their glyph."""

    def keep(rule: re.Match[str]) -> str:
        return rule[0] if names & set(re.findall(r"fa-[\w-]+", rule[1])) else ""

    return RULE.sub(keep, css)


def trim_font(source: Path, codepoints: set[int]) -> bool:
    """Write the glyphs of `source` at `codepoints` as woff beside it; tell whether it has any."""
    logging.getLogger("fontTools").setLevel(logging.WARNING)
    font = TTFont(source)
    wanted = codepoints & set(font.getBestCmap())
    subsetter = subset.Subsetter(subset.Options(layout_features=[], hinting=False))
    subsetter.populate(unicodes=wanted)
    subsetter.subset(font)
    font.flavor = "woff"
    font.save(source.with_suffix(".woff"))
    return bool(wanted)


def trim_icons(app: Sphinx, exception: Exception | None) -> None:
    """Trim the theme's style sheet and icon fonts to what this site uses."""
    if exception or app.builder.format != "html":
        return
    site = Path(app.outdir)
    sheet = site / "_static/styles/pydata-sphinx-theme.css"
    css = trim_rules(sheet.read_text(encoding="utf-8"), names_in_use(site))
    sheets = [css, *(p.read_text(encoding="utf-8") for p in site.rglob("*.css") if p != sheet)]
    codepoints = {int(code, 16) for text in sheets for code in CODEPOINT.findall(text)}
    folder = site / "_static/vendor/fontawesome/webfonts"
    kept = {path.stem for path in folder.glob("*.ttf") if trim_font(path, codepoints)}

    def face(rule: re.Match[str]) -> str:
        source = f'src:url(../vendor/fontawesome/webfonts/{rule[1]}.woff) format("woff")}}'
        return re.sub(r"src:.*\}", source, rule[0]) if rule[1] in kept else ""

    sheet.write_text(FACE.sub(face, css), encoding="utf-8")
    for path in [*folder.glob("*.ttf"), *folder.glob("*.woff2")]:
        path.unlink()
    for path in [*site.rglob("*.map"), site / "_static/scripts/fontawesome.js"]:
        path.unlink(missing_ok=True)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx; the pages must be written before, and the sheets joined after."""
    app.connect("build-finished", trim_icons, priority=600)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
