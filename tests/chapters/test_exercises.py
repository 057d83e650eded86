"""Exercises teach: right answers pass the check, and wrong ones, broken ones and the stub do not.

The answers stand in the stub's metadata, "right" and "wrong". The solution is broken by every
small change of tools/mutations.py; what changes no result stands in the solution's metadata,
"survives": {the changed line: the reason}.
"""

import contextlib
import signal
import time
from collections.abc import Iterator
from typing import Any

from downloads import is_solution
from mutations import mutants
from notebooks import LAYOUT, Chapter, Exercise, guarded, lacking, run, tags

SECONDS = 10
"""How long an answer and its check may take; a broken solution, a second or thrice its time."""


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Stop with a TimeoutError what takes too long."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"took more than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def error(namespace: dict[str, Any], *sources: str, seconds: float = SECONDS) -> str | None:
    """Run `sources` in a copy of `namespace`; return what they raise, in one line."""
    try:
        with limited(seconds):
            run(sources, dict(namespace))
    except Exception as raised:  # an answer may raise anything
        return f"{type(raised).__name__}: {raised}"
    return None


def layout(page: Chapter) -> Iterator[str]:
    """Yield the exercises that are not made of six cells."""
    for i, cell in enumerate(page.cells):
        if "exercise-stub" in tags(cell) and (
            missing := lacking(page.cells[max(i - 1, 0) : i + 5])
        ):
            yield (
                f"{page.at(i)}: the exercise lacks {', '.join(missing)}; "
                f"expected in this order: {', '.join(LAYOUT)}"
            )


def answers(page: Chapter) -> Iterator[str]:
    """Yield the exercises whose checks refuse what is right or accept what is not."""
    namespace = run([])
    exercises = {exercise.place: exercise for exercise in page.exercises}
    for i, cell in page.code:
        if "exercise-check" in tags(cell) or is_solution(cell) or not cell.source.strip():
            continue
        run([cell.source], namespace)  # as a student's copy runs, with the stubs
        if i in exercises:
            yield from (f"{page.at(i)}: {fault}" for fault in judged(exercises[i], namespace))


def judged(exercise: Exercise, namespace: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong with one exercise, given all that was defined before it."""
    check, solution, stub = exercise.check.source, exercise.solution, exercise.stub
    if error(namespace, check) is None:
        yield "the check passes on the stub: it must tell a reader who wrote nothing"
    start = time.perf_counter()
    if raised := error(namespace, solution.source, check):
        yield f"the check refuses the solution: {raised}"
    limit = 1 + 3 * (time.perf_counter() - start)
    for kind, least in (("right", 2), ("wrong", 3)):
        listed = stub.metadata.get(kind, [])
        if len(listed) < least:
            there = f"lists {len(listed)} answers; expected {least} or more"
            yield f'"{kind}" in the stub\'s metadata {there}: add some'
    for right in stub.metadata.get("right", []):
        if raised := error(namespace, right, check):
            yield f"the check refuses a right answer: {raised}\n{right}"
    for wrong in stub.metadata.get("wrong", []):
        if error(namespace, wrong, check) is None:
            yield f"the check passes a wrong answer: assert what tells it from a right one\n{wrong}"
    excused = solution.metadata.get("survives", {})
    alive = {
        line
        for code, line in mutants(solution.source)
        if error(namespace, code, check, seconds=limit) is None
    }
    for line in sorted(alive - set(excused)):
        yield (
            f"the check passes the solution changed to `{line}`: assert more, or give "
            'the reason in the solution\'s metadata, "survives": {the line: the reason}'
        )
    for line in sorted(set(excused) - alive):
        yield f'"survives" lists `{line}`, which the check refuses: drop it'


test_exercises = guarded(layout, answers)
