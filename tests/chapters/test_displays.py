"""Every displayed formula computes what it says, on both sides of each relation.

How a formula is read stands in latex.py; what its quantities are worth, in readings/, one file a
page. A display whose sides do not agree at random points, or cannot be read, is a fault, unless
UNREAD gives the reason. And each slip of the pen that can be made in a display must be seen.
"""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import latex
import numpy as np
from latex import Display, Reader, is_letter, python_name, tokenize
from notebooks import PAGES, Chapter, guarded
from readings import Reading, reading

import nll

POINTS = 5
CLASSES, EXAMPLES = 4, 5  # not as many, so that K for N is seen
DECIMAL = re.compile(r"(?:- )?\d+\.(\d+)")
UNREADABLE = (ValueError, TypeError, IndexError, KeyError, ZeroDivisionError, OverflowError)
"""What a formula that means nothing raises."""


class Check:
    """One display with what is known about its letters, ready to be compared with itself."""

    def __init__(self, display: Display, known: Reading, *, inline: bool = False) -> None:
        self.inline = inline
        tokens = tokenize(display.latex)
        self.names = known.of("NAMES", display)
        self.draws = known.of("DRAWS", display)
        spelled = sorted(((tokenize(k), k) for k in self.names), key=lambda name: -len(name[0]))
        joined = f" {' '.join(tokens)} "
        self.used = [(t, self.names[k]) for t, k in spelled if f" {' '.join(t)} " in joined]
        self.whole = self.names.get(display.label)
        functions = [function for _, function in self.used] + [self.whole] * bool(self.whole)
        wanted = {p for function in functions for p in inspect.signature(function).parameters}
        self.indices, self.vectors = latex.subscripts(tokens)
        of_examples = re.findall(r"(\S+) _ (?:\{ )?n\b", joined)
        self.examples = {python_name(token) for token in of_examples}
        found = {python_name(token) for token in tokens if latex.is_letter(token)}
        self.letters = sorted({"K", *found, *wanted})

    def named(self) -> list[tuple[list[str], latex.Side]]:
        """Return the named quantities as functions of all letters."""
        return [(tokens, self.function(f)) for tokens, f in self.used]

    def function(self, f: Callable[..., Any]) -> latex.Side:
        """Return `f` as a function of all letters, with subscripts counted from 0."""
        wanted = list(inspect.signature(f).parameters)
        return lambda v: f(*(v[p] - 1 if p in self.indices else v[p] for p in wanted))

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        """Return random values for all letters."""
        values: dict[str, Any] = {"K": CLASSES, "N": EXAMPLES}
        for name in self.letters:
            drawn = self.draws.get(f"{name}_") if name in self.vectors else None
            if drawn := drawn or self.draws.get(name):
                values[name] = drawn(rng)
            elif name in self.indices:
                values[name] = int(rng.integers(1, 5))
            elif name in self.vectors:
                logits = rng.normal(size=EXAMPLES if name in self.examples else CLASSES)
                values[name] = logits if name in ("z", "eta", "v", "x") else nll.softmax(logits)
            elif name not in values:
                values[name] = rng.uniform(0.1, 0.9)
        return values

    def faults(self, text: str) -> Iterator[str]:
        """Yield where the sides of `text` part."""
        try:
            chains = [
                [(relation, side, Reader(side, self.named()).side()) for relation, side in chain]
                for chain in latex.chains(text)
            ]
        except UNREADABLE as error:
            where = "in tests/chapters/readings/, spelled as in the display"
            yield f"cannot be read ({error}): give its quantities a line in NAMES {where}"
            return
        for chain in chains:
            if self.whole and len(chains) == 1:
                chain.append(("=", ["what", "NAMES", "says"], self.function(self.whole)))
            if len(chain) == 1:
                yield f"has nothing to be compared with: {' '.join(chain[0][1])}"
            rng = np.random.default_rng(0)
            for values in (self.draw(rng) for _ in range(POINTS)):
                yield from compare(chain, values, rounded=self.inline)


