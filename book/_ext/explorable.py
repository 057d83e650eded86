"""The directive ``explorable``: in a page without cells, Python that ends in an explorable.

```
:::{explorable} The caption.
:name: fig-page-name

chart = explorables.curves(...)
explorables.explorable(chart, sliders, says, text)
:::
```
"""

import ast
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from nll import explorables


class Explorable(SphinxDirective):
    """Read one."""

    has_content = True
    required_arguments = 1
    final_argument_whitespace = True
    option_spec = {"name": directives.unchanged}  # noqa: RUF012  as docutils wants it

    def run(self) -> list[nodes.Node]:
        """Return the figure: the drawing with its sliders, and the caption."""
        self.env.note_dependency(explorables.__file__)
        tree = ast.parse("\n".join(self.content))
        last, names = tree.body.pop(), {"explorables": explorables}
        exec(compile(tree, self.env.docname, "exec"), names)
        shown = eval(ast.unparse(last), names)
        words, messages = self.parse_inline(self.arguments[0])
        html = nodes.raw("", shown._repr_html_(), format="html")
        figure = nodes.figure("", html, nodes.caption("", "", *words))
        self.set_source_info(figure)
        self.add_name(figure)
        return [figure, *messages]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.add_directive("explorable", Explorable)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
