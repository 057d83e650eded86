"""What the quantities in the book's formulas are worth, one file a page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from latex import Display


@dataclass(frozen=True)
class Reading:
    """What readings/<stem>.py says.

    A key (part, name) holds only in displays that have the label `part`, or contain that LaTeX.
    UNREAD has the exact LaTeX of formulas, and HARMLESS parts of slips that change no claim. INLINE
    has formulas of the running text that must stand there as they are: what they are worth, or
    None where their sides say it; and displays in which a slip could not be seen, such as a factor
    of what is maximized, or of 0.
    """

    NAMES: Mapping[Any, Callable[..., Any]] = field(default_factory=dict)
    DRAWS: Mapping[Any, Callable[[np.random.Generator], Any]] = field(default_factory=dict)
    CONSTANTS: Mapping[str, str] = field(default_factory=dict)
    UNREAD: Mapping[str, str] = field(default_factory=dict)
    INLINE: Mapping[str, Callable[..., Any] | None] = field(default_factory=dict)
    HARMLESS: Mapping[str, str] = field(default_factory=dict)
    AT_ZERO: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def of(self, table: str, display: Display) -> dict[str, Callable[..., Any]]:
        """Return the entries of NAMES or DRAWS that hold in one display."""
        entries = getattr(self, table)
        holds = {key: value for key, value in entries.items() if isinstance(key, str)}
        for key, value in entries.items():
            if not isinstance(key, str) and (key[0] == display.label or key[0] in display.latex):
                holds[key[1]] = value
        return holds


@cache
def reading(stem: str) -> Reading:
    """Return the readings of a page; a page without displays needs none."""
    if find_spec(f"readings.{stem}") is None:
        return Reading()
    module = import_module(f"readings.{stem}")
    return Reading(**{k: getattr(module, k) for k in Reading.__annotations__ if hasattr(module, k)})
