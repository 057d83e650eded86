"""Make slides of a chapter from its own cells: questions, formulas, figures, results, exercises.

Each comes with the sentences around it; all prose goes into the speaker's notes. The slides are
Markdown for Marp, which a teacher can change before it is turned into pages.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import vl_convert
from downloads import tags
from plain import OPTION
from questions import questions

from paper import DRAWING

BLOCK = re.compile(
    r"^(?:(?P<fence>:::+|```+)\{(?P<kind>[\w-]+)\} *(?P<title>.*)\n"
    r"(?P<body>[\s\S]*?)\n(?P=fence) *$"
    r"|(?P<display>\$\$\n[\s\S]*?\n\$\$.*$)"
    r"|(?P<level>#+) (?P<name>.*)$"
    r"|(?P<code>```[\s\S]*?\n```$)"
    r"|(?P<list>(?:\||[-*] |\d+\. ).*(?:\n.+|\n\n(?=[-*] ).+)*)"
    r"|(?P<aside>%.*|\([\w-]+\)=)$"
    r"|(?P<prose>.+(?:\n.+)*))",
    re.MULTILINE,
)
SYMBOL = re.compile(r"\\(?:log|exp|sin|cos)|\\[a-zA-Z]+|[^\s{}&\\]")
SENTENCE = re.compile(r"(?<=[.?!])\s+(?=[A-Z“*`$(\[{])")
FRAME = re.compile(
    r"- \*\*(You will [^*]*)\*\*([\s\S]*?)^- [\s\S]*\*\*Takes\*\*\D*(\d+)", re.MULTILINE
)
SPOKEN = 230  # letters of prose before or after what is shown
CODE, SHOWN = 5, 20  # lines of a cell, and of what it prints, that are shown
ROWS, LETTERS = 8, 800  # of a table, or a list, on one slide
ITEM = re.compile(r"\n+(?=[-*] |\d+\. )")
SIZES = {"plain": 36, "dense": 29, "denser": 23}  # pixels, as in tools/slides/style.css
SMALLEST = "denser"
ROOM = 480  # pixels between a heading of two lines and the footer
SPACING = 1.36  # the height of a line in its size
WIDTH, NARROW = 2300, 700  # letters in a line, times the size; the same beside a figure
UNSHOWN = "Further reading"
HEAD = """---
marp: true
title: "{title}"
math: mathjax
paginate: true
footer: "{book}"
style: |
{style}
---

<!-- _class: first -->

# {title}

{promise}

{minutes} minutes to read

---

