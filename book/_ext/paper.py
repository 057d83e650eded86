"""Set the book for paper: its parts, its pictures, and what moves only on the page."""

import hashlib
import os
import re
from pathlib import Path
from typing import Any

import matplotlib as mpl
import vl_convert
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.builders.latex.nodes import thebibliography
from sphinx.config import Config
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.transforms.post_transforms.images import ImageConverter

from nll import __version__

DRAWING = re.compile(r'class="explorable".*?(<svg.*</svg>)', re.DOTALL)
COUNTERS = {"figure": "figure", "displaymath": "equation"}
MOVES = addnodes.centered("", "", nodes.emphasis("", "On the page, sliders move this drawing."))
WORD = re.compile(r"[^\s._,/]+[._,/]?")
LONG, WIDE = 30, 90  # rows after which a table may end on the next page; letters in a line
REFERENCES = "book/references"


def tex(code: str) -> nodes.raw:
    """Return a line of LaTeX."""
    return nodes.raw("", f"\n{code}\n", format="latex")


def write_pdf(svg: str, path: str | Path) -> None:
    """Write the drawing `svg` as PDF."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(vl_convert.svg_to_pdf(svg))


class PictureConverter(ImageConverter):
    """Turn the stored figures into PDF."""

    conversion_rules = [  # noqa: RUF012  as Sphinx declares it
        ("image/svg+xml", "application/pdf")
    ]

    def is_available(self) -> bool:
        """Tell that nothing else has to be installed."""
        return True

    def convert(self, _from: str | os.PathLike[str], _to: str | os.PathLike[str]) -> bool:
        """Convert one figure."""
        write_pdf(Path(_from).read_text(encoding="utf-8"), Path(_to))
        return True


class OnPaper(SphinxPostTransform):
    """Show what stands still: the drawings of explorables, at their size, and tables in a page."""

    builders = ("latex",)
    default_priority = 100  # after the choice among a cell's outputs, before the pictures

    def run(self, **_: Any) -> None:
        """Replace what is for the page alone, or leave it out."""
        for cell in list(self.document.findall(nodes.container)):
            if "tag_hide-input" in cell["classes"]:
                cell.remove(cell.children[0])
        for html in list(self.document.findall(nodes.raw)):
            if html["format"] == "html" and (found := DRAWING.search(html.astext())):
                html.replace_self([self.picture(found[1]), MOVES.deepcopy()])
        for image in self.document.findall(nodes.image):
            if "width" not in image:
                image["scale"] = 70  # of a PDF whose points are the pixels of the page
        for table in self.document.findall(nodes.table):
            self.fit(table)
        self.keep_footnotes()

    def fit(self, table: nodes.table) -> None:
        """Give each column of a large table its longest word, and a share of what room is left."""
        rows = [[cell.astext() for cell in row] for row in table.findall(nodes.row)]
        columns = list(zip(*rows, strict=True))
        words = [max(map(len, WORD.findall(" ".join(column))), default=0) for column in columns]
        texts = [max(map(len, column)) for column in columns]
        if len(rows) > LONG or sum(texts) > WIDE:
            share = max(0, WIDE - sum(words)) / max(1, sum(texts) - sum(words))
            for column, word, text in zip(table.findall(nodes.colspec), words, texts, strict=True):
                column["colwidth"] = round(4 + word + share * (text - word))
            table["classes"].append("colwidths-given")

    def keep_footnotes(self) -> None:
        """Leave the references of a docstring there, out of the bibliography."""
        for kind, shown in (nodes.citation, slice(1, None)), (nodes.citation_reference, slice(0)):
            for node in list(self.document.findall(kind)):
                if node["docname"] != REFERENCES:
                    node.parent.replace(node, node.children[shown])

    def picture(self, svg: str) -> nodes.image:
        """Return the drawing as a picture of this document."""
        name = hashlib.sha256(svg.encode()).hexdigest()
        path = str(Path(self.app.doctreedir) / "images" / f"{name}.pdf")
        write_pdf(svg, path)
        self.env.images.add_file(self.env.docname, path)
        return nodes.image(uri=path, candidates={"*": path}, align="center")


class Parts(SphinxPostTransform):
    """Make the table of contents' captions into parts, and number chapters only where it does."""

    builders = ("latex",)
    default_priority = 760  # when the bibliography has been collected

    def run(self, **_: Any) -> None:
        """Rearrange the whole book."""
        front = self.document.next_node(nodes.section)
        book = nodes.section("", nodes.title("", self.config.project))
        parts = [c for c in front.findall(nodes.compound) if "toctree-wrapper" in c["classes"]]
        trees = self.config.external_site_map.root.subtrees
        for part, tree in zip(parts, trees, strict=True):
            part.parent.remove(part)
            numbered = int(tree.numbered or 0)
            part.insert(0, tex(rf"\bookpart{{{tree.caption}}}{{{numbered - 1}}}"))
            if not numbered:
                self.count_on(part)
        front.replace_self(book)
        book += [tex(r"\setcounter{secnumdepth}{-1}"), front, *parts]
        self.place_bibliography()

    def count_on(self, part: nodes.compound) -> None:
        """Let figures and equations outside of numbered chapters count as on the pages."""
        for chapter in part.findall(addnodes.start_of_file):
            for kind, counter in COUNTERS.items():
                numbers = self.env.toc_fignumbers.get(chapter["docname"], {}).get(kind, {})
                if numbers:
                    before = min(number[-1] for number in numbers.values()) - 1
                    chapter.insert(0, tex(rf"\setcounter{{{counter}}}{{{before}}}"))

    def place_bibliography(self) -> None:
        """Put the bibliography under its own heading."""
        for chapter in self.document.findall(addnodes.start_of_file):
            if chapter["docname"] == REFERENCES:
                for entries in list(self.document.findall(thebibliography)):
                    entries.parent.remove(entries)
                    chapter.next_node(nodes.section).append(entries)


def configure(app: Sphinx, config: Config) -> None:
    """Name the edition on the title page."""
    config.latex_elements["releasename"] = f"Edition {__version__}"


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    vl_convert.register_font_directory(f"{mpl.get_data_path()}/fonts/ttf")
    app.connect("config-inited", configure)
    app.add_post_transform(PictureConverter)
    app.add_post_transform(OnPaper)
    app.add_post_transform(Parts)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
