"""Break the kernels on purpose, one small change at a time, and see who notices.

``make mutate`` prints two scores: how many of all changes the unit tests catch, and how
many of the changes to formulas (input checks apart) the chapters catch on their own, by an
assertion or by what they print. It takes an hour.

A change is made in a forked process, by giving the functions that exist already the code of the
changed source; so nothing is imported or collected twice, and each change meets only the tests, or
the cells of chapters from the first, that run the changed line. (With more than one thread of
OpenMP a forked process would wait for threads that it does not have.)
"""

import ast
import contextlib
import gc
import io
import os
import re
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from mutations import children, variants

from nll import _validate, families, information, plotting, softmax_loss, special

ROOT = Path(__file__).resolve().parent.parent
MODULES = [special, information, softmax_loss, families, _validate]
PROCESSES = os.cpu_count() or 1
TIMEOUT = 120  # seconds of processor time that a change may take before it counts as noticed

EQUIVALENT = {
    # how much is worked on at a time, in which memory and in which layout, changes the speed only
    "BLOCK_BYTES = ": "speed only",
    "FEW_CLASSES = ": "speed only",
    "_ENOUGH_ROWS = ": "speed only",
    "_WIDE = ": "speed only",
    "_BLOCK_ROWS = ": "speed only",
    "_ROWS_AT_A_TIME = ": "speed only",
    "few = b == 1 and 1 < k <= FEW_CLASSES and a > _ENOUGH_ROWS": "speed only",
    "if not few and logits.nbytes <= BLOCK_BYTES": "speed only",
    "rows, columns = max(": "speed only",
    "kernel(logits[block].copy() if few": "speed only",
    "few = slice(start, start + 1024)  [1024": "speed only",
    "if k <= FEW_CLASSES < n": "speed only",
    "size = max(1, min(": "speed only",
    "return _soft_labels, max(": "speed only",
    "return _by_columns, size & ~31 | 16": "speed only",
    "return _one_row if n == 1 and k <= FEW_CLASSES else _by_rows": "speed only",
    "scratch = np.empty(": "speed only",
    "losses, sums = np.empty(n if rows.reduction": "speed only",
    "if grad is not None and count != 1": "a division by 1 changes nothing",
    "if array is not None and np.may_share_memory(out": "speed only",
    # what passes a quick look is looked at once more
    "if not values.min(initial=0) >= 0": "the next line decides",
    "labels.item(labels.argmin()) >= 0": "the next line decides",
    "nats = math.log(base) if base > 1.0": "the next line decides",
    "widest = max((v.bit_length() for v in array.flat if isinstance(v, int)), default=0)  [0": (
        "only more than 63 matters"
    ),
    # mathematics
    "odds: Array = np.maximum(small, array >= 0.0)": "at 0 both are 1",
    "if k < 4 or": "four terms may be added in turn or in pairs",
    "if k > FEW_CLASSES:  # a large term swallows small ones: the best rival is added last  [Gt": (
        "at 40 classes either sum is within the bar"
    ),
    "small = rows.sum(axis=1) + (one - 1)  [Add": "one - 1 is 0 or NaN",
    "in_range = (ratio >= np.finfo(ratio.dtype).tiny)": "the smallest normal number has all digits",
    "terms = np.where(np.abs(ratio - 1.0) < _NEAR, near, far)  [Lt": "both are right at 1/2",
    "series = np.zeros_like(r)  [np.zeros_like": "it becomes r**34, less than rounding",
    "for odd in range(_LAST_POWER, 1, -2):  [1": "the same numbers, 33 down to 3",
    "valid: Array = (y >= 0.0) & (y < np.inf)": "a whole number is its ceiling too",
    "valid = np.abs(totals - 1) <= SUM_TOLERANCE  [LtE": "no sum is that far from 1 exactly",
    "_TABLED = 16": "table and series agree",
    "near = sum(s**power / (power + 1) for power in range(2, 40, 2))  [40": "less than rounding",
    "_HUGE = ": "it is 1e300 still",
    "tail = 1 / 360 - (1 / 1260 - (1 / 1680 - 1 / 1188 / square) / square) / square  [1188": (
        "less than rounding from 16 on"
    ),
    "table[: k + 1] += near if x >= 1": "both are right from 1 to 2",
    "return odds, np.where(odds < 0.0, mean / size, size / mean)  [Lt": "at 0 both are 1",
    "push, pull = np.where(odds < 0.0, small, 1.0), np.where(odds < 0.0, 1.0, small)  [Lt": (
        "at 0 small is 1"
    ),
    "log_scale = np.where(": "any scale that keeps off overflow will do",
    "return moved if moved.ndim == 2 else moved.reshape(-1": "NumPy takes -2 for -1",
}
"""How changes begin that may survive, as they break nothing, each with the reason."""


