"""Draw the moving picture of README.md and README.ko.md: a network that is wrong, and learns.

``python tools/picture.py`` writes ``book/assets/surprise.svg`` and ``surprise.ko.svg``. The numbers
in them come from `nll`. Where nothing moves, on paper or by the reader's wish, the first moment
stands still, with the last one marked on the curve.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import nll

ASSETS = Path(__file__).resolve().parent.parent / "book" / "assets"
BLUE, ORANGE, INK, GRAY, LINE = "#0b5fa5", "#b3510a", "#24292f", "#57606a", "#d0d7de"
CAT, DOG = 0, 1
BETWEEN = 4  # points of the path from one step to the next
HOLD, STEP, REST = 1.5, 0.22, 3.0  # seconds: before the first step, for each, after the last
TIMES = 3  # then it rests
LEFT, RIGHT, TOP, BOTTOM, HIGH = 456, 684, 40, 282, 4.2  # of the curve, and the loss at its top
ROWS = (90, 130)  # of the cat and the dog

WORDS: dict[str, dict[str, Any]] = {
    "surprise.svg": {
        "title": "The loss is the surprise, and each step subtracts prediction minus target",
        "says": "The network says",
        "names": ("cat", "dog"),
        "push": "prediction − target",
        "truth": "It is a dog.",
        "loss": "loss",
        "rule": ("Each step subtracts", "prediction − target from the logits."),
        "step": "step",
        "axis": "probability given to the truth",
    },
    "surprise.ko.svg": {
        "title": "손실은 정보량이고, 단계마다 예측 빼기 타깃을 뺀다",
        "says": "네트워크의 예측",
        "names": ("고양이", "개"),
        "push": "예측 − 타깃",
        "truth": "정답은 개입니다.",
        "loss": "손실",
        "rule": ("단계마다 로짓에서", "예측 − 타깃을 뺍니다."),
        "step": "단계",
        "axis": "정답에 준 확률",
    },
}


class Moment(NamedTuple):
    """What the network says, and what that costs if it is a dog."""

    logits: np.ndarray
    said: np.ndarray
    loss: float
    gradient: np.ndarray


def moment(logits: np.ndarray) -> Moment:
    """Return what `logits` say, with loss and gradient."""
    loss, gradient = nll.softmax_cross_entropy_value_and_grad(logits, DOG)
    return Moment(logits, nll.softmax(logits), float(loss), gradient)


def descent() -> list[Moment]:
    """Subtract the gradient from the logits until the network is as sure as it was, and right."""
    moments = [moment(np.log([0.98, 0.02]))]
    while moments[-1].said[DOG] < moments[0].said[CAT]:
        moments.append(moment(moments[-1].logits - moments[-1].gradient))
    return moments


def at(now: Moment) -> tuple[float, float]:
    """Return where a moment stands on the curve."""
    return LEFT + now.said[DOG] * (RIGHT - LEFT), BOTTOM - now.loss / HIGH * (BOTTOM - TOP)


def path(moments: list[Moment]) -> Iterator[tuple[float, Moment]]:
    """Yield the moments that the picture moves through, and when; on the curve, not beside it."""
    yield 0, moments[0]
    for step in np.linspace(0, len(moments) - 1, BETWEEN * (len(moments) - 1) + 1):
        before = moments[min(int(step), len(moments) - 2)]
        yield HOLD + STEP * step, moment(before.logits - (step - int(step)) * before.gradient)


def animated(name: str, styles: list[tuple[float, str]], seconds: float, how: str) -> str:
    """Return the rules that give an element its `styles`, each at its time."""
    stays = [*styles, (seconds, styles[-1][1])]
    frames = "".join(f"{100 * t / seconds:.2f}%{{{style}}}" for t, style in stays)
    return (
        f"@keyframes {name}{{{frames}}}#{name}{{animation:{name} {seconds:g}s {how} {TIMES} both}}"
    )


def motion(moments: list[Moment]) -> str:
    """Return the style sheet that moves the point and the bars, and changes the numbers."""
    seconds = HOLD + STEP * (len(moments) - 1) + REST
    (x0, y0), said = at(moments[0]), moments[0].said
    places = [(t, now, *at(now)) for t, now in path(moments)]
    moved = {
        "point": [
            (t, f"transform:translate({x - x0:.1f}px,{y - y0:.1f}px)") for t, _, x, y in places
        ],
        "cat": [(t, f"transform:scaleX({m.said[CAT] / said[CAT]:.3f})") for t, m, *_ in places],
        "dog": [(t, f"transform:scaleX({m.said[DOG] / said[DOG]:.2f})") for t, m, *_ in places],
    }
    rules = [animated(name, styles, seconds, "linear") for name, styles in moved.items()]
    for i in range(len(moments)):
        begins, ends = HOLD + STEP * (i - 1), HOLD + STEP * i
        shown = [(0, "opacity:0"), (begins, "opacity:1")] if i else [(0, "opacity:1")]
        hidden = [(ends, "opacity:0")] if i < len(moments) - 1 else []
        rules.append(animated(f"n{i}", shown + hidden, seconds, "step-end"))
    return f"@media (prefers-reduced-motion:no-preference){{{''.join(rules)}}}"


def text(x: float, y: float, words: str, look: str = "") -> str:
    """Return a line of text; `look` is its class, and `end` or `middle`."""
    name, _, anchor = look.partition(" ")
    options = f' class="{name}"' * bool(name) + f' text-anchor="{anchor}"' * bool(anchor)
    return f'<text x="{x:g}" y="{y:g}"{options}>{words}</text>'


def numbers(moments: list[Moment], words: dict[str, Any]) -> Iterator[str]:
    """Yield what is written at each step."""
    for i, (_, said, loss, gradient) in enumerate(moments):
        yield f'<g id="n{i}" opacity="{int(not i)}">'
        for y, k in zip(ROWS, (CAT, DOG), strict=True):
            yield text(305, y, f"{said[k]:.0%}", "n end")
            yield text(385, y, f"{gradient[k]:+.2f}".replace("-", "−"), "n end")
        places = 1 if loss >= 1 else 2
        sentence = f"{words['loss']} = −log {said[DOG]:.2f} = {loss:.{places}f}"
        yield text(24, 223, sentence, "big")
        yield text(24, 326, f"{words['step']} {i}", "dim") + "</g>"


def ring(now: Moment) -> str:
    """Return a mark on the curve."""
    x, y = at(now)
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="7" fill="#fff" stroke="{ORANGE}" stroke-width="2"/>'
    )


def picture(words: dict[str, Any]) -> str:
    """Return the whole picture, in these words."""
    moments = descent()
    first, last = moments[0], moments[-1]
    (x0, y0), (x1, y1) = at(first), at(last)
    on_curve = (at(moment(np.array([0, lead]))) for lead in np.linspace(-HIGH, 7, 80))
    q = '<tspan font-style="italic">q</tspan>'
    bars = zip(("cat", "dog"), first.said, (ORANGE, BLUE), ROWS, words["names"], strict=True)
    lines = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 350" width="720" height="350" '
        f'font-family="system-ui,sans-serif" font-size="17" fill="{INK}">',
        f"<title>{words['title']}</title>",
        f"<style>.big{{font-size:21px;font-weight:600}}.dim{{fill:{GRAY};font-size:15px}}"
        f"#cat,#dog{{transform-origin:90px 0}}{motion(moments)}</style>",
        f'<rect x="1" y="1" width="718" height="348" rx="12" fill="#fff" stroke="{LINE}"/>',
        text(24, 52, words["says"], "dim"),
        text(385, 52, words["push"], "dim end"),
    ]
    for name, q_said, color, y, label in bars:
        size = f'width="{160 * q_said:.1f}" height="20"'
        lines.append(f'<rect id="{name}" x="90" y="{y - 16}" {size} fill="{color}"/>')
        lines.append(text(24, y, label))
    lines += [
        f'<g fill="{BLUE}">{text(24, 190, words["truth"], "big")}</g>',
        *(text(24, y, line, "dim") for y, line in zip((264, 286), words["rule"], strict=True)),
        *numbers(moments, words),
        f'<path d="M{LEFT} {TOP}V{BOTTOM}H{RIGHT + 8}" fill="none" stroke="{GRAY}"/>',
        f'<polyline fill="none" stroke="{BLUE}" stroke-width="3" points="'
        f'{" ".join(f"{x:.1f},{y:.1f}" for x, y in on_curve)}"/>',
        ring(first),
        ring(last),
        text(round(x0) + 16, round(y0) + 6, f"{first.said[DOG]:.2f}: {first.loss:.1f}"),
        text(round(x1) + 6, round(y1) - 40, f"{last.said[DOG]:.2f}: {last.loss:.2f}", "n end"),
        f'<circle id="point" cx="{x0:.1f}" cy="{y0:.1f}" r="7" fill="{ORANGE}"/>',
        text(LEFT, BOTTOM + 22, "0", "dim middle"),
        text(RIGHT, BOTTOM + 22, "1", "dim middle"),
        text((LEFT + RIGHT) / 2, BOTTOM + 44, f"{words['axis']}, {q}", "dim middle"),
        text(LEFT + 90, 110, f"{words['loss']} = −log {q}", "big"),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    for name, words in WORDS.items():
        (ASSETS / name).write_text(picture(words), encoding="utf-8")
        print(name)
