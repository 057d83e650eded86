"""The directive ``predict``: a question, the reader's guess, and what the guess reveals.

```
:::{predict}
:answer: 2

The question.

the first choice
: What it reveals.

the second choice
: What it reveals.
:::
```

With ``:tolerance:`` the answer is a number, and the terms are numbers that readers often give; a
last term that is none catches all others. What follows the list stands below it. Without scripts
the answer opens all the same (``book/assets/book.js`` looks the guess up); on paper it is text.
"""

import json
from collections.abc import Callable
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator
from sphinx.writers.latex import LaTeXTranslator

Visitor = Callable[[Any, Any], None]


class guess(nodes.General, nodes.Element):  # noqa: N801  as docutils names its nodes
    """What the reader chooses from, or types a number into."""


class choice(nodes.General, nodes.TextElement):  # noqa: N801
    """One of them."""


class answer(nodes.General, nodes.Element):  # noqa: N801
    """What opens then."""


def number(text: str) -> float | None:
    """Return the number that `text` is, if it is one."""
    try:
        return float(text.replace("−", "-").replace("\u00a0", ""))
    except ValueError:
        return None


class Predict(SphinxDirective):
    """Read one."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec = {  # noqa: RUF012  as docutils wants it
        "answer": directives.unchanged_required,
        "tolerance": directives.unchanged_required,
        "unit": directives.unchanged,
    }

    def run(self) -> list[nodes.Node]:
        """Return the box, with the question, the form and the answer."""
        title = self.arguments[0] if self.arguments else "Predict first"
        box = nodes.admonition("", nodes.title("", title), classes=["predict"])
        content = self.parse_content_to_nodes()
        lists = [i for i, node in enumerate(content) if isinstance(node, nodes.definition_list)]
        if len(lists) != 1 or "answer" not in self.options:
            raise self.error("predict: one definition list of guesses, and :answer:, are needed")
        place = lists[0]
        terms = [item[0] for item in content[place]]
        form = guess("", name=f"guess-{self.env.new_serialno('guess')}", **self.options)
        if "tolerance" in self.options:
            numbers = [number(term.astext()) for term in terms]
            right = [n for n in numbers if n is not None and self.within(n)]
            if len(right) != 1 or None in numbers[:-1]:
                raise self.error("predict: one term is the answer; only the last is no number")
            form["values"] = json.dumps(numbers)
        elif self.options["answer"] not in map(str, range(1, len(terms) + 1)):
            raise self.error("predict: :answer: is the number of a choice, or lacks :tolerance:")
        else:
            form += [choice("", "", *(child.deepcopy() for child in t.children)) for t in terms]
        box += [*content[:place], form, answer("", *content[place:])]
        return [box]

    def within(self, value: float) -> bool:
        """Tell whether `value` is right."""
        return abs(value - float(self.options["answer"])) <= float(self.options["tolerance"])


def visit_guess(self: HTML5Translator, node: guess) -> None:
    """Open the form."""
    data = {key: node[key] for key in ("answer", "tolerance", "values") if key in node}
    attributes = {f"data-{key}": value for key, value in data.items()}
    self.body.append(self.starttag(node, "form", CLASS="guess", **attributes))
    self.body.append("<fieldset>\n<legend>Your guess</legend>\n")
    if "values" in node:
        self.body.append(
            '<label>a number <input type="text" inputmode="decimal" name="number" required> '
            f"{self.encode(node.get('unit', ''))}</label>\n"
        )


def visit_choice(self: HTML5Translator, node: choice) -> None:
    """Open a choice."""
    value, name = node.parent.index(node) + 1, node.parent["name"]
    self.body.append(f'<label><input type="radio" name="{name}" value="{value}" required> <span>')


def begin_list(self: LaTeXTranslator, node: guess) -> None:
    """Begin the choices on paper."""
    self.body.append("\n\\begin{itemize}\n" if node.children else "")


def end_list(self: LaTeXTranslator, node: guess) -> None:
    """End the choices on paper."""
    self.body.append("\\end{itemize}\n" if node.children else "")


def writes(words: str) -> Visitor:
    """Return what writes the same words whatever the node."""
    return lambda self, node: self.body.append(words)


COMPARE = '<button>Compare</button> <span role="status"></span>\n</fieldset>\n</form>\n'
OPENS = writes('<details class="answer">\n<summary>Answer</summary>\n'), writes("</details>\n")
STANDS = writes("\n\\textit{Answer}\n"), writes("\n")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    label, item = (visit_choice, writes("</span></label>\n")), (writes("\\item "), writes("\n"))
    app.add_node(guess, html=(visit_guess, writes(COMPARE)), latex=(begin_list, end_list))
    app.add_node(choice, html=label, latex=item)
    app.add_node(answer, html=OPENS, latex=STANDS)
    app.add_directive("predict", Predict)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
