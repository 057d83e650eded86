"""Charts that a reader moves with sliders, on the page alone: no kernel, no server.

Formulas are Python expressions in strings, written once: Python draws the stored picture with them,
and the page (``book/assets/book.js``) moves it with the same ones. They may use the names of the
sliders and of ``where``, on a curve also ``x``, and what `VOCABULARY` lists; ``a if b else c``,
comparisons, and lists with an index. The line of numbers is an f-string without its f. Axes stay
as they are while the reader moves the chart, so `limits` hold every position of the sliders.

>>> from nll import explorables
>>> sliders = [explorables.slider("q", "probability q", 0.01, 0.99, 0.01, value=0.5)]
>>> curve = explorables.curves("q", (0.01, 0.99), {"loss": "-log(x)"}, at="q", limits=(0, 5))
>>> explorables.explorable(curve, sliders, "loss {-log(q):.3f}", "A falling curve.")
A falling curve.
loss 0.693
"""

import ast
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np

try:
    from matplotlib.ticker import MaxNLocator
except ImportError as error:
    needs = "nll.explorables needs Matplotlib: pip install 'nll-kernels[notebooks]'"
    raise ImportError(needs) from error

from nll.plotting import BLUE, GRAY, GREEN, ORANGE, PURPLE


def bfloat16(value: float) -> np.float64:
    """Return `value` as a bfloat16: the nearest float32 less its lower half, ties to even."""
    bits = np.float32(value).view(np.uint32)
    half = np.uint32(0x7FFF) + (bits >> np.uint32(16) & np.uint32(1))
    return np.float64((bits + half & np.uint32(0xFFFF0000)).view(np.float32))


COLORS = [BLUE, ORANGE, PURPLE, GREEN]
DASHES = ["none", "7 2", "2 2", "8 2 2 2"]
NAMES = ("abs", "exp", "expm1", "floor", "log", "log1p", "log2", "log10", "sqrt")
VOCABULARY: dict[str, Any] = {
    **{name: getattr(np, name) for name in NAMES},
    **{"pow": np.power, "max": max, "min": min, "pi": np.pi},
    **{"bfloat16": bfloat16, "float64": np.float64},
    "float32": lambda value: np.float64(np.float32(value)),
}
OPERATORS: dict[type, str] = {
    **{ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.USub: "-", ast.And: "&&"},
    **{ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "===", ast.Or: "||"},
}
WIDTH, HEIGHT, LEFT, RIGHT = 338, 210, 45, 17
"""Of the plot and beside it, in units of which a phone shows 400, each a little below a pixel."""
POINTS = 201
"""On a curve."""

Formulas = dict[str, str]


def read(formula: str) -> ast.expr:
    """Return the syntax tree of `formula`."""
    return ast.parse(formula, mode="eval").body


def javascript(tree: ast.expr | None) -> str:  # noqa: PLR0911  one for each kind of node
    """Return `tree` as JavaScript; what the page cannot compute is a ValueError."""
    match tree:
        case ast.Constant(value):
            return json.dumps(value)
        case ast.Name(name):
            return name
        case ast.UnaryOp(operator, value) if type(operator) in OPERATORS:
            return f"({OPERATORS[type(operator)]}{javascript(value)})"
        case ast.BinOp(left, ast.Pow(), right):
            return f"pow({javascript(left)}, {javascript(right)})"
        case ast.BinOp(left, operator, right) | ast.Compare(left, [operator], [right]) if (
            type(operator) in OPERATORS
        ):
            return f"({javascript(left)} {OPERATORS[type(operator)]} {javascript(right)})"
        case ast.BoolOp(operator, values):
            return "(" + f" {OPERATORS[type(operator)]} ".join(map(javascript, values)) + ")"
        case ast.IfExp(test, body, orelse):
            return f"({javascript(test)} ? {javascript(body)} : {javascript(orelse)})"
        case ast.Call(ast.Name(name), arguments, []):
            return f"{name}({', '.join(map(javascript, arguments))})"
        case ast.List(items):
            return f"[{', '.join(map(javascript, items))}]"
        case ast.Subscript(value, index):
            return f"{javascript(value)}[{javascript(index)}]"
        case ast.JoinedStr(parts):
            return " + ".join(map(javascript, parts)) or '""'
        case ast.FormattedValue(value, -1, ast.JoinedStr([ast.Constant(format_)])):
            return f"show({javascript(value)}, {json.dumps(format_)})"
    raise ValueError(f"not a formula for the page: {ast.unparse(tree) if tree else tree}")


