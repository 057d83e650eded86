"""Color the pages for readers without JavaScript, by what their system prefers.

The theme's colors wait for a script that writes ``light`` or ``dark`` into ``data-theme``. Its
rules are repeated here for the ``auto`` that stands there before, in a sheet for ``<noscript>``.
"""

import re

WITHOUT_SCRIPT = "no-script.css"
MEDIA = {
    "light": "not all and (prefers-color-scheme: dark)",
    "dark": "(prefers-color-scheme: dark)",
}
RULE = re.compile(r"[^{}]*html\[data-theme[^{}]*\{[^{}]*\}")


def rules(css: str, theme: str) -> str:
    """Return the rules of `css` for `theme`, made to hold while no theme is set."""
    named = re.compile(rf'(?<=html\[data-theme=)"?{theme}"?')
    found = [rule for rule in RULE.findall(css) if named.search(rule)]
    return "".join(named.sub("auto", rule).strip() for rule in found)


def without_script(css: str) -> str:
    """Return what a page needs beside its sheet `css`, which has no comments."""
    return "".join(f"@media {media}{{{rules(css, theme)}}}\n" for theme, media in MEDIA.items())