"""

Say = Callable[[str], str]


@dataclass(frozen=True)
class Show:
    """What a slide shows, and whether the prose around it belongs to it."""

    body: str
    title: str = ""
    spoken: bool = True
    code: str = ""


@dataclass
class Section:
    """A heading, and what stands below it: prose and shows by turns, prose first and last."""

    title: str
    prose: list[list[str]] = field(default_factory=lambda: [[]])
    shows: list[Show] = field(default_factory=list)

    def show(self, *shows: Show) -> None:
        """Add what is to be shown."""
        for show in shows:
            self.shows.append(show)
            self.prose.append([])


def sentences(text: str, step: int) -> str:
    """Return as many sentences as a slide bears, the first ones (step 1) or the last ones (-1)."""
    parts = SENTENCE.split(text)
    if step < 0 and parts[0][0].islower() and len(parts) > 1:
        parts.pop(0)  # the end of a sentence that a formula interrupts
    parts = parts[::step]
    kept = [part for i, part in enumerate(parts) if not i or len(" ".join(parts[: i + 1])) < SPOKEN]
    return " ".join(kept[::step])


def height(text: str, width: int) -> float:
    """Return about how many lines of `width` letters `text` fills."""
    if text.startswith("!["):
        return 0
    if text.startswith("$$"):
        lines = [len(SYMBOL.findall(line)) for line in text.split("\\\\")]
        return 0.4 + 1.6 * len(lines) + (ROOM if 1.6 * max(lines) > width else 0)
    if text.startswith("```"):
        return 0.8 * text.count("\n") + 0.3
    return sum(0.3 + -(-len(line) // width) for line in text.split("\n"))


def pieces(text: str) -> Iterator[str]:
    """Yield `text`, a table or a list that is too long for a slide in pieces."""
    if text.startswith("|"):
        head, rule, *rows = text.split("\n")
        step = max(1, min(ROWS, LETTERS * len(rows) // len(text)))
        for first in range(0, len(rows), step):
            yield "\n".join([head, rule, *rows[first : first + step]])
        return
    piece = ""
    for item in ITEM.split(text):
        if piece and len(piece) + len(item) > LETTERS:
            yield piece
            piece = ""
        piece += "\n" * bool(piece) + item
    yield piece


def slide(title: str, parts: list[str], notes: list[str]) -> str:
    """Return one slide as Marp reads it, in the largest letters that fit, without long code."""
    figure = any(part.startswith("![") for part in parts)

    def fits(parts: list[str], pixels: int) -> bool:
        width = (NARROW if figure else WIDTH) // pixels
        return sum(0.4 + height(part, width) for part in parts) * SPACING * pixels < ROOM

    def size(parts: list[str]) -> str:
        return next((name for name, pixels in SIZES.items() if fits(parts, pixels)), SMALLEST)

    if size(parts) == SMALLEST:
        parts = [part for part in parts if not part.startswith("```python")]
    spoken = "\n\n".join(notes).replace("-->", "")
    text = "\n\n".join([f"## {title}", *parts])
    return f"<!-- _class: {'figure ' * figure}{size(parts)} -->\n\n{text}\n\n<!--\n{spoken}\n-->"


def lay_out(section: Section) -> Iterator[str]:
    """Yield the slides of a section; one without anything to show has its first words."""
    if not section.shows and section.prose[0]:
        opening = sentences(section.prose[0][0], 1)
        yield slide(section.title, [opening], section.prose[0])
    for k, show in enumerate(section.shows):
        before, after = section.prose[k], section.prose[k + 1]
        lead = sentences(before[-1], -1) if before and show.spoken else ""
        tail = sentences(after[0], 1) if after and show.spoken else ""
        tail = "" if tail.endswith((":", "?")) else tail
        parts = [part for part in (lead, show.code, show.body, tail) if part]
        yield slide(show.title or section.title, parts, (before if k == 0 else []) + after)


class Chapter:
    """A notebook on its way to slides."""

    def __init__(self, notebook: nbformat.NotebookNode, say: Say, stem: str, figures: Path) -> None:
        self.say, self.stem, self.figures = say, stem, figures
        self.title, self.minutes, self.promise = "", "", ""
        self.sections = [Section("")]
        for cell in notebook.cells:
            exercise = any(tag.startswith("exercise") for tag in tags(cell))
            if cell.cell_type == "code" and not exercise:
                self.run(cell)
            elif cell.cell_type == "markdown":
                self.read(cell.source)

    def read(self, source: str) -> None:
        """Read a cell of Markdown."""
        for block in BLOCK.finditer(source):
            section = self.sections[-1]
            if block["name"]:
                title = self.say(block["name"])
                self.title = self.title or title
                self.sections.append(Section(title))
            elif block["kind"] == "predict":
                (question,) = questions(block[0], self.say)
                title = self.say(block["title"]) or "Predict first"
                section.show(
                    Show(question.asked, title, spoken=False),
                    Show(question.answered, f"{title}: the answer", spoken=False),
                )
            elif block["kind"] == "exercise":
                text = self.say(OPTION.sub("", block["body"]))
                section.show(Show(text, f"Exercise: {self.say(block['title'])}", spoken=False))
            elif block["kind"] == "admonition" and "chapter-frame" in block["body"]:
                ((will, what, self.minutes),) = FRAME.findall(block["body"])
                self.promise = f"{will} {' '.join(self.say(what).split())}"
            elif block["kind"] == "admonition":
                text = self.say(OPTION.sub("", block["body"]))
                section.show(Show(text, self.say(block["title"]), spoken=False))
            elif block["display"] and "(eq-" in block["display"]:
                section.show(Show(self.say("\n" + block["display"]).strip()))
            elif block["list"]:
                section.show(*map(Show, pieces(self.say(block["list"]))))
            elif (block["prose"] or block["display"]) and not block["aside"]:
                section.prose[-1].append(" ".join(self.say(block[0]).split()))

    def run(self, cell: nbformat.NotebookNode) -> None:
        """Read what a cell of code shows."""
        section = self.sections[-1]
        for output in cell.outputs:
            data = output.get("data", {})
            if "image/svg+xml" in data:
                about = cell.metadata["mystnb"]
                name, alt = about["figure"]["name"], about["image"]["alt"]
                section.show(self.picture(name, data["image/svg+xml"], alt))
            elif found := DRAWING.search(data.get("text/html", "")):
                place = sum(len(section.shows) for section in self.sections)
                alt = data["text/plain"].split("\n")[0]
                section.show(self.picture(f"move-{self.stem}-{place}", found[1], alt))
            elif "text/latex" in data:
                section.show(Show(f"$$\n{data['text/latex'].strip('$')}\n$$"))
            elif "text/markdown" in data:
                text = data["text/markdown"].replace(" $ |", "$ |")
                section.show(*map(Show, pieces(text)))
            else:
                lines = output.get("text", data.get("text/plain", "")).rstrip().split("\n")
                if len(lines) > SHOWN:
                    lines[SHOWN - 1 :] = ["…"]
                brief = cell.source.count("\n") < CODE
                code = f"```python\n{cell.source}\n```" if brief else ""
                section.show(Show("\n".join(["```text", *lines, "```"]), code=code))

    def picture(self, name: str, svg: str, alt: str) -> Show:
        """Draw a figure beside the slides."""
        (self.figures / f"{name}.png").write_bytes(vl_convert.svg_to_png(svg, scale=3))
        alt = re.sub(r"([\[\]])", r"\\\1", " ".join(alt.split()))
        return Show(f"![{alt}](figures/{name}.png)")

    def slides(self, book: str, style: str) -> str:
        """Return all slides as Marp reads them."""
        head = HEAD.format(
            title=self.title,
            book=book,
            style=re.sub("^", "  ", style, flags=re.MULTILINE),
            promise=self.promise,
            minutes=self.minutes,
        )
        shown = [section for section in self.sections if section.title != UNSHOWN]
        return (
            head + "\n\n---\n\n".join(text for section in shown for text in lay_out(section)) + "\n"
        )
