"""Every number in the prose is one that a cell of the same section prints, rounded as it stands."""

import re
from collections.abc import Iterator

from notebooks import Chapter, guarded
from readings import Reading, reading

NOT_PROSE = re.compile(
    r"```.*?```|`[^`]*`|\{\w+(?::\w+)?\}`[^`]*`|https?://\S+|^:\w+:.*$|\(eq-[\w-]+\)"
    r"|\b[Vv]ersions? [\d.]+|\b(?:sections?|chapters?|equations?|pages?) \d[\d.]*(?: and \d[\d.]*)*"
    r"|\b(?:scikit-learn|NumPy|SciPy|PyTorch|SymPy|Python|JAX) \d[\d.]*",
    re.DOTALL | re.MULTILINE,
)
POWER = re.compile(
    r"(?:(\d)\s*(?:×|\\times|\\cdot)\s*|(?<![\d.]))10(?:\^\{?(-?\d+)\}?|([⁻⁰¹²³⁴-⁹]+))"
)
SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
GROUPED = re.compile(r"(?<=\d)(?:\\,|\{,\}|[\u2009\u202f\u00a0 ])(?=\d{3}(?!\d))")
NUMBER = re.compile(r"(?<![\w.^\\])(-?)(?<!\d-)(\d+(?:\.\d+)?(?:e[-+]?\d+)?)(?![\d.]*\d)(?!\w)")


def normalise(text: str) -> str:
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
    for sign, digits in NUMBER.findall(normalise(text)):
        yield sign + digits


def says(printed: float, number: str) -> bool:
    """Tell whether `printed` reads `number` when rounded to as many places."""
    mantissa, _, exponent = number.partition("e")
    places = len(mantissa.partition(".")[2]) - int(exponent or 0)
    return abs(printed - float(number)) <= 0.5000001 * 10.0**-places


def unprinted(prose: str, outputs: str, code: str) -> list[str]:
    """Return the numbers of `prose` with three or more digits that nothing prints."""
    printed = [float(number) for number in numbers(outputs)]
    printed += [100 * number for number in printed]  # percentages
    known = {float(number) for number in numbers(code)}  # what you typed, you may name
    return [
        number
        for number in numbers(NOT_PROSE.sub(" ", prose))
        if significant_digits(number) >= 3
        and float(number) not in known
        and not any(says(value, number) for value in printed)
    ]


def unprinted_numbers(page: Chapter, known: Reading | None = None) -> Iterator[str]:
    """Yield the numbers of the prose that no cell of their section prints."""
    known = known or reading(page.stem)
    for section in page.sections:
        for number in unprinted(section.prose, section.outputs, section.code):
            if number not in known.CONSTANTS:
                yield (
                    f"book/{page}.ipynb, {section.title!r}: no cell of this section prints "
                    f"{number}: print it, or give CONSTANTS its source in tests/chapters/readings"
                )


test_prose_numbers = guarded(unprinted_numbers)