FORKLESS = {"scale_out"}
"""Chapters whose threads a forked process would wait for: those of Dask's cluster."""


SHAPES = {
    *("_along", "_by_blocks", "_check", "_distribution", "_pair", "_checked", "_plan", "block"),
    *("_move", "_as_rows", "_in_shape", "_promoted", "_check_size"),
}
"""Functions that check arguments or bring them into shape, and compute nothing."""


@dataclass(frozen=True)
class Change:
    """One small change of one module."""

    path: str
    line: int
    reach: frozenset[int]
    """The lines of its statement; none for what runs at import, which every witness reaches."""
    words: str
    code: CodeType
    formula: bool

    def __str__(self) -> str:
        return f"nll/{Path(self.path).name}:{self.line}  {self.words}"


def is_check(node: ast.AST) -> bool:
    """Tell whether a statement does nothing but look at arguments, or bring them into shape."""
    if isinstance(node, ast.FunctionDef):
        return node.name in SHAPES
    if isinstance(node, ast.If):
        return all(isinstance(statement, ast.Raise) for statement in node.body)
    called = [n.func for n in ast.walk(node) if isinstance(n, ast.Call)]
    return isinstance(node, ast.Assign | ast.Expr) and any(
        isinstance(f, ast.Name) and f.id.startswith(("check", "as_", "_check", "_pair", "_distr"))
        for f in called
    )


def changes(module: ModuleType) -> Iterator[Change]:
    """Yield every change of a module, one at a time."""
    path = module.__file__ or ""
    source = Path(path).read_text()
    tree, lines = ast.parse(source), source.splitlines()

    def walk(node: ast.AST, line: int, reach: range, formula: bool) -> Iterator[Change]:
        for child, put in children(node):
            if (
                node is tree
                and isinstance(child, ast.Assign)
                and not re.search(r"lambda|partial|\b\d", ast.unparse(child))
            ):
                continue  # an alias of types, or a family made of functions
            here, span = getattr(child, "lineno", line), reach
            if isinstance(child, ast.stmt) and not (node is tree and isinstance(child, ast.Assign)):
                body = getattr(child, "body", None)
                last = body[0].lineno - 1 if body else child.end_lineno or here
                decorators = getattr(child, "decorator_list", [])  # a call begins at the first
                first = decorators[0].lineno if decorators else here
                span = range(first, max(here, last) + 1)
            matters = formula and not is_check(child)
            for new in variants(child):
                words = f"{lines[here - 1].strip()}  [{shorten(child)} -> {shorten(new)}]"
                put(ast.fix_missing_locations(ast.copy_location(new, child)))
                code = compile(tree, path, "exec")
                put(child)
                yield Change(path, here, frozenset(span), words, code, matters)
            yield from walk(child, here, span, matters)

    yield from walk(tree, 1, range(0), module is not _validate)


def shorten(node: ast.AST) -> str:
    """Return a node as one short line."""
    return (ast.unparse(node) or type(node).__name__).partition("\n")[0][:60]


