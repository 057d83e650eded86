"""Let the search find a Korean compound also without its spaces: 교차 엔트로피, 교차엔트로피."""

import re
from typing import Any

from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish

COMPOUND = re.compile(r"[가-힣]+(?: [가-힣]+)+")


class SearchBoth(SearchEnglish):
    """English words, stemmed, and Korean ones as they are."""

    def split(self, input: str) -> list[str]:
        """Return the words of `input`, and its Korean compounds in one piece."""
        return super().split(input) + [c.replace(" ", "") for c in COMPOUND.findall(input)]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx, in place of its English."""
    app.add_search_language(SearchBoth)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
