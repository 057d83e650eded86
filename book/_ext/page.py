"""Make the pages that readers get of those that Sphinx and its theme write.

``book/_templates`` changes what a template reaches. The rest is done here, once the site is
written, in one visible order (`finish`). Each edit names the words of the theme that it expects,
and when it can go; the build fails if they are gone.
"""

import re
import unicodedata
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import downloads
import publishing
import search
import sheet
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.writers.html5 import HTML5Translator
from sphinx_exercise.nodes import solution_node

UNUSED = re.compile(r"(?i)thebe|documentation_options|design-tabs|toggle(?!.*sidebar)")
"""Scripts of which no page here has a use; the second is in the page itself."""

EDITS = [
    # A column of links in no landmark: drop when pydata-sphinx-theme makes the sidebar one.
    (r'<div id="pst-primary-sidebar"', r'\g<0> role="complementary" aria-label="Book"'),
    # A role that WAI-ARIA has withdrawn: drop when docutils writes none.
    (r'role="doc-biblioentry"', 'role="listitem"'),
    # Details need a summary, without a link: drop when sphinx-exercise folds solutions itself.
    (
        r'(<details class="solution[^>]*>\s*)<p class="admonition-title">'
        r"(.*?)<a [^>]*>(.*?)</a>\s*</p>",
        r"\1<summary>\2\3</summary>",
    ),
    # A name that is not the words that are seen: drop when MyST-NB gives folded code none.
    (r'<summary aria-label="Toggle hidden content">', "<summary>"),
    # 80 KB for tooltips, which browsers have, and menus, which popovers are: drop when the theme
    # does without.
    (r'<script defer src="[^"]*scripts/bootstrap\.js[^"]*"></script>', ""),
    (
        r'(dropdown-(\w+)-buttons">[^>]*?)data-bs-toggle="dropdown" aria-expanded="false"'
        r'(.*?)class="dropdown-menu"',
        r'\1popovertarget="\2-menu"\3class="dropdown-menu" id="\2-menu" popover',
    ),
    # A quarter of a chapter's elements, in the color around them: drop when Pygments writes none.
    (r'<span class="(?:nn?|p|w)">([^<]*)</span>', r"\1"),
]
THEME, SEARCH = "scripts/pydata-sphinx-theme.js", "searchtools.js"
SCRIPT_EDITS = {
    THEME: [
        # The theme lays out the page box after box, for the tab stops that book.js sets: drop when
        # it reads all widths before it writes.
        (
            r',"complete"===document\.readyState\?(\w+)\(\):window\.addEventListener\("load",\1\)',
            "",
        ),
    ],
    SEARCH: [
        # A whole page is fetched for each excerpt, with each formula three times, and the words of
        # buttons: drop when Sphinx takes excerpts from the index.
        (
            r"else if \(showSearchSummary\)(\s+)fetch\(requestUrl\)",
            r"else if (showSearchSummary && Search.output.children.length < 3)\1"
            r"fetch(`${contentRoot}_static/prose/${docName}.txt`)",
        ),
        # A concept with its particle is none of the index: drop when Sphinx asks the language.
        (
            r"(const queryLower = query\.toLowerCase\(\)\.trim\(\))",
            rf'\1.replace(/{search.PARTICLE.pattern}/, "$1")',
        ),
        # The pages that are read first come first: drop when Sphinx ranks by count.
        (
            r"var Scorer = \{",
            r"\g<0> score: ([name, , , , score]) => score - 1.5 * ORDER.indexOf(name),",
        ),
    ],
}

NAMES = re.compile(r'(?<=<span class="pre">)[^<]+|(?<=<span class="sig-paren">)\(')
BREAKS = re.compile(r"[._(,](?=[A-Za-z])|^\($|(?<=[A-Za-z]{12}[a-z])(?=[A-Z])")
"""Where a long name may go on in the next line."""

