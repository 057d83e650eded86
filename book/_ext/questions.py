"""Read the questions of a chapter, its ``predict`` boxes, and write them for a class.

As Markdown, to be printed, and as GIFT, which Moodle and other learning platforms import.
"""

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from plain import BOX, OPTION, TERM
from predict import number

SPECIAL = re.compile(r"([~=#{}:\\])")

Say = Callable[[str], str]


@dataclass(frozen=True)
class Question:
    """One question with its guesses, and what each of them reveals."""

    text: str
    guesses: list[tuple[str, str]]
    answer: str
    tolerance: str
    unit: str
    more: str

    @property
    def right(self) -> int:
        """The place of the right guess."""
        if not self.tolerance:
            return int(self.answer) - 1
        answer, tolerance = float(self.answer), float(self.tolerance)
        values = [number(guess) for guess, _ in self.guesses]
        near = [value is not None and abs(value - answer) <= tolerance for value in values]
        return near.index(True)

    @property
    def asked(self) -> str:
        """The question as it is put to a class."""
        unit = f" Give a number of {self.unit}." if self.unit else " Give a number."
        return self.text + (unit if self.tolerance else "\n\n" + "\n".join(self.choices))

    @property
    def choices(self) -> list[str]:
        """The choices, with their letters."""
        return [f"- **{chr(65 + i)}.** {guess}" for i, (guess, _) in enumerate(self.guesses)]

    @property
    def answered(self) -> str:
        """What each guess reveals, the right one first."""
        lines = [
            f"- **{guess if self.tolerance else f'{chr(65 + i)}. {guess}'}**: {reveal}"
            for i, (guess, reveal) in enumerate(self.guesses)
        ]
        lines.insert(0, lines.pop(self.right))
        return "\n".join(lines) + (f"\n\n{self.more}" if self.more else "")


def questions(source: str, say: Say) -> Iterator[Question]:
    """Yield the questions in the Markdown `source`; `say` makes plain Markdown of MyST."""
    for box in BOX.finditer(source):
        if box["kind"] == "predict":
            options = dict(re.findall(r"^:(\w+): *(.*)$", box["body"], re.MULTILINE))
            body = OPTION.sub("", box["body"])
            found = list(TERM.finditer(body))
            yield Question(
                text=say(body[: found[0].start()]).strip(),
                guesses=[(say(guess[1]), say(" ".join(guess[2].split()))) for guess in found],
                answer=options["answer"],
                tolerance=options.get("tolerance", ""),
                unit=options.get("unit", ""),
                more=say(body[found[-1].end() :]).strip(),
            )


def formula(tex: str, options: dict[str, Any]) -> str:
    """Return a formula as the MathJax of a learning platform reads it."""
    return (r"\[%s\]" if options["display_mode"] else r"\(%s\)") % html.escape(tex)


HTML = MarkdownIt().use(dollarmath_plugin, renderer=formula)


def sheet(title: str, asked: list[Question]) -> str:
    """Return the questions on a sheet, their answers on another."""
    numbered = list(enumerate(asked, 1))
    text = "\n\n".join(f"**{n}.** {question.asked}" for n, question in numbered)
    answers = "\n\n".join(f"**{n}.**\n\n{question.answered}" for n, question in numbered)
    return f"# {title}: questions\n\n{text}\n\n# {title}: answers\n\n{answers}\n"


def gift(stem: str, asked: list[Question]) -> str:
    """Return the questions in the GIFT format."""

    def escape(text: str) -> str:
        return SPECIAL.sub(r"\\\1", " ".join(HTML.render(text).split()))

    def guesses(question: Question) -> Iterator[str]:
        for i, (guess, reveal) in enumerate(question.guesses):
            share = "=" if i == question.right else "~"
            if not question.tolerance:
                yield f"  {share}{escape(guess)}#{escape(reveal)}"
            elif i == question.right:
                yield f"  ={question.answer}:{question.tolerance}#{escape(reveal)}"
            elif (value := number(guess)) is not None:
                yield f"  =%0%{value:g}:0#{escape(reveal)}"
        if question.more or question.tolerance:
            yield f"  ####{escape(question.answered)}"

    def entry(n: int, question: Question) -> str:
        kind = "#" if question.tolerance else ""
        body = "\n".join(guesses(question))
        return f"::{stem} {n}::[html]{escape(question.text)} {{{kind}\n{body}\n}}"

    head = f"$CATEGORY: Why Negative Log-Likelihood?/{stem}\n\n"
    return head + "\n\n".join(entry(n, question) for n, question in enumerate(asked, 1)) + "\n"
