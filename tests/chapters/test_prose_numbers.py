"""Every number in the text is one that a cell of the same section prints, rounded as it stands.

In prose, numbers of three significant digits, of two with a point in them or a unit behind them,
and fractions; in captions and alt texts, numbers of two. A number that stands in the section's code
may be named.
"""

import re
from collections.abc import Iterator

from notebooks import Chapter, Section, guarded
from readings import Reading, reading

NOT_PROSE = re.compile(
    r"```\{?(?:python|literalinclude).*?```|```|`[^`]*`|\{\w+(?::\w+)?\}`[^`]*`|https?://\S+|^:\w+:[^\n]*$|\(eq-[\w-]+\)"
    r"|\b[Vv]ersions? [\d.]+|\b(?:sections?|chapters?|equations?|pages?) \d[\d.]*(?: and \d[\d.]*)*"
    r"|\b(?:scikit-learn|NumPy|SciPy|PyTorch|SymPy|Python|JAX) \d[\d.]*",
    re.DOTALL | re.MULTILINE,
)
POWER = re.compile(
    r"(?:(\d)\s*(?:×|\\times|\\cdot)\s*|(?<![\d.]))10(?:\^\{?(-?\d+)\}?|([⁻⁰¹²³⁴-⁹]+))"
)
SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
GROUPED = re.compile(r"(?<=\d)(?:\\,|\{,\}|[\u2009\u202f\u00a0 ])(?=\d{3}(?!\d))")
UNITS = "times|percent|nats?|bits?|bytes?|[kMG]i?B|steps?|epochs?|digits?|seconds?|ms|cm"
MEASURED = re.compile(rf"[-\s]?(?:%|(?:{UNITS})\b)")
PERCENT = re.compile(r"[-\s]?(?:%|percent\b)")
FRACTION = re.compile(r"(?<![\w./^{])(\d+)/(\d+)(?![\w/]|\.\d)")
FRAC = re.compile(r"\\frac\{(\d+)\}\{(\d+)\}")
NUMBER = re.compile(r"(?<![\w.^\\])(-?)(?<!\d-)(\d+(?:\.\d+)?(?:e[-+]?\d+)?)(?![\d.]*\d)(?!\w)")


def normalize(text: str) -> str:
    """Write minus signs, groups of three digits and powers of ten as Python would."""
    text = text.replace("−", "-").replace("\\%", "%")
    text = POWER.sub(lambda m: f"{m[1] or 1}e{m[2] or m[3].translate(SUPERSCRIPTS)}", text)
    return GROUPED.sub("", text)


def significant_digits(number: str) -> int:
    """Count the digits that a reader takes for information."""
    mantissa = number.lstrip("-").split("e")[0]
    digits = mantissa.replace(".", "").lstrip("0")
    return len(digits if "." in mantissa else digits.rstrip("0"))


def numbers(text: str) -> Iterator[str]:
    """Yield the numbers of a text, signs included."""
    for sign, digits in NUMBER.findall(normalize(text)):
        yield sign + digits


def says(printed: float, number: str) -> bool:
    """Tell whether `printed` reads `number` when rounded to as many places."""
    mantissa, _, exponent = number.partition("e")
    places = len(mantissa.partition(".")[2]) - int(exponent or 0)
    return abs(printed - float(number)) <= 0.5000001 * 10.0**-places


def unprinted(prose: str, outputs: str, code: str, digits: int) -> Iterator[str]:
    """Yield the numbers of `prose` that nothing prints, of so many significant digits or more.

    Of those with a point in them or a unit behind them, two digits are enough.
    """
    printed = [float(number) for number in numbers(outputs)]
    shares = [100 * number for number in printed]
    known = {abs(float(number)) for number in numbers(code)}  # what you typed, you may name
    prose = normalize(NOT_PROSE.sub(" ", prose))
    for match in NUMBER.finditer(prose):
        number = match[1] + match[2]
        measured = MEASURED.match(prose, match.end())
        if significant_digits(number) < (2 if "." in number or measured else digits):
            continue
        seen = [*printed, *shares] if PERCENT.match(prose, match.end()) else printed
        if abs(float(number)) not in known and not any(says(value, number) for value in seen):
            yield number


def words(section: Section) -> str:
    """Return what stands in for the section's figures: captions and alt texts."""
    shown = [cell.metadata.get("mystnb", {}) for _, cell in section.cells]
    places = (("image", "alt"), ("figure", "caption"))
    return "\n".join(str(of.get(kind, {}).get(what, "")) for of in shown for kind, what in places)


def unprinted_numbers(page: Chapter, known: Reading | None = None) -> Iterator[str]:
    """Yield the numbers of prose, captions and alt texts that no cell of their section prints."""
    known = known or reading(page.stem)
    for section in page.sections:
        outputs, code = section.outputs, section.code
        wrong = {
            "the prose": [*unprinted(section.prose, outputs, code, 3), *fractions(section)],
            "a caption or alt text": unprinted(words(section), outputs, code, 2),
        }
        for place, found in wrong.items():
            for number in dict.fromkeys(found):
                if number not in known.CONSTANTS:
                    yield (
                        f"book/{page}.ipynb, {section.title!r}: no cell of this section prints "
                        f"{number}, which stands in {place}: print it, or give CONSTANTS its "
                        f"source in tests/chapters/readings/{page}.py"
                    )


def fractions(section: Section) -> Iterator[str]:
    """Yield the fractions of whole numbers that the section neither prints nor computes with."""
    known = re.sub(r"\s", "", section.outputs + section.code)
    printed = [float(x) for x in numbers(section.outputs) if significant_digits(x) > 2]
    prose = NOT_PROSE.sub(" ", section.prose)
    for above, below in [*FRACTION.findall(prose), *FRAC.findall(prose)]:
        if len(above + below) > 2 and int(below):
            value = int(above) / int(below)
            near = any(abs(x - value) <= 5e-3 * value for x in printed)
            typed = re.search(rf"\b{above}/{below}\b|Rational\({above},{below}\)", known)
            if not typed and not near:
                yield f"{above}/{below}"


test_prose_numbers = guarded(unprinted_numbers)
