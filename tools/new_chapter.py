"""Write the skeleton of a chapter: ``make chapter NAME=topic``.

It has the frame that the guards ask for, one display, one figure and three exercises. What is
to be rewritten stands in capitals.
"""

import re
import sys
from pathlib import Path

import nbformat
from execute import execute
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ROOT = Path(__file__).resolve().parent.parent
TITLE = """# SAY WHAT THE READER WILL DO

:::{admonition} In this chapter
:class: chapter-frame
- **You will be able to** SAY WHAT.
- **Needs** {doc}`likelihood`.
- **Takes** about 30 minutes.
:::

OPEN WITH A CONCRETE CASE. And with what every chapter imports:"""
IMPORTS = """import matplotlib.pyplot as plt
import numpy as np

import nll
from nll import plotting

plotting.use_style()"""
DISPLAY = r"""## SAY THE FIRST STEP

THE ENTROPY IS

$$
H(p) = -\sum_{k=1}^{K} p_k \cdot \log p_k
$$ (eq-NAME-entropy)

:::{predict}
:answer: 2

ASK WHAT MOST GET WRONG.

THE USUAL ANSWER
: SAY WHAT IT OVERLOOKS.

THE RIGHT ONE
: Right. SAY WHY.
:::

HOW LARGE IS IT?"""
NUMBER = """entropy = nll.entropy([0.5, 0.5])
assert np.isclose(entropy, np.log(2), rtol=1e-12, atol=0)
print(f"{entropy:.3f}")"""
FIGURE = """fig, ax = plt.subplots(figsize=(5.4, 3.2))
q = np.linspace(0.01, 1, 100)
ax.plot(q, -np.log(q))
ax.set(xlabel="$q$", ylabel=r"$-\\log q$")
plt.show()"""
WORDS = {
    "figure": {"name": "fig-NAME-curve", "caption": "SAY IN ONE SENTENCE WHAT THE CURVE SHOWS."},
    "image": {"alt": "A CURVE THAT FALLS FROM THE LEFT TO THE RIGHT, STEEPLY AT FIRST."},
}
PRACTICE = """IT IS 0.693 NATS.

## In practice

NAME THE CALLS OF LIBRARIES THAT WERE RUN, AND THEIR VERSIONS.

## Exercises"""
SOLUTION = """```{{solution-start}} ex-{topic}-{number}
:label: sol-{topic}-{number}
:class: dropdown
```"""
READING = """## Further reading

{cite:t}`fisher1922mathematical`, FOR WHAT."""


def exercise(topic: str, number: int) -> list[nbformat.NotebookNode]:
    """Return the six cells of an exercise."""
    label, power = f"ex-{topic}-{number}", number
    task = f"Write `raised(x)`: `x` to the power {power}, plus 1. REPLACE THIS TASK."
    stub = {
        "right": [
            f"def raised(x): return 1 + np.power(x, {power})",
            f"def raised(x): return np.prod([x] * {power}, axis=0) + 1",
        ],
        "tags": ["exercise-stub"],
        "wrong": [
            f"def raised(x): return {answer}" for answer in ("x", f"x * {power} + 2", "x**9")
        ],
    }
    check = f"""x = np.array([0.3, 2.0])
got = raised(x)
assert got is not None, "raised(x) returned nothing"
assert np.allclose(got, [{0.3**power + 1!r}, {2.0**power + 1!r}], atol=0), f"got {{got}}\""""
    return [
        new_markdown_cell(f"```{{exercise}} TASK {number}\n:label: {label}\n\n{task}\n```"),
        new_code_cell("def raised(x): ...", metadata=stub),
        new_markdown_cell(SOLUTION.format(topic=topic, number=number)),
        new_code_cell(
            f"def raised(x):\n    return x**{power} + 1",
            metadata={"jupyter": {"source_hidden": True}, "tags": ["exercise-solution"]},
        ),
        new_markdown_cell("```{solution-end}\n```"),
        new_code_cell(check, metadata={"tags": ["exercise-check"]}),
    ]


def main(topic: str) -> None:
    """Write book/<topic>.ipynb and its readings, and say what is left to do."""
    path = ROOT / "book" / f"{topic}.ipynb"
    if not re.fullmatch(r"[a-z][a-z_]*", topic) or path.exists():
        sys.exit(f"expected a new name of small letters and underscores, got {topic!r}")
    named = topic.replace("_", "-")
    cells = [
        new_markdown_cell(TITLE),
        new_code_cell(IMPORTS),
        new_markdown_cell(DISPLAY.replace("NAME", named)),
        new_code_cell(NUMBER),
        new_markdown_cell("AND DRAWN?"),
        new_code_cell(FIGURE, metadata={"mystnb": WORDS}),
        new_markdown_cell(PRACTICE),
        *(cell for number in (2, 3, 4) for cell in exercise(named, number)),
        new_markdown_cell(READING),
    ]
    cells[5].metadata.mystnb.figure.name = f"fig-{named}-curve"
    nbformat.write(new_notebook(cells=cells), path)
    execute(path)
    reading = ROOT / "tests" / "chapters" / "readings" / f"{topic}.py"
    reading.write_text(
        f'"""What the quantities in the displays of {topic} are worth."""\n\n'
        'from scipy import stats\n\nNAMES = {"H(p)": lambda p: stats.entropy(p)}\n',
        encoding="utf-8",
    )
    lists = "_toc.yml, README.md, README.ko.md, book/index.md, book/about.md, paper/paper.md"
    print(f"Name it in {lists}: CONTRIBUTING.md says how")


if __name__ == "__main__":
    main(*sys.argv[1:])
