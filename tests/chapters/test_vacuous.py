"""Assertions can fail: none hides behind a tolerance, and none holds where its kernel says zero."""

import ast
import contextlib
import math
import re
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from notebooks import CELL, ROOT, Chapter, guarded, run, tags
from readings import Reading, reading

import nll

ABOUT_FORM = re.compile(r"\.(?:shape|dtype|size|ndim|nbytes|itemsize)\b|isinstance")
CLOSE = {"isclose", "allclose", "approx"}
"""What compares with an absolute tolerance though nobody asked for one."""


def hidden(expected: Any, atol: float, *, by_default: bool) -> bool:
    """Tell whether an expected value is lost in the absolute tolerance."""
    size = np.abs(np.asarray(expected, dtype=float))
    return bool(np.any((size > 0) & (size < atol)) or (by_default and not size.any()))


def shorten(value: Any) -> str:
    """Return the smallest of some numbers."""
    sizes = np.abs(np.asarray(value, dtype=float))
    return f"{sizes.min():g}" if sizes.ndim == 0 else f"an array with {sizes.min():g} in it"


@contextlib.contextmanager
def tolerances_watched() -> Iterator[list[str]]:
    """Collect the comparisons whose expected value is smaller than their absolute tolerance."""
    found: list[str] = []

    def watched(function: Callable[..., Any], default: float, atol: str) -> Callable[..., Any]:
        def compare(a: Any, b: Any, *args: Any, **options: Any) -> Any:
            if sys._getframe(1).f_code.co_filename != CELL:
                return function(a, b, *args, **options)  # a library's own affair
            tolerance = options.get(atol, args[1] if len(args) > 1 else default)
            by_default = tolerance == default and atol not in options
            if hidden(b, tolerance, by_default=by_default and default > 0):
                found.append(
                    f"{function.__name__} expects {shorten(b)} within {atol}={tolerance:g}"
                )
            return function(a, b, *args, **options)

        return compare

    with pytest.MonkeyPatch.context() as patch:
        for module, name, default, atol in [
            (np, "isclose", 1e-8, "atol"), (np, "allclose", 1e-8, "atol"),
            (np.testing, "assert_allclose", 0, "atol"), (math, "isclose", 0, "abs_tol"),
        ]:  # fmt: skip
            patch.setattr(module, name, watched(getattr(module, name), default, atol))
        yield found


def zeroed(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """Return `kernel` broken: right shapes, all zeros."""

    def zeros(*args: Any, **options: Any) -> Any:
        result = kernel(*args, **options)
        many = isinstance(result, tuple)
        return tuple(map(np.zeros_like, result)) if many else np.zeros_like(result)[()]

    return zeros


def claimed_kernels(source: str) -> Iterator[tuple[str, str]]:
    """Yield (kernel, assert) for what an assert calls, or reads from a name set in the cell."""
    tree = ast.parse(source)
    made = {}  # what kernels a name was made by
    for node in tree.body:
        if isinstance(node, ast.Assign):
            called = set(kernels(node.value))
            for name in (n for t in node.targets for n in ast.walk(t) if isinstance(n, ast.Name)):
                made[name.id] = called
        if isinstance(node, ast.Assert) and not ABOUT_FORM.search(ast.unparse(node)):
            read = {n.id for n in ast.walk(node.test) if isinstance(n, ast.Name)}
            for kernel in {*kernels(node.test), *(k for name in read for k in made.get(name, ()))}:
                yield kernel, ast.unparse(node)


def kernels(node: ast.AST) -> Iterator[str]:
    """Yield the functions of nll that an expression calls."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            name = call.func.attr
            if ast.unparse(call.func.value) == "nll" and isinstance(
                getattr(nll, name, None), types.FunctionType
            ):
                yield name


def holds_at_zero(source: str, kernel: str, namespace: dict[str, Any]) -> bool:
    """Tell whether a cell still runs where `kernel` returns zeros."""
    broken = types.SimpleNamespace(**{**vars(nll), kernel: zeroed(getattr(nll, kernel))})
    try:
        run([source], {**namespace, "nll": broken})
    except Exception:  # a broken kernel may break anything
        return False
    return True


def vacuous(page: Chapter, known: Reading | None = None) -> Iterator[str]:
    """Yield the comparisons that hide behind a tolerance, and the asserts that zeros satisfy."""
    namespace, excuses = run([]), dict((known or reading(page.stem)).AT_ZERO)
    for i, cell in page.code:
        if "exercise-stub" in tags(cell):
            continue
        for kernel, claims in grouped(cell.source).items():
            if not holds_at_zero(cell.source, kernel, namespace):
                continue
            used = [k for k in excuses if k[0] == f"nll.{kernel}" and k[1] in cell.source]
            excuses = {key: why for key, why in excuses.items() if key not in used}
            if not used:
                yield (
                    f"{page.at(i)}: `{claims[0]}` holds though nll.{kernel} returns zeros: "
                    "assert what zeros would not satisfy"
                )
        with tolerances_watched() as hidden_values:
            try:
                run([cell.source], namespace)
            except Exception as error:  # whatever a cell raises, the page has to be told
                yield f"{page.at(i)}: raises {type(error).__name__}: {error}"
                return
        for comparison in hidden_values:
            yield f"{page.at(i)}: {comparison}: give it atol=0 and an rtol"
    for key in excuses:
        yield f"tests/chapters/readings/{page.stem}.py: AT_ZERO has {key}, which fails: drop it"


def grouped(source: str) -> dict[str, list[str]]:
    """Return the asserts of a cell by the kernel that they are about."""
    found: dict[str, list[str]] = {}
    for kernel, claim in claimed_kernels(source):
        found.setdefault(kernel, []).append(claim)
    return found


test_vacuous = guarded(vacuous)


def unstated_tolerances(name: str, source: str) -> Iterator[str]:
    """Yield comparisons of a test file that leave the absolute tolerance to a default."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            function = ast.unparse(node.func).rpartition(".")[2]
            if function in CLOSE and not {"atol", "abs"} & {word.arg for word in node.keywords}:
                yield f"{name}, line {node.lineno}: `{ast.unparse(node)}`: state its atol (or abs)"


def test_tests_state_their_tolerances():
    files = sorted((ROOT / "tests").rglob("test_*.py")) + sorted((ROOT / "nll").glob("*.py"))
    faults = [
        fault
        for path in files
        for fault in unstated_tolerances(str(path.relative_to(ROOT)), path.read_text("utf-8"))
    ]
    assert not faults, "\n" + "\n".join(faults)