def codes(code: CodeType) -> list[CodeType]:
    """Return the code objects right inside another."""
    return [constant for constant in code.co_consts if isinstance(constant, CodeType)]


@cache
def as_it_is(path: str) -> tuple[CodeType, dict[CodeType, list[FunctionType]]]:
    """Return the code of a module, and the functions that exist for each piece of it."""
    functions: dict[CodeType, list[FunctionType]] = {}
    for found in gc.get_objects():
        if isinstance(found, FunctionType) and found.__code__.co_filename == path:
            functions.setdefault(found.__code__, []).append(found)
    return compile(Path(path).read_text(), path, "exec"), functions


def install(change: Change) -> None:
    """Give the functions and numbers of the module what the changed source gives them."""
    original, functions = as_it_is(change.path)
    pairs = [(original, change.code)]
    for old, new in pairs:
        for function in functions.get(old, []):
            function.__code__ = new
        pairs += zip(codes(old), codes(new), strict=True)
    module = next(module for module in MODULES if module.__file__ == change.path)
    namespace: dict[str, object] = {"__name__": module.__name__}
    exec(change.code, namespace)
    numbers = {
        k: v for k, v in namespace.items() if isinstance(v, int | float | partial | np.ndarray)
    }
    vars(module).update(numbers)


class Witness:
    """A test or a chapter that may notice a change; it is run once with nothing changed."""

    def __init__(self, notices: Callable[[], bool]) -> None:
        self.notices = notices
        self.lines: set[tuple[str, int]] = set()
        files = {module.__file__ for module in MODULES}

        def trace(frame: FrameType, event: str, argument: object) -> object:
            if frame.f_code.co_filename not in files:
                return None
            self.lines.add((frame.f_code.co_filename, frame.f_lineno))
            return trace

        start = time.perf_counter()
        sys.settrace(trace)
        noticed = notices()
        sys.settrace(None)
        self.seconds = time.perf_counter() - start
        assert not noticed, "something fails with nothing changed: run `make test` first"

    def reaches(self, change: Change) -> bool:
        """Tell whether the witness runs the changed line."""
        return not change.reach or any((change.path, n) in self.lines for n in change.reach)


def survivors(tried: list[Change], choose: Callable[[Change], list[Witness]]) -> list[Change]:
    """Make each change in a process of its own; return those that no chosen witness notices."""
    running, unnoticed = {}, []
    for change in [*tried, None]:
        if change is not None:
            as_it_is(change.path)  # once, and not in each process
        while running and (change is None or len(running) >= PROCESSES):
            pid, status = os.wait()
            done = running.pop(pid)
            if status == 0:
                unnoticed.append(done)
                print(f"  {done}", file=sys.stderr, flush=True)
        if change is not None:
            pid = os.fork()
            if pid == 0:
                os._exit(is_noticed(change, choose(change)))
            running[pid] = change
    return unnoticed


def is_noticed(change: Change, witnesses: list[Witness]) -> bool:
    """Make the change in this process, and let the witnesses run."""
    signal.setitimer(signal.ITIMER_PROF, TIMEOUT)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    try:
        install(change)
        return any(witness.notices() for witness in witnesses)
    except BaseException:
        return True


