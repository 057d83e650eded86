"""Charts that a reader moves with sliders, on the page alone: no kernel, no server.

A chapter writes one with Altair and the helpers here; formulas are Vega expressions, which look
like the JavaScript they become. The page shows the static drawing and, where scripts run, puts
the live one in its place (``book/assets/explorables.js``). To move a chart in Jupyter itself,
call ``altair.renderers.enable("default")``.

>>> from nll import explorables
>>> slider = explorables.slider("q", "probability q", 0.01, 0.99, 0.01, value=0.5)
>>> curve = explorables.curves("q", (0.01, 0.99), {"loss": "-log(datum.x)"}, at="q")
>>> chart = explorables.explorable(curve, [slider], "'loss ' + format(-log(q), '.3f')", "A curve.")
>>> chart.to_dict()["description"]
'A curve.'
"""

import json
from html import escape
from typing import Any

import altair as alt
import matplotlib as mpl
import vl_convert

from nll.plotting import BLUE, GREEN, GREY, ORANGE, PURPLE

COLORS = [BLUE, ORANGE, PURPLE, GREEN]
DASHES = [[1, 0], [7, 2], [2, 2], [8, 2, 2, 2]]
SIZE = {"width": 290, "height": 200}
"""Narrow enough for a phone with the axis beside it; the page scales it up where there is room."""

CONFIG: dict[str, Any] = {
    "aria": False,  # the drawing is one picture with a text; the numbers are said in words
    "background": None,
    "font": "STIXGeneral, Charter, Georgia, serif",
    "view": {"stroke": None},
    "axis": {
        "grid": False,
        "domainColor": GREY,
        "tickColor": GREY,
        "labelColor": "black",
        "titleColor": "black",
        "labelFontSize": 14,
        "titleFontSize": 14,
        "titleFontWeight": "normal",
        "tickCount": 5,
    },
    "legend": {
        "orient": "top",
        "columns": 2,
        "labelColor": "black",
        "labelFontSize": 14,
        "title": None,
    },
    "text": {"fontSize": 14},
    "line": {"strokeWidth": 2.5},
}

PAGE = """<div class="explorable">
<div class="explorable-sliders"></div>
<output class="explorable-says"></output>
<div role="img" aria-label="{text}">
<div class="explorable-picture" aria-hidden="true">{svg}</div>
</div>
<script type="application/json">{spec}</script>
</div>"""


def render(spec: dict[str, Any], **_: Any) -> dict[str, str]:
    """Return what stands in the page: the drawing, and the chart that will replace it."""
    spec = {**spec, "config": CONFIG}
    svg = vl_convert.vegalite_to_svg(spec, vl_version=".".join(alt.VEGALITE_VERSION.split(".")[:2]))
    data = json.dumps(spec, separators=(",", ":"), sort_keys=True).replace("</", "<\\/")
    return {"text/html": PAGE.format(text=escape(spec["description"]), svg=svg, spec=data)}


def use() -> None:
    """Show every chart from here on as an explorable, drawn alike on every machine."""
    vl_convert.register_font_directory(f"{mpl.get_data_path()}/fonts/ttf")
    alt.renderers.register("nll", render)
    alt.renderers.enable("nll")


def slider(
    name: str, label: str, low: float, high: float, step: float, *, value: float
) -> alt.Parameter:
    """Return a slider that sets the variable `name` of all formulas."""
    range_ = alt.binding_range(min=low, max=high, step=step, name=label)
    return alt.param(name=name, value=value, bind=range_)


def curves(
    title: str,
    domain: tuple[float, float],
    formulas: dict[str, str],
    *,
    at: str,
    y: alt.Y | None = None,
    x: alt.Axis | None = None,
) -> alt.LayerChart | alt.FacetChart:
    """Draw a curve for each of `formulas` in ``datum.x``, and on each a dot where x is `at`."""
    low, high = domain
    names = list(formulas)
    stroke = alt.Legend(symbolType="stroke", symbolSize=600, symbolStrokeWidth=2.5)
    key = stroke if len(names) > 1 else None
    color = alt.Color("curve:N", legend=key).scale(domain=names, range=COLORS[: len(names)])
    dash = alt.StrokeDash("curve:N", legend=key).scale(domain=names, range=DASHES[: len(names)])

    def fold(base: alt.Chart) -> alt.Chart:
        base = base.transform_calculate(**formulas).transform_fold([*names], as_=["curve", "value"])
        return base.encode(
            x=alt.X("x:Q").title(title).scale(domain=domain, nice=False).axis(x or alt.Axis()),
            y=y or alt.Y("value:Q").title(None),
            color=color,
        )

    steps = alt.sequence(low, high + (high - low) / 400, (high - low) / 200, as_="x")
    one = alt.Chart(alt.InlineData(values=[{}])).transform_calculate(x=at)
    lines = fold(alt.Chart(steps)).mark_line().encode(strokeDash=dash)
    dots = fold(one).mark_circle(size=110, opacity=1)
    rule = one.mark_rule(color=GREY, strokeDash=[2, 2]).encode(x="x:Q")
    return alt.layer(rule, lines, dots)


def explorable(chart: Any, sliders: list[alt.Parameter], says: str, text: str) -> Any:
    """Join `chart` and `sliders`; `says` is the line of numbers, `text` tells what is seen."""
    sized = chart.properties(description=text, **SIZE)
    return sized.add_params(*sliders, alt.param(name="says", expr=says))