def tell(template: str, names: dict[str, Any]) -> str:
    """Return the line of numbers as the page says it: 1.2e−5, no −0, and 0 if exactly 0."""
    with np.errstate(all="ignore"):
        text = str(eval(f"f{template!r}", names))
    text = re.sub(r"-?\b0\.0*e\+00\b", "0", text)
    text = re.sub(r"-(?=0\.?0*(?![\d.e]))", "", re.sub(r"(?<=e[+-])0(?=\d)", "", text))
    return re.sub(r"(?<=e)-|-(?=\d)", "−", text)


@dataclass(frozen=True)
class Slider:
    """What a reader moves."""

    name: str
    label: str
    low: float
    high: float
    step: float
    value: float

    def html(self) -> str:
        """Return it as an element of the page, beside its value."""
        low, high, step, value = (f"{n:g}" for n in (self.low, self.high, self.step, self.value))
        return (
            f'<label>{escape(self.label)} <input type="range" name="{self.name}" min="{low}" '
            f'max="{high}" step="{step}" value="{value}"> <span aria-hidden="true">'
            f"{value.replace('-', '−')}</span></label>"
        )


@dataclass(frozen=True)
class Axis:
    """A title, the numbers at both ends, and what stands between them."""

    title: str
    ends: tuple[float, float]
    labels: dict[float, str]

    @classmethod
    def of(cls, title: str, ends: tuple[float, float], labels: dict[float, str] | None) -> "Axis":
        """Return an axis with `labels`, or with round numbers."""
        ticks = [t for t in MaxNLocator(5).tick_values(*ends) if ends[0] <= t <= ends[1]]
        numbers = {float(t): f"{t:g}".replace("-", "−") for t in ticks}
        return cls(title, ends, numbers if labels is None else labels)

    def at(self, value: float, length: float) -> float:
        """Return how far along an axis of `length` the number `value` stands."""
        low, high = self.ends
        return (value - low) / (high - low) * length


@dataclass(frozen=True)
class Mark:
    """A shape that moves: its tag, its look, and the formulas that place it."""

    tag: str
    look: str
    formulas: Sequence[str]

    def javascript(self) -> str:
        """Return what gives the page the numbers that place it."""
        codes = [javascript(read(formula)) for formula in self.formulas]
        return f"(x) => {codes[0]}" if self.tag == "path" else f"[{', '.join(codes)}]"


