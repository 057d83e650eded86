"""What the book says about a library's function was run: in the section, or by a named test.

A paragraph or table that names a function of a library in code font is tied to a run: the code of
its section calls that function, or a comment `% ran: <test>` follows it at once, and
tests/frameworks/test_claims.py has that test. (A test that exists and fails is that room's affair.)
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from itertools import takewhile

from notebooks import PAGES, ROOT, Chapter, Section, guarded

CLAIMS = ROOT / "tests" / "frameworks" / "test_claims.py"
LIBRARIES = "torch|F|optax|jax|keras|scipy|sklearn|np|numpy|special|stats|metrics"
CODE = re.compile(r"`([^`\n]+)`")
FUNCTION = re.compile(rf"(?:{LIBRARIES})(?:\.\w+)+")
BARE = {
    "cross_entropy", "binary_cross_entropy", "binary_cross_entropy_with_logits", "nll_loss",
    "kl_div", "NLLLoss", "CrossEntropyLoss", "BCELoss", "BCEWithLogitsLoss", "KLDivLoss",
    "log_softmax", "gaussian_nll_loss", "poisson_nll_loss", "soft_margin_loss", "log_loss",
    "softmax_cross_entropy", "sigmoid_binary_cross_entropy", "categorical_crossentropy",
    "sparse_categorical_crossentropy", "rel_entr", "xlogy", "expm1", "log1p",
}  # fmt: skip
"""Functions that go by their last name; those that nll has too count only beside a library's."""
NAMED = re.compile(r"PyTorch|TensorFlow|Keras|JAX|optax|SciPy|scikit-learn|NumPy", re.IGNORECASE)
RAN = re.compile(r"^% ran: ([\w, ]+)$", re.MULTILINE)


@cache
def claimed_by_tests() -> set[str]:
    """Return the names of the tests that make the calls."""
    tree = ast.parse(CLAIMS.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def functions(paragraph: str) -> set[str]:
    """Return the last names of the functions (`functional` is a module) that a paragraph names."""
    spans = CODE.findall(paragraph)
    found = {match.rpartition(".")[2] for span in spans for match in FUNCTION.findall(span)}
    if NAMED.search(paragraph):
        found |= {word for span in spans for word in re.findall(r"\w+", span) if word in BARE}
    return found - {"functional"}


def paragraphs(section: Section) -> Iterator[tuple[str, list[str]]]:
    """Yield each paragraph, table or list, with the tests that the comments after it name.

    The items of a list of definitions, and the sentence that leads to them, are one paragraph.
    """
    prose = re.sub(r"```.*?```", "", section.prose, flags=re.DOTALL)
    blocks = re.split(r"\n\s*\n(?!.+\n: )|\n(?=% ran:)", prose)
    ran = [RAN.findall(block) for block in blocks]
    for i, block in enumerate(blocks):
        if not ran[i]:
            ties = " ".join(tests for tie in takewhile(bool, ran[i + 1 :]) for tests in tie)
            yield block, re.findall(r"\w+", ties)


def untied(page: Chapter, known: set[str] | None = None) -> Iterator[str]:
    """Yield the statements about functions of libraries that nothing ran."""
    tests = claimed_by_tests() if known is None else known
    for section in page.sections:
        where = f"book/{page}{page.suffix}, {section.title!r}"
        for paragraph, ran in paragraphs(section):
            for name in sorted(functions(paragraph)):
                if not ran and not re.search(rf"\b{name}\b", section.code):
                    yield (
                        f"{where}: names {name} and nothing ran it: "
                        f"{' '.join(paragraph.split())[:60]!r}: call it in the section, or put "
                        "`% ran: <test>` after the paragraph"
                    )
            for test in set(ran) - tests:
                yield f"{where}: `% ran: {test}` names no test of tests/frameworks/test_claims.py"


test_what_the_book_says_of_libraries_was_run = guarded(untied, pages=PAGES)


def test_a_statement_that_nothing_ran_is_found():
    said = "## In practice\n\n`torch.nn.functional.kl_div` takes logarithms first.\n"
    page = Chapter("page", said, ".md")
    assert "names kl_div and nothing ran it" in "".join(untied(page, set()))
    tied = Chapter("page", f"{said}% ran: test_kl_div\n", ".md")
    assert list(untied(tied, {"test_kl_div"})) == []
    assert "`% ran: test_kl_div` names no test" in "".join(untied(tied, set()))
    apart = Chapter("page", f"{said}\n% ran: test_kl_div\n% ran: test_two\n", ".md")
    assert "`% ran: test_two` names no test" in "".join(untied(apart, {"test_kl_div"}))
    assert list(untied(apart, {"test_kl_div", "test_two"})) == []
    items = "## In practice\n\nLogits\n: `F.cross_entropy`\n\nLogarithms\n: `F.nll_loss`\n"
    page = Chapter("page", items, ".md")
    assert len(list(untied(page, set()))) == 2
    listed = Chapter("page", f"{items}\n% ran: test_both\n", ".md")
    assert list(untied(listed, {"test_both"})) == []
