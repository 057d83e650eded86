"""Each symbolic result is asserted, not only displayed: a page proves what it shows.

Shown is a bare expression at the end of a cell, and what SymPy made in a cell and the cell prints.
Some assert of the same section has to contain that same expression in a comparison.
"""

import ast
import re
from collections.abc import Iterator

from notebooks import Chapter, guarded


def shown(cell) -> Iterator[ast.expr]:
    """Yield the expressions whose value the cell puts on the page."""
    body = ast.parse(cell.source).body
    if any("text/html" not in o.data for o in cell.outputs if o.output_type == "execute_result"):
        yield body[-1].value
    made = ["sp"]
    for node in ast.walk(ast.Module(body)):
        if isinstance(node, ast.Assign) and ast.unparse(node.value).startswith("sp."):
            made.append(ast.unparse(node.targets[0]))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "print":
            yield from (a for a in node.args if re.match(rf"({'|'.join(made)})\b", ast.unparse(a)))


def claims(code: str) -> set[str]:
    """Return every expression that stands in a comparison that is asserted."""
    asserts = [node.test for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Assert)]
    compared = [n for test in asserts for n in ast.walk(test) if isinstance(n, ast.Compare)]
    return {ast.unparse(n) for c in compared for n in ast.walk(c) if isinstance(n, ast.expr)}


def unproved_results(page: Chapter) -> Iterator[str]:
    """Yield each result that is shown and that nothing asserts."""
    for section in page.sections:
        proved = claims(section.code)
        for i, cell in section.cells:
            for expression in map(ast.unparse, shown(cell)):
                if expression not in proved:
                    yield (
                        f"{page.at(i)}, {section.title!r}: no assert compares {expression}: "
                        "assert in the same section what it equals"
                    )


test_derivations = guarded(unproved_results)