class Tests:
    """A pytest plugin: the collected tests are the witnesses."""

    def pytest_collection(self) -> None:
        """Let Hypothesis stop at the first counterexample, and not make it smaller."""
        import hypothesis  # noqa: PLC0415  (pytest has to be there first, to rewrite it)

        phases = [hypothesis.Phase.explicit, hypothesis.Phase.generate]
        quick = hypothesis.settings(phases=phases, derandomize=True, deadline=None, database=None)
        hypothesis.settings.register_profile("mutate", quick)
        hypothesis.settings.load_profile("mutate")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try all changes instead of running the tests once."""

        def failing(item: pytest.Item) -> Callable[[], bool]:
            def notices() -> bool:
                before = session.testsfailed
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
                return session.testsfailed > before

            return notices

        witnesses = [Witness(failing(item)) for item in session.items]
        witnesses.sort(key=lambda witness: witness.seconds)
        tried = [change for module in MODULES for change in changes(module)]
        report(
            "Unit tests", tried, survivors(tried, lambda c: [w for w in witnesses if w.reaches(c)])
        )
        return True


def cell(source: str, name: str, namespace: dict[str, object]) -> Callable[[], bool]:
    """Return a function that runs a cell, and tells if it raises, warns or prints otherwise."""
    code, known = compile(source, name, "exec"), []

    def notices() -> bool:
        output = io.StringIO()
        try:
            with contextlib.redirect_stdout(output), warnings.catch_warnings():
                warnings.simplefilter("error", RuntimeWarning)
                exec(code, namespace)
        except Exception:
            return True
        known.append(output.getvalue())
        return known[-1] != known[0]

    return notices


def unnoticed_by_chapter(stem: str, tried: list[Change]) -> list[Change]:
    """Return the changes that the chapter misses; each is made before a cell first meets it."""
    namespace: dict[str, object] = {}
    notebook = nbformat.read(ROOT / "book" / f"{stem}.ipynb", as_version=4)
    sources = [c.source for c in notebook.cells if c.cell_type == "code"]
    cells = [Witness(cell(source, f"{stem}.ipynb", namespace)) for source in sources]
    namespace.clear()
    missed = []
    for i, witness in enumerate(cells):
        met = [change for change in tried if witness.reaches(change)]
        tried = [change for change in tried if change not in met]
        missed += survivors(met, lambda _, rest=cells[i:]: rest)
        witness.notices()
    return missed + tried


def report(name: str, tried: list[Change], left: list[Change]) -> None:
    """Print the score of one kind of witness, and what survived."""
    reasons = {c: r for c in left for start, r in EQUIVALENT.items() if c.words.startswith(start)}
    total = len(tried) - len(reasons)
    real = [change for change in left if change not in reasons]
    print(f"{name}: {total - len(real)} of {total}, {1 - len(real) / total:.1%}")
    for change in left:
        print(f"  {change}  ({reasons.get(change, 'NOT NOTICED')})")


def check_excuses(tried: list[Change]) -> None:
    """Stop for an excuse whose line is no more: it would be forgotten, or excuse another."""
    stale = [e for e in EQUIVALENT if not any(c.words.startswith(e) for c in tried)]
    if stale:
        sys.exit(
            "No change begins like this any more, so mend EQUIVALENT:\n  " + "\n  ".join(stale)
        )


def main(*kinds: str) -> None:
    """Score the tests, the chapters, or both."""
    check_excuses([change for module in MODULES for change in changes(module)])
    if not kinds or "tests" in kinds:
        files = sorted(map(str, (ROOT / "tests" / "kernels").glob("test_*.py")))
        kernels = [f for f in files if re.search(r"special|information|families|softmax|valid", f)]
        options = ["--override-ini=addopts=", "-pno:xdist", "-pno:nbval", "-pno:cacheprovider",
                   "-pno:terminal", "--doctest-modules"]  # fmt: skip
        pytest.main([*options, *kernels, str(ROOT / "nll")], plugins=[Tests()])
    if not kinds or "chapters" in kinds:
        plotting.use_style = lambda: None
        plt.show = lambda: plt.close("all")
        tried = left = [c for module in MODULES for c in changes(module) if c.formula]
        for stem in re.findall(r"file: book/(\w+)", (ROOT / "_toc.yml").read_text()):
            if (ROOT / "book" / f"{stem}.ipynb").exists() and stem not in FORKLESS:
                left = unnoticed_by_chapter(stem, left)
        report("Chapters", tried, left)


if __name__ == "__main__":
    main(*sys.argv[1:])