@dataclass(frozen=True)
class Chart:
    """Two axes, what moves between them, and the names of the colors."""

    x: Axis
    y: Axis
    marks: list[Mark]
    key: list[tuple[str, str]] = field(default_factory=list)

    def place(self, mark: Mark, names: dict[str, Any]) -> str:
        """Return the attributes that put `mark` where the formulas say."""
        with np.errstate(all="ignore"):
            compiled = [compile(formula, "<formula>", "eval") for formula in mark.formulas]
            if mark.tag == "path":
                xs = np.linspace(*self.x.ends, POINTS)
                points = [(x, float(eval(compiled[0], names | {"x": x}))) for x in xs]
                inside = [self.point(*p) for p in points if np.isfinite(p[1])]
                return f'd="M{"L".join(inside)}"'
            values = [float(eval(code, names)) for code in compiled]
        if mark.tag == "circle":
            x, y = self.point(*values).split(",")
            return f'cx="{x}" cy="{y}"'
        if mark.tag == "line":
            x = f"{self.x.at(values[0], WIDTH):.1f}"
            return f'x1="{x}" x2="{x}"'
        left, right, low, high = values
        x, y = self.point(left, max(low, high)).split(",")
        width = self.x.at(right, WIDTH) - self.x.at(left, WIDTH)
        height = abs(self.y.at(high, HEIGHT) - self.y.at(low, HEIGHT))
        return f'x="{x}" y="{y}" width="{width:.1f}" height="{height:.1f}"'

    def point(self, x: float, y: float) -> str:
        """Return where the numbers `x` and `y` stand; far outside is a little outside."""
        down = min(max(HEIGHT - self.y.at(y, HEIGHT), -HEIGHT), 2 * HEIGHT)
        return f"{self.x.at(x, WIDTH):.1f},{down:.1f}"

    def svg(self, names: dict[str, Any]) -> str:
        """Return the drawing for the numbers `names`."""
        rows = [self.key[i : i + 2] for i in range(0, len(self.key), 2)]
        top = 22 * len(rows) + (26 if self.y.title else 10)
        parts = [
            f'<g transform="translate({LEFT + column * 165} {22 * row + 12})">{sample}'
            f'<text x="38" y="5">{escape(name)}</text></g>'
            for row, items in enumerate(rows)
            for column, (name, sample) in enumerate(items)
        ]
        parts.append(f'<text x="6" y="{top - 12}">{escape(self.y.title)}</text>')
        parts.append(f'<g transform="translate({LEFT} {top})">')
        parts.append(f'<path d="M0,0V{HEIGHT}H{WIDTH}" fill="none" stroke="{GRAY}"/>')
        if self.y.ends[0] < 0 < self.y.ends[1]:
            zero = HEIGHT - self.y.at(0, HEIGHT)
            parts.append(f'<path d="M0,{zero:.1f}H{WIDTH}" stroke="{GRAY}" stroke-width="0.6"/>')
        for tick, label in self.y.labels.items():
            y = HEIGHT - self.y.at(tick, HEIGHT)
            parts.append(f'<path d="M-4,{y:.1f}h4" stroke="{GRAY}"/>')
            parts.append(f'<text x="-7" y="{y + 4.5:.1f}" text-anchor="end">{label}</text>')
        for tick, label in self.x.labels.items():
            x = self.x.at(tick, WIDTH)
            parts.append(f'<path d="M{x:.1f},{HEIGHT}v4" stroke="{GRAY}"/>')
            parts.append(
                f'<text x="{x:.1f}" y="{HEIGHT + 18}" text-anchor="middle">{escape(label)}</text>'
            )
        italic = ' font-style="italic"' if len(self.x.title) == 1 else ""
        parts.append(
            f'<text x="{WIDTH / 2}" y="{HEIGHT + 36}" text-anchor="middle"{italic}>'
            f"{escape(self.x.title)}</text>"
        )
        ends = " ".join(f"{end:g}" for end in (*self.x.ends, *self.y.ends))
        parts.append(
            f'<svg class="plot" data-ends="{ends}" width="{WIDTH}" height="{HEIGHT}" '
            'overflow="hidden">'
        )
        moving = [f"<{m.tag} {m.look} {self.place(m, names)}/>" for m in self.marks]
        dots = [shape for shape in moving if shape.startswith("<circle")]
        parts += [*(shape for shape in moving if shape not in dots), "</svg>", *dots, "</g>"]
        size = f"0 0 {LEFT + WIDTH + RIGHT} {top + HEIGHT + 42}"
        font = 'font-family="STIX Two Text, STIXGeneral, serif" font-size="14"'
        attributes = f'xmlns="http://www.w3.org/2000/svg" viewBox="{size}" {font}'
        return f"<svg {attributes}>{''.join(parts)}</svg>"


PAGE = """<form class="explorable" autocomplete="off" data-formulas="{formulas}">
<div class="explorable-sliders">
{sliders}
<button type="reset">Reset</button>
</div>
<output class="explorable-says">{says}</output>
<div role="img" aria-label="{text}">
<div class="explorable-picture" aria-hidden="true">{svg}</div>
</div>
</form>"""


@dataclass(frozen=True, repr=False)
class Explorable:
    """A chart with its sliders; a notebook shows it as the page has it."""

    chart: Chart
    sliders: list[Slider]
    says: str
    text: str
    where: Formulas

    def names(self) -> dict[str, Any]:
        """Return what every name means while the sliders stand where they begin."""
        names = dict(VOCABULARY)
        for slider in self.sliders:
            whole = all(float(n).is_integer() for n in (slider.low, slider.step))
            names[slider.name] = int(slider.value) if whole else np.float64(slider.value)
        with np.errstate(all="ignore"):
            for name, formula in self.where.items():
                key, _, argument = name.rstrip(")").partition("(")
                function = f"lambda {argument}: {formula}" if argument else formula
                names[key] = eval(function, names)
        return names

    def formulas(self) -> str:
        """Return the body of the function that computes the page's numbers from the sliders'."""
        lines = []
        for name, formula in self.where.items():
            key, _, argument = name.rstrip(")").partition("(")
            arrow = f"({argument}) => " if argument else ""
            lines.append(f"const {key} = {arrow}{javascript(read(formula))};")
        marks = ", ".join(mark.javascript() for mark in self.chart.marks)
        says = javascript(read(f"f{self.says!r}"))
        return f"{' '.join(lines)} return {{says: {says}, marks: [{marks}]}};"

    def __repr__(self) -> str:
        """Return the chart in words."""
        return f"{self.text}\n{tell(self.says, self.names())}"

    def _repr_html_(self) -> str:
        names = self.names()
        return PAGE.format(
            formulas=escape(self.formulas()),
            sliders="\n".join(slider.html() for slider in self.sliders),
            says=escape(tell(self.says, names)),
            text=escape(self.text),
            svg=self.chart.svg(names),
        )


