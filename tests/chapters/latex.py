r"""Read the book's displayed formulas back from their LaTeX, and compute them.

A display is cut at its relations into sides; each side becomes a function of the letters in it.
`\theta` is called theta in Python, `\hat p` p_hat, and `\lambda` lambda_. Letters that carry a
subscript are arrays, counted from 1 in a formula and from 0 in Python. A product with an exact
zero is zero, as in the book: 0 log 0 = 0.
"""

import math
import operator
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.special import factorial

import nll

Values = Mapping[str, Any]
Side = Callable[[Values], Any]
"""A function of the letters' values."""

Names = Sequence[tuple[list[str], Side]]
"""Named quantities: their tokens, the longest first, and what they are worth."""

TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\d+(?:\\,\d{3})+|\d+(?:\.\d+)?|[^\s]")
SPACE = re.compile(r"\\[,;!: ]|\\q?quad|&|\\(?:left|right|[bB]igg?[lr]?)")
ACCENTS = {r"\hat": "hat", r"\bar": "bar", r"\tilde": "tilde", r"\overline": "bar"}
RELATIONS = {
    "=": lambda a, b: np.allclose(a, b, rtol=1e-7, atol=1e-9),
    r"\approx": lambda a, b: np.allclose(a, b, rtol=5e-2, atol=0),
    r"\le": lambda a, b: np.all(a <= b * (1 + 1e-12)),
    r"\ge": lambda a, b: np.all(a * (1 + 1e-12) >= b),
    "<": lambda a, b: np.all(a < b),
    ">": lambda a, b: np.all(a > b),
}
GREEK = {
    unicodedata.name(chr(code)).split()[-1].replace("LAMDA", "LAMBDA").lower()
    for code in range(ord("α"), ord("ω") + 1)
}
LETTER = re.compile(
    rf"(?:\\(?:hat|bar|tilde|overline))?(?:\\(?:var)?(?i:{'|'.join(sorted(GREEK))}|ell)|[A-Za-z])"
)
OPENING, CLOSING = {"{", "(", "[", r"\{"}, {"}", ")", "]", r"\}"}
SIGNS = {"+", "-", "|", ",", *CLOSING, *RELATIONS}
ENDS = {*SIGNS, r"\cdot", r"\times", "/"}
GRID = np.linspace(0.05, 0.95, 19)
"""Where argmax and argmin look."""

FUNCTIONS = {
    r"\log": np.log, r"\ln": np.log, r"\exp": np.exp, r"\max": np.maximum, r"\min": np.minimum,
    r"\sigma": nll.sigmoid, r"\tanh": np.tanh, r"\sqrt": np.sqrt, "softmax": nll.softmax,
    "softplus": nll.softplus, "sigmoid": nll.sigmoid,
}  # fmt: skip


class Display(NamedTuple):
    """One displayed formula of a page."""

    latex: str
    label: str
    """The label, or the LaTeX itself where the display has none."""


DISPLAY = re.compile(r"\$\$(?P<latex>.+?)\$\$(?: \((?P<label>eq-[\w-]+)\))?", re.DOTALL)


def displays(markdown: str) -> Iterator[Display]:
    """Yield all displays of a text."""
    for match in DISPLAY.finditer(markdown):
        yield Display(match["latex"].strip(), match["label"] or match["latex"].strip())


def tokenize(latex: str) -> list[str]:
    """Split LaTeX into what means something; an accent and its letter are one token."""
    tokens: list[str] = []
    found = iter([token for token in TOKEN.findall(latex) if not SPACE.fullmatch(token)])
    for token in found:
        letter = next(found, "") if token in ACCENTS else ""
        if letter == "{":
            letter = next(found, "") + next(found, "").replace("}", "")
        tokens.append(token.replace(r"\,", "") + letter)
    return tokens


def python_name(token: str) -> str:
    """Return what Python calls a letter."""
    for accent, name in ACCENTS.items():
        if token.startswith(accent) and token != accent:
            return f"{python_name(token.removeprefix(accent))}_{name}"
    return {r"\lambda": "lambda_"}.get(token, token.removeprefix("\\"))


def chains(latex: str) -> Iterator[list[tuple[str, list[str]]]]:
    """Yield each chain of a display: its sides as tokens, each with the relation before it."""
    latex = re.sub(r"\\(begin|end)\{aligned\}", "", latex)
    latex = re.sub(r"\\\\\s*&\\quad", " ", latex)  # an indented line goes on with a sum
    rows = re.split(r"\\\\(?:\[\w+\])?", latex)
    chain: list[tuple[str, list[str]]] = []
    for row in rows:
        sides = split(tokenize(row.replace("{}", "").rstrip(" .,\n")))
        if not sides[0][1] and len(sides) > 1:  # the line goes on where the last one ended
            chain += sides[1:]
            continue
        if chain:
            yield chain
        chain = sides
    yield chain


