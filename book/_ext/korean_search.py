"""Let the search find Korean: compounds without their spaces, and words with a particle.

교차 엔트로피, 교차엔트로피, and 교차 엔트로피는 find the same pages.
"""

import re
from typing import Any

from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish, js_porter_stemmer

COMPOUND = re.compile(r"[가-힣]+(?: [가-힣]+)+")
PARTICLE = re.compile(r"^([가-힣]{2,}?)(?:에서|으로|은|는|이|가|을|를|의|에|와|과|로)$")


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


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx, in place of its English."""
    app.add_search_language(SearchBoth)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