def slider(name: str, label: str, low: float, high: float, step: float, *, value: float) -> Slider:
    """Return a slider that sets the variable `name` of all formulas."""
    return Slider(name, label, low, high, step, value)


def curves(
    title: str,
    domain: tuple[float, float],
    formulas: Formulas,
    *,
    at: str,
    y: str = "",
    limits: tuple[float, float],
    x_ticks: dict[float, str] | None = None,
) -> Chart:
    """Draw a curve for each of `formulas` in ``x``, and on each a dot where x is `at`."""
    rule = Mark("line", f'y2="{HEIGHT}" stroke="{GRAY}" stroke-dasharray="2 2"', [at])
    looks = [
        f'fill="none" stroke="{color}" stroke-width="2.5" stroke-dasharray="{dash}"'
        for color, dash in zip(COLORS, DASHES, strict=True)
    ]
    lines, dots, key = [], [], []
    for (name, formula), look, color in zip(formulas.items(), looks, COLORS, strict=False):
        lines.append(Mark("path", look, [formula]))
        on_it = re.sub(r"\bx\b", f"({at})", formula)
        dots.append(Mark("circle", f'r="5.5" fill="{color}"', [at, on_it]))
        key.append((name, f'<path d="M0,0h30" {look}/>'))
    axes = Axis.of(title, domain, x_ticks), Axis.of(y, limits, None)
    return Chart(*axes, [rule, *lines, *dots], key if len(key) > 1 else [])


def bars(
    names: Sequence[str],
    formulas: dict[str, Sequence[str]],
    *,
    title: str = "",
    y: str = "",
    limits: tuple[float, float],
) -> Chart:
    """Draw at each of `names` a bar for each kind: `formulas` has a list of heights by kind."""
    width = 0.8 / len(formulas)
    marks, key = [], []
    for i, ((kind, heights), color) in enumerate(zip(formulas.items(), COLORS, strict=False)):
        key.append((kind, f'<rect x="12" y="-6" width="14" height="12" fill="{color}"/>'))
        for k, height in enumerate(heights):
            left, right = f"{k + 0.1 + i * width}", f"{k + 0.1 + (i + 1) * width}"
            marks.append(Mark("rect", f'fill="{color}"', [left, right, "0", height]))
    x = Axis.of(title, (0, len(names)), {k + 0.5: name for k, name in enumerate(names)})
    return Chart(x, Axis.of(y, limits, None), marks, key if len(key) > 1 else [])


def areas(
    title: str,
    domain: tuple[float, float],
    kinds: dict[str, Sequence[tuple[str, str, str, str]]],
    *,
    y: str = "",
    limits: tuple[float, float],
    outlines: Sequence[str] = (),
) -> Chart:
    """Draw for each kind its rectangles (left, right, bottom, top); `outlines` are not filled."""
    marks, key = [], []
    for (kind, boxes), color in zip(kinds.items(), COLORS, strict=False):
        line = f'fill="none" stroke="{color}" stroke-width="2.5"'
        look = line if kind in outlines else f'fill="{color}" fill-opacity="0.5"'
        key.append((kind, f'<rect x="12" y="-6" width="14" height="12" {look}/>'))
        marks += [Mark("rect", look, box) for box in boxes]
    return Chart(Axis.of(title, domain, None), Axis.of(y, limits, None), marks, key)


def explorable(
    chart: Chart,
    sliders: list[Slider],
    says: str,
    text: str,
    *,
    where: Formulas | None = None,
) -> Explorable:
    """Join `chart` and `sliders`; `says` is the line of numbers, `text` tells what is seen."""
    return Explorable(chart, sliders, says.replace(" = ", "\u00a0=\u00a0"), text, where or {})
