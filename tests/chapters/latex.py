"""Read the book's numbered equations back from their LaTeX, and compute them."""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import sympy as sp
from notebooks import STEMS, read
from sympy.parsing.latex import parse_latex

NUMBERED = re.compile(r"\$\$\n((?:(?!\$\$).)*?)\n\$\$ \((eq-[\w-]+)\)", re.DOTALL)
ENVIRONMENT = re.compile(r"\\(?:begin|end)\{aligned\}|&")
REWRITES = [
    (re.compile(r"\\[,;!]|\\q?quad"), " "),  # spaces
    (re.compile(r"P\(y_n; \\theta\)"), "P_n"),  # the parser takes no semicolon
]
SUBSCRIPTED = re.compile(r"(\w+)_\{(.+)\}")


def equations() -> Iterator[tuple[str, str, str]]:
    """Yield (chapter, label, LaTeX) of every numbered equation."""
    for stem in STEMS:
        for cell in read(stem).cells:
            if cell.cell_type == "markdown":
                for latex, label in NUMBERED.findall(cell.source):
                    yield stem, label, latex


def right_hand_sides(latex: str) -> list[str]:
    """Return what stands right of the first equals sign, outside brackets, on each line."""
    sides = []
    for line in ENVIRONMENT.sub("", latex).split(r"\\"):
        depth, start = 0, 0
        for i, character in enumerate(line):
            depth += (character in "{(") - (character in "})")
            if character == "=" and depth == 0:
                start = i + 1
                break
        sides.append(line[start:].strip())
    return sides


def parse(latex: str) -> sp.Expr:
    """Return the expression that `latex` stands for; subscripted letters are plain symbols."""
    for pattern, replacement in REWRITES:
        latex = pattern.sub(replacement, latex)
    return parse_latex(latex, strict=True).replace(sp.Function("max"), sp.Max)


def subscripts(expression: sp.Expr) -> set[str]:
    """Return the letters that the expression uses as subscripts and does not sum over."""
    names = {m[2] for s in expression.free_symbols if (m := SUBSCRIPTED.fullmatch(s.name))}
    letters = {letter for name in names for letter in name.split("*") if not letter.isdigit()}
    bound = {i.name for s in expression.atoms(sp.Sum, sp.Product) for i in s.variables}
    return letters - bound


def letters(expression: sp.Expr) -> dict[str, bool]:
    """Return the letters of the expression, each with whether it carries a subscript."""
    found: dict[str, bool] = {}
    for symbol in expression.free_symbols:
        match = SUBSCRIPTED.fullmatch(symbol.name)
        found[match[1] if match else symbol.name] = bool(match)
    return found


def evaluate(expression: sp.Expr, values: Mapping[str, Any]) -> float:
    """Compute the expression; `values` maps letters to numbers, or to vectors counted from 1."""
    if isinstance(expression, sp.Sum | sp.Product):
        body, (index, low, high) = expression.args
        counts = range(int(low), int(evaluate(high, values)) + 1)
        terms = [evaluate(body, {**values, index.name: n}) for n in counts]
        return math.fsum(terms) if isinstance(expression, sp.Sum) else math.prod(terms)
    if isinstance(expression, sp.Symbol):
        return look_up(expression.name, values)
    if expression.is_number:
        return float(expression)
    parts = [evaluate(part, values) for part in expression.args]
    value = complex(expression.func(*map(sp.Float, parts)))
    return math.nan if value.imag else value.real


def look_up(name: str, values: Mapping[str, Any]) -> float:
    """Return the value of a symbol: a letter, an entry of a vector, or a Kronecker delta."""
    match = SUBSCRIPTED.fullmatch(name)
    if match is None:
        return float(values[name])
    places = [int(s) if s.isdigit() else int(values[s]) for s in match[2].split("*")]
    if match[1] == "delta":
        return float(places[0] == places[1])
    return float(values[match[1]][places[0] - 1])