PICTURE = re.compile(r'<img [^>]*src="([^"]*_images/[^"]*\.svg)"[^>]*>')
TAKES = re.compile(r"<strong>Takes</strong> (?:about )?(\d+) minutes")
CHAPTER = re.compile(
    r'(<li class="toctree-l1[^"]*"><a class="[^"]*reference internal" href="(?:[^"]*/)?([^"/]*)">)'
    r"([^<]*)</a>"
)
KOREAN = re.compile(r"[ㄱ-ㅎ]|[가-힣]+(?: [가-힣]+)*")
LAUNCHER = re.compile(
    r'<script type="text/x-thebe-config">.*?</script>\s*<script>.*?</script>', re.DOTALL
)
SCROLLS = re.compile(r'<div class="(display|pst-scrollable-table-container)"|<pre(?=>)')
LABELS = {"display": "Formula", "pst-scrollable-table-container": "Table", None: "Code"}
"""What may be wider than a page, and its name for those who come to it by the keyboard."""


def choose_scripts(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Leave out scripts that no page uses, and let the others wait for the page."""
    scripts, body = context.get("script_files", []), context.get("body", "")
    unused = UNUSED if "highlight" in body else re.compile(f"{UNUSED.pattern}|copybutton|clipboard")
    context["script_files"] = [
        script
        for script in scripts
        if not unused.search(f"{script.filename}{script.attributes.get('body')}")
    ]
    context["css_files"] = [css for css in context["css_files"] if "thebe" not in str(css.filename)]
    context["body"] = LAUNCHER.sub("", body)
    for script in context["script_files"]:
        if script.filename:
            script.attributes.setdefault("defer", "defer")


def head_index(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Let the letters of Korean terms, which Sphinx takes out of syllables, stand by themselves."""

    def alone(key: str) -> str:
        name = unicodedata.name(key[0], "")
        return unicodedata.lookup(name.replace("CHOSEONG", "LETTER")) if "CHOSEONG" in name else key

    if "genindexentries" in context:
        context["genindexentries"] = [(alone(k), terms) for k, terms in context["genindexentries"]]


def keep_together(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Let no line begin with the full stop after a formula, nor end with the bracket before it."""
    for math in list(doctree.findall(nodes.math)) if app.builder.format == "html" else []:
        parent, place = math.parent, math.parent.index(math)
        around = parent[max(place - 1, 0) : place], parent[place + 1 : place + 2]
        before, after = ("".join(n for n in found if isinstance(n, nodes.Text)) for found in around)
        opening = (re.search(r"[(\[“]*$", before) or [""])[0]
        closing = (re.match(r"[^\w\s]*", after) or [""])[0]
        if opening:
            parent[place - 1] = nodes.Text(before.removesuffix(opening))
        if closing:
            parent[place + 1] = nodes.Text(after.removeprefix(closing))
        if opening or closing:
            group = nodes.inline(classes=["together"])
            parent[place] = group
            group += [nodes.Text(opening), math, nodes.Text(closing)]


def chart_first(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Let the sliders follow the question at once, and the code that made them come after."""
    for raw in list(doctree.findall(nodes.raw)) if app.builder.format == "html" else []:
        if 'class="explorable"' in raw.astext() and "cell" in raw.parent.parent.get("classes", []):
            raw.parent.parent.children.reverse()


def visit_solution(self: HTML5Translator, node: solution_node) -> None:
    """Fold a solution without a script."""
    self.body.append(self.starttag(node, "details", CLASS="solution admonition"))


def depart_solution(self: HTML5Translator, node: solution_node) -> None:
    """Close a solution."""
    self.body.append("</details>\n")


def edit(text: str, edits: list[tuple[str, str]], done: set[str]) -> str:
    """Return `text` with all `edits`; note in `done` which of them found their words."""
    for pattern, replacement in edits:
        text, count = re.subn(pattern, replacement, text, flags=re.DOTALL)
        done |= {pattern} if count else set()
    return text


def size(path: Path) -> tuple[int, int]:
    """Return width and height of the drawing at `path`, in CSS pixels."""
    root = ElementTree.parse(path).getroot()
    unit = 4 / 3 if root.attrib["width"].endswith("pt") else 1
    width, height = (float(re.sub("[a-z]+$", "", root.attrib[k])) for k in ("width", "height"))
    return round(width * unit), round(height * unit)


def frame(html: str, page: Path) -> str:
    """Return `html` with each picture in a box that scrolls, and its size known beforehand."""

    def box(image: re.Match[str]) -> str:
        path = (page.parent / image[1]).resolve()
        width, height = size(path)
        if "<text" in (drawing := path.read_text(encoding="utf-8")):  # in the page's own letters
            alt = re.search(r'alt="([^"]*)"', image[0])
            drawing = re.sub(r'\s*<title>.*?</title>| font-family="[^"]*"', "", drawing)
            return (
                f'<span class="picture" role="img" aria-label="{alt and alt[1]}">{drawing}</span>'
            )
        tag = image[0].replace("<img ", f'<img width="{width}" height="{height}" ')
        return f'<span class="picture" style="--width: {width}px">{tag}</span>'

    return PICTURE.sub(box, html)


def reach(html: str) -> str:
    """Return `html` with all that may scroll in the keyboard's reach; book.js drops the rest."""
    return SCROLLS.sub(
        lambda box: f'{box[0]} tabindex="0" role="group" aria-label="{LABELS[box[1]]}"', html
    )


def add_minutes(html: str, minutes: dict[str, str]) -> str:
    """Return `html` with the time that each chapter takes beside its name."""

    def add(link: re.Match[str]) -> str:
        time = minutes.get(link[2])
        return (
            f'{link[1]}{link[3]} <span class="minutes">{time} min</span></a>' if time else link[0]
        )

    return CHAPTER.sub(add, html)


def mark_korean(html: str) -> str:
    """Return `html` with the language of its Korean words, for voices and fonts."""

    def mark(text: re.Match[str]) -> str:
        return KOREAN.sub(r'<span lang="ko">\g<0></span>', text[0])

    head, article, rest = html.partition("<article")
    return head + article + re.sub(r"(?<=>)[^<>]+(?=<)", mark, rest)


def break_names(html: str) -> str:
    """Return `html` with places in its code where a narrow line may end."""
    return NAMES.sub(lambda name: BREAKS.sub(r"\g<0><wbr>", name[0]), html)


def edit_pages(pages: list[Path]) -> set[str]:
    """Edit all pages; return which edits found their words."""
    done: set[str] = set()
    texts = {page: page.read_text(encoding="utf-8") for page in pages}
    found = {page.name: TAKES.search(html) for page, html in texts.items()}
    minutes = {name: takes[1] for name, takes in found.items() if takes}
    for page, text in texts.items():
        html = add_minutes(edit(text, EDITS, done), minutes | {"#": minutes.get(page.name, "")})
        html = mark_korean(reach(break_names(frame(html, page))))
        page.write_text(html, encoding="utf-8")
    return done


def edit_scripts(static: Path, order: list[str]) -> set[str]:
    """Edit the scripts of the theme and of the search; return which edits found their words."""
    done: set[str] = set()
    for name, edits in SCRIPT_EDITS.items():
        text = edit((static / name).read_text(encoding="utf-8"), edits, done)
        order_ = f"const ORDER = {order};\n" if name == SEARCH else ""
        (static / name).write_text(order_ + text, encoding="utf-8")
    return done


def send_on(site: Path, first: str, title: str) -> None:
    """Send a reader who opens the site's folder on to the title page."""
    (site / "index.html").write_text(
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f'<meta http-equiv="refresh" content="0; url={first}">\n<a href="{first}">{title}</a>\n',
        encoding="utf-8",
    )


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Do what needs the whole site, step by step."""
    if exception or app.builder.format != "html":
        return
    site, static = Path(app.outdir), Path(app.outdir) / "_static"
    (site / "index.html").unlink()  # Jupyter Book's, which `send_on` writes better
    pages = [page for page in site.rglob("*.html") if static not in page.parents]
    order = [*app.env.toctree_includes[app.config.root_doc], app.config.root_doc]
    done = edit_pages(pages) | edit_scripts(static, order)
    wanted = {pattern for pattern, _ in sum(SCRIPT_EDITS.values(), EDITS)}
    if wanted - done:
        raise ExtensionError(f"page: nothing of the theme contains {wanted - done}")
    sheet.join(static, pages)
    send_on(site, f"{app.config.root_doc}.html", app.config.html_title)
    downloads.rewrite(app)
    publishing.publish(app)
    search.write_prose(site, pages)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx; what other extensions copy is there before."""
    app.add_node(solution_node, override=True, html=(visit_solution, depart_solution))
    app.connect("doctree-resolved", keep_together)
    app.connect("doctree-resolved", chart_first)
    app.connect("html-page-context", choose_scripts, priority=900)
    app.connect("html-page-context", head_index)
    app.connect("build-finished", finish, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
