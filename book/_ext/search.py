"""Make the search answer as this book's reader asks, and move little.

Korean is found as compounds without their spaces, and in words with a particle: 교차 엔트로피,
교차엔트로피, and 교차 엔트로피는 find the same pages. What is looked for is prose, not code. A term
of the glossary leads first to the chapter that explains it. Excerpts come from pages' bare text.
"""

import re
from pathlib import Path
from typing import Any

import sphinx.search
from bs4 import BeautifulSoup
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.search import IndexBuilder
from sphinx.search.en import SearchEnglish, js_porter_stemmer

COMPOUND = re.compile(r"[가-힣]+(?: [가-힣]+)+")
PARTICLE = re.compile(r"^([가-힣 ]{2,}?)(?:에서|으로|은|는|이|가|을|를|의|에|와|과|로)$")

GLOSSARY = "book/glossary"
NOT_SOUGHT = (nodes.literal_block, nodes.math, nodes.math_block, nodes.raw)
NOT_QUOTED = (
    ".headerlink, script, style, pre, .display, form, button, svg, "
    ".definition, .take-along, #jb-print-docs-body, .prev-next-footer, summary"
)


class SearchBoth(SearchEnglish):
    """English words, stemmed, and Korean ones without their particle."""

    js_stemmer_code = f"""{js_porter_stemmer}
const English = Stemmer;
Stemmer = function () {{
  const english = new English();
  this.stemWord = (word) =>
    /[가-힣]/.test(word) ? word.replace(/{PARTICLE.pattern}/, "$1") : english.stemWord(word);
}};"""

    def split(self, input: str) -> list[str]:
        """Return the words of `input`, and its Korean compounds in one piece."""
        return super().split(input) + [c.replace(" ", "") for c in COMPOUND.findall(input)]

    def stem(self, word: str) -> str:
        """Return the stem of `word`."""
        return PARTICLE.sub(r"\1", word) if re.search("[가-힣]", word) else super().stem(word)

    def word_filter(self, word: str) -> bool:
        """Tell whether anyone looks for `word`; Sphinx leaves numbers out of questions as well."""
        return not word[:1].isdigit() and super().word_filter(word)


class ProseIndex(IndexBuilder):
    """Words, headings, and the terms of the glossary with the chapters that explain them."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.explained: dict[str, set[tuple[str, str, str]]] = {}

    def feed(self, docname: str, filename: str, title: str, doctree: nodes.document) -> None:
        """Take in a page."""
        prose = doctree.deepcopy()
        for node in list(prose.findall(lambda node: isinstance(node, NOT_SOUGHT))):
            node.parent.remove(node)
        super().feed(docname, filename, title, prose)
        heads = {None, *(section["ids"][0] for section in prose.findall(nodes.section))}
        self._all_titles[docname] = [head for head in self._all_titles[docname] if head[1] in heads]
        for item in prose.findall(nodes.definition_list_item) if docname == GLOSSARY else []:
            links = [link.get("refuri", "") for link in item.findall(nodes.reference)]
            terms = {term.astext() for term in item.findall(nodes.term)}
            entries = {(t, "", "main") for term in terms for t in (term, term.replace("-", " "))}
            chapter = f"book/{links[-1].removesuffix('.html')}"
            self.explained.setdefault(chapter, set()).update(entries)

    def freeze(self) -> Any:
        """Return all that was taken in."""
        for chapter, entries in self.explained.items():
            self._index_entries[chapter] += sorted(entries)
        return super().freeze()


def write_prose(site: Path, pages: list[Path]) -> None:
    """Write beside each page the bare text of which the search quotes."""
    for page in pages:
        soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
        for article in soup.select("article"):
            for element in article.select(NOT_QUOTED):
                element.decompose()
            for element in article.find_all(True):
                element.attrs = {key: element[key] for key in ["id"] if element.get(key)}
                if not element.attrs:
                    element.unwrap()
            text = " ".join(article.decode_contents().split())
            path = site / "_static/prose" / page.relative_to(site).with_suffix(".txt")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f'<div role="main">{text}</div>', encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx, in place of its English and of its index of everything."""
    app.add_search_language(SearchBoth)
    sphinx.search.IndexBuilder = ProseIndex  # type: ignore[misc,assignment]
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