def compare(chain: list[Any], values: Mapping[str, Any], *, rounded: bool) -> Iterator[str]:
    r"""Yield the neighbors in a chain between which the relation does not hold.

    In running text, and after \approx, a decimal is a number as rounded to its places.
    """
    try:
        with np.errstate(all="ignore"):
            worth = [side(values) for _, _, side in chain]
            for i, (relation, side, _) in enumerate(chain[1:]):
                left, right = " ".join(chain[i][1]), " ".join(side)
                if (rounded or relation == r"\approx") and (decimal := DECIMAL.fullmatch(right)):
                    holds = abs(worth[i] - worth[i + 1]) < 0.5000001 * 10.0 ** -len(decimal[1])
                else:
                    holds = latex.RELATIONS[relation](worth[i], worth[i + 1])
                if not holds:
                    yield f"{left} is {worth[i]}, but {right} is {worth[i + 1]}"
    except UNREADABLE as error:
        yield f"cannot be computed ({type(error).__name__}: {error}): see DRAWS and NAMES"


def shown(page: Chapter) -> Iterator[tuple[int, Display]]:
    """Yield all displays of a page, each with its cell."""
    for place, text in page.markdown:
        for display in latex.displays(text):
            yield place, display


def displays(page: Chapter, known: Reading | None = None) -> Iterator[str]:
    """Yield the displays whose sides do not agree, and those that nobody can read."""
    known = known or reading(page.stem)
    for place, display in shown(page):
        if display.latex not in known.UNREAD:
            for fault in Check(display, known).faults(display.latex):
                yield f"{page.at(place)}, display {display.label}: {fault}"
                break


def readings_in_use(page: Chapter) -> Iterator[str]:
    """Yield the readings that no display needs any more."""
    known = reading(page.stem)
    file = f"tests/chapters/readings/{page.stem}.py"
    found = [display for _, display in shown(page)]
    found += [Display(text, text) for _, text in inline(page) if is_claim(text, known)]
    for key in known.NAMES:
        name = key if isinstance(key, str) else key[1]
        tokens = tokenize(name)
        checks = [
            Check(d, known) for d in found if known.of("NAMES", d).get(name) is known.NAMES[key]
        ]
        if not any(check.whole or tokens in [t for t, _ in check.used] for check in checks):
            yield f"{file}: NAMES has {key}, which no display of {page} uses: drop it"
    for text in known.UNREAD:
        if text not in {display.latex for display in found} | {text for _, text in inline(page)}:
            yield f"{file}: UNREAD has {text}, which {page} does not display: drop it"


CODE = re.compile(r"```\{?code.*?```|`[^`]*`|\$\$.+?\$\$", re.DOTALL)
INLINE = re.compile(r"\$([^$\n]+)\$")


def inline(page: Chapter) -> Iterator[tuple[int, str]]:
    """Yield the formulas in the running text, each with its cell."""
    for place, text in page.markdown:
        for formula in INLINE.findall(CODE.sub(" ", text)):
            yield place, formula


def is_claim(formula: str, known: Reading) -> bool:
    """Tell whether the page must prove a formula: it is about numbers, or has a name in it."""
    if formula in known.INLINE:
        return True
    tokens = tokenize(formula)
    if not set(tokens) & {"=", r"\approx", r"\le", r"\ge"} or formula in known.UNREAD:
        return False
    if not any(map(is_letter, tokens)):
        return r"\dots" not in tokens and "[" not in tokens
    names = [tokenize(key) for key in known.of("NAMES", Display(formula, formula))]
    return any(len(name) > 1 and " ".join(name) in " ".join(tokens) for name in names)