def split(tokens: list[str]) -> list[tuple[str, list[str]]]:
    """Cut a line at its relations outside brackets."""
    depth, sides = 0, [("", [])]
    for token in tokens:
        depth += (token in OPENING) - (token in CLOSING)
        if token in RELATIONS and depth == 0:
            sides.append((token, []))
        else:
            sides[-1][1].append(token)
    return sides


class Reader:
    """Parse the tokens of one side by recursive descent; what it does not know is a ValueError."""

    def __init__(self, tokens: list[str], names: Names = ()) -> None:
        self.tokens, self.names, self.place = tokens, names, 0

    def side(self) -> Side:
        """Read everything."""
        value = self.sum()
        if self.place < len(self.tokens):
            raise ValueError(f"cannot read on at {self.rest()!r}")
        return value

    def rest(self) -> str:
        """Return what comes, for messages."""
        return " ".join(self.tokens[self.place : self.place + 8])

    @property
    def next(self) -> str:
        """The token that comes, or nothing."""
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def take(self, *expected: str) -> str:
        """Return the token that comes, and move on."""
        token = self.next
        if not token or (expected and token not in expected):
            raise ValueError(f"expected {' or '.join(expected) or 'more'} before {self.rest()!r}")
        self.place += 1
        return token

    def sum(self) -> Side:
        """Read terms with signs between them."""
        value = self.product()
        while self.next in ("+", "-"):
            sign = operator.add if self.take() == "+" else operator.sub
            value = apply(sign, value, self.product())
        return value

    def product(self) -> Side:
        """Read factors up to the next sign."""
        if self.next in ("+", "-"):
            return apply(operator.pos if self.take() == "+" else operator.neg, self.product())
        value = self.factor()
        while self.next and self.next not in SIGNS:
            sign = self.take() if self.next in (r"\cdot", r"\times", "/") else ""
            value = apply(operator.truediv if sign == "/" else times, value, self.factor())
        return value

    def factor(self) -> Side:
        """Read one factor and what stands behind it: powers, ! and %."""
        value = self.atom()
        while self.next in ("^", "!", r"\%"):
            mark = self.take()
            if mark == "^":
                value = apply(operator.pow, value, self.group())
            else:
                value = apply(factorial if mark == "!" else lambda x: x / 100, value)
        return value

    def group(self) -> Side:
        """Read what stands in braces, or a single token."""
        if self.next == "{":
            return self.between("{", "}")
        return Reader([self.take()]).side()

    def between(self, opening: str, closing: str) -> Side:
        """Read what stands in brackets."""
        self.take(opening)
        value = self.sum()
        self.take(closing)
        return value

    def atom(self) -> Side:  # noqa: PLR0911  (one line a kind)
        """Read what has no parts joined by signs."""
        for tokens, function in self.names:
            end = self.place + len(tokens)
            if self.tokens[self.place : end] == tokens and self.tokens[end : end + 1] != ["_"]:
                self.place = end
                return function
        token = self.take()
        if token[0].isdigit():
            number = np.float64(token)
            return lambda v: number
        if token in ("(", "[", "{"):
            self.place -= 1
            return self.between(token, {"(": ")", "[": "]", "{": "}"}[token])
        if token == "|":
            self.place -= 1
            return apply(np.abs, self.between("|", "|"))
        if token == r"\frac":
            return apply(operator.truediv, self.group(), self.group())
        if token in (r"\sum", r"\prod"):
            return self.series(math.fsum if token == r"\sum" else math.prod)
        if token in (r"\operatorname", r"\mathrm"):
            return self.operator()
        if token in FUNCTIONS and (token != r"\sigma" or self.next == "("):
            return self.function(token)
        if token in (r"\infty", r"\pi"):
            return lambda v: np.inf if token == r"\infty" else np.pi
        if is_letter(token):
            return self.letter(python_name(token))
        raise ValueError(f"cannot read {token!r} before {self.rest()!r}")

    def letter(self, name: str) -> Side:
        """Read a letter with its subscripts."""
        if self.next != "_":
            return lambda v: v[name]
        places = self.subscript()
        if name == "delta":
            return lambda v: np.float64(places[0](v) == places[1](v))
        return lambda v: v[name][tuple(int(place(v)) - 1 for place in places)]

    def subscript(self) -> list[Side]:
        """Read a subscript: letters and numbers side by side."""
        self.take("_")
        if self.next != "{":
            return [self.group()]
        inner, places = Reader(self.braced()), []
        while inner.next:
            places += [inner.atom()] if inner.next != "," else []
            inner.place += inner.next == ","
        return places

    def braced(self) -> list[str]:
        """Return the tokens in braces."""
        start, depth = self.place + 1, 0
        while True:
            token = self.take()
            depth += (token == "{") - (token == "}")
            if depth == 0:
                return self.tokens[start : self.place - 1]

    def series(self, add: Callable[[list[Any]], Any]) -> Side:
        r"""Read a sum or product; one without bounds runs over K values."""
        self.take("_")
        index, _, low = partition(self.braced() if self.next == "{" else [self.take()], "=")
        high = None
        if low:
            self.take("^")
            high = self.group()
        start = Reader(low).side() if low else None
        name, begins = python_name("".join(index)), self.place
        body = self.product()
        lowest = int(name in subscripts(self.tokens[begins : self.place])[0])

        def value(v: Values) -> Any:
            first = start(v) if start else lowest
            last = high(v) if high else v["K"] - 1 + lowest
            terms = [body({**v, name: n}) for n in range(int(first), int(last) + 1)]
            return np.float64(add(terms))

        return value

    def operator(self) -> Side:
        """Read argmax, argmin or another operator with a name."""
        self.take("*") if self.next == "*" else None
        name = "".join(self.braced())
        if name not in ("argmax", "argmin"):
            return self.function(name)
        self.take("_")
        letter, body = python_name(self.take()), self.product()
        best = np.argmax if name == "argmax" else np.argmin
        return lambda v: GRID[best([body({**v, letter: x}) for x in GRID])]

    def function(self, name: str) -> Side:
        """Read a function and its arguments, in brackets or up to the next sign."""
        function = FUNCTIONS.get(name)
        if function is None:
            raise ValueError(f"cannot read the function {name!r}: give it a line in NAMES")
        if base := name == r"\log" and self.next == "_":
            self.take("_")
            self.take("2")  # the book's logarithms are natural, or count bits
        value = apply(function, *self.arguments())
        if base:
            value = apply(lambda x: x / np.log(2), value)
        if name == "softmax" and self.next == "_":
            value = apply(lambda x, k: x[int(k) - 1], value, *self.subscript())
        return value

    def arguments(self) -> list[Side]:
        """Read arguments in brackets, or what stands side by side without them."""
        if self.next not in ("(", "{"):
            value = self.factor()
            while self.next and self.next not in ENDS | set(FUNCTIONS):
                value = apply(times, value, self.factor())
            return [value]
        closing = {"(": ")", "{": "}"}[self.take()]
        found = [self.sum()]
        while self.next == ",":
            self.take()
            found.append(self.sum())
        self.take(closing)
        return found


