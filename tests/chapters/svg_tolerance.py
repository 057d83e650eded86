"""nbval compares SVG figures as drawings, not as strings of digits.

Two drawings are equal when their markup is the same and no coordinate differs by more than
0.05 pt. Last digits differ between processors, and pass; a moved curve, another label, color or
line style does not.
"""

import re
from itertools import zip_longest

from nbval.plugin import IPyNbCell

TOLERANCE = 0.05
EXACT = re.compile(r'(style="[^"]*"|scale\([^)]*\)|opacity="[^"]*"|#[0-9a-f]{6}\b)')
NUMBER = re.compile(r"(-?\d+(?:\.\d+)?(?:e-?\d+)?)")
HASHED = re.compile(r"\b([a-z])[0-9a-f]{10}\b")


def tokens(svg: str) -> list[str | float]:
    """Split `svg` into markup and coordinates; ids made from coordinates are numbered in order."""
    names: dict[str, str] = {}
    svg = HASHED.sub(lambda hit: names.setdefault(hit[0], f"{hit[1]}-id-{len(names)}-"), svg)
    found: list[str | float] = []
    for place, part in enumerate(EXACT.split(svg)):
        pieces = [part] if place % 2 else NUMBER.split(part)
        found += [float(p) if i % 2 else p for i, p in enumerate(pieces)]
    return found


def difference(stored: str, new: str) -> str | None:
    """Return the first difference between two drawings in words, or None."""
    last = ""
    for a, b in zip_longest(tokens(stored), tokens(new), fillvalue="(end)"):
        near = isinstance(a, float) and isinstance(b, float) and abs(a - b) <= TOLERANCE
        if not near and a != b:
            return (
                f"after {last[-60:]!r} the stored figure has {str(a)[:60]!r}, now {str(b)[:60]!r}"
            )
        last = last if isinstance(a, float) else str(a)
    return None


class Drawing(str):
    """An output that contains SVG; equal means: looks the same."""

    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and difference(self, other) is None

    def __ne__(self, other: object) -> bool:
        return not self == other


def sanitize(cell: IPyNbCell, text: object, plain=IPyNbCell.sanitize) -> object:
    """Let nbval see figures as drawings."""
    text = plain(cell, text)
    return Drawing(text) if isinstance(text, str) and "<svg" in text else text


def format_output_compare(cell, key, stored, new, plain=IPyNbCell.format_output_compare) -> None:
    """Say in one line where two drawings part."""
    if isinstance(stored, Drawing) and isinstance(new, Drawing):
        cell.comparison_traceback.append(f"{key}: {difference(stored, new)}")
    else:
        plain(cell, key, stored, new)


def teach_nbval() -> None:
    """Make nbval compare as this module does."""
    IPyNbCell.sanitize = sanitize
    IPyNbCell.format_output_compare = format_output_compare