def inline_claims(page: Chapter, known: Reading | None = None) -> Iterator[str]:
    """Yield formulas in the running text that do not hold, or have slipped from one that does."""
    known = known or reading(page.stem)
    slipped = {" ".join(tokenize(w)): right for right in known.INLINE for w, _ in slips(right)}
    standing = {display.latex for _, display in shown(page)}
    for place, formula in inline(page):
        standing.add(formula)
        if is_claim(formula, known):
            check = Check(Display(formula, formula), known, inline=True)
            check.whole = known.INLINE.get(formula)
            for fault in check.faults(formula):
                yield f"{page.at(place)}, ${formula}$: {fault}"
                break
        elif (right := slipped.get(" ".join(tokenize(formula)))) and formula not in known.UNREAD:
            yield f"{page.at(place)}, ${formula}$: expected ${right}$, or a line in UNREAD"
    file = f"book/{page.stem}{page.suffix}"
    for formula in set(known.INLINE) - standing:
        yield f"tests/chapters/readings/{page.stem}.py: INLINE has {formula}, which {file} lacks"


test_displays = guarded(displays, readings_in_use, inline_claims, pages=PAGES)


WORDS = re.compile(
    r"\\(?:begin|end)\{\w+\}|\[\w+pt\]|\\(?:operatorname\*?|mathrm|mathbb|text)\{(?!argm)\w+\}"
)
SLIPS = {
    # a pattern of LaTeX, and what a tired hand puts in its place
    r"-": "+",
    r"^-": "",
    r"\+": "-",
    r"\\exp\b": "",
    r"\\log\b(?!_)": r"\\log_{10}",
    r"(?:[A-Za-z]|\\[a-z]+)(?:_\w|_\{\w+\})? \\cdot (?!\d)": "",  # a lost factor
    r"\\cdot": "+",
    r"\^(?:\w|\{\w+\})": "",
    r"_(?:\w|\{\w+\})": "",
    r"\bN\b": "K",
    r"\bK\b": "N",
    r"\\frac\{([^{}]*)\}\{([^{}]*)\}": r"\\frac{\2}{\1}",
    r"argmax": "argmin",
    r"argmin": "argmax",
    r"\\le\b": r"\\ge",
    r"\\ge\b": r"\\le",
}


def slips(text: str) -> Iterator[tuple[str, str]]:
    """Yield a formula with one slip of the pen, each with the place where the pen slipped."""
    kept = {i for match in WORDS.finditer(text) for i in range(*match.span())}
    letters = sorted({t for t in tokenize(WORDS.sub(" ", text)) if len(t) < 9 and is_letter(t)})
    changes = [
        (m.span(), m.expand(new)) for old, new in SLIPS.items() for m in re.finditer(old, text)
    ]
    for match in latex.TOKEN.finditer(text):
        if match[0].isdigit():
            changes.append((match.span(), str(int(match[0]) + 1)))
        if match[0] in letters:  # another letter of the formula
            other = letters[letters.index(match[0]) - 1]
            changes.append((match.span(), other + " " * other.startswith("\\")))
    for (start, end), new in changes:
        if start not in kept and text[start:end] != new:
            before, after = text[max(0, start - 16) : start], text[end : end + 8]
            where = f"{before}[{text[start:end]} -> {new}]{after}"
            yield text[:start] + new + text[end:], where.replace("\n", " ")


def unseen(page: Chapter, known: Reading | None = None) -> Iterator[str]:
    """Yield the slips in displays that nothing sees, and the excuses that excuse nothing."""
    known = known or reading(page.stem)
    excuses = set(known.HARMLESS)
    for place, display in shown(page):
        if display.latex in known.UNREAD or display.latex in known.INLINE:
            continue  # its exact LaTeX is listed: no slip passes
        if next(Check(display, known).faults(display.latex), None):
            continue  # `displays` sees it as it is
        for wrong, where in slips(display.latex):
            if next(Check(Display(wrong, display.label), known).faults(wrong), None) is None:
                used = {part for part in known.HARMLESS if part in where}
                excuses -= used
                if not used:
                    yield f"{page.at(place)}, display {display.label}: nothing sees {where}"
    for part in sorted(excuses):
        yield f"tests/chapters/readings/{page.stem}.py: HARMLESS has {part}, which is seen: drop it"


test_slips_are_seen = guarded(unseen, pages=PAGES)