def apply(function: Callable[..., Any], *sides: Side) -> Side:
    """Return `function` of what the sides are worth."""
    return lambda v: function(*(side(v) for side in sides))


def is_letter(token: str) -> bool:
    """Tell whether a token stands for something that has a value."""
    return LETTER.fullmatch(token) is not None and token != r"\pi"


def subscripts(tokens: list[str]) -> tuple[set[str], set[str]]:
    """Return the small Latin letters that are subscripts, and the letters that carry one."""
    counting: set[str] = set()
    counted: set[str] = set()
    for i, token in enumerate(tokens[1:-1], start=1):
        if token == "_" and is_letter(tokens[i - 1]):
            inner = Reader(tokens, ())
            inner.place = i + 1
            letters = inner.braced() if inner.next == "{" else [inner.next]
            letters = [x for x in letters if re.fullmatch("[a-z]", x)]
            digits = any(x.isdigit() for x in tokens[i + 1 : i + 3])
            counting |= set(letters)
            counted |= {python_name(tokens[i - 1])} if letters or digits else set()
    return counting, counted - {"delta"}


def partition(tokens: list[str], mark: str) -> tuple[list[str], list[str], list[str]]:
    """Partition a list as `str.partition` does a string."""
    place = tokens.index(mark) if mark in tokens else len(tokens)
    return tokens[:place], tokens[place : place + 1], tokens[place + 1 :]


def times(a: Any, b: Any) -> Any:
    """Multiply; an exact zero times infinity is zero."""
    return np.where((np.equal(a, 0)) | np.equal(b, 0), 0.0, np.multiply(a, b))[()]
