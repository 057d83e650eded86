"""Tell the package index what only the place of publication knows; without it, invent nothing.

The workflow that releases sets the variables of ``book/_ext/publishing.py``; the rest of the
metadata stands in ``pyproject.toml``.
"""

import os
import re
from pathlib import Path

from setuptools import setup


def absolute(text: str, repository: str, commit: str, book: str) -> str:
    """Return `text` with the links that hold in the repository, or on its pages, made absolute."""
    if not repository:
        return text
    files = repository.replace("//github.com/", "//raw.githubusercontent.com/", 1)
    text = re.sub(r' src="(?!https?:)', f' src="{files}/{commit}/', text)
    text = text.replace("](../../deployments/github-pages)", f"]({book})") if book else text
    text = text.replace("](../../", f"]({repository}/")
    return re.sub(r"\]\((?!https?:|#)", f"]({repository}/blob/{commit}/", text)


if __name__ == "__main__":
    repository, commit, book = (
        os.environ.get(f"BOOK_{name}", "") for name in ("REPOSITORY", "COMMIT", "URL")
    )
    readme = Path(__file__).with_name("README.md").read_text(encoding="utf-8")
    urls = {
        "Book": book,
        "Source": repository,
        "Issues": repository and f"{repository}/issues",
        "Changelog": repository and f"{repository}/blob/{commit}/CHANGELOG.md",
    }
    setup(
        long_description=absolute(readme, repository, commit, book),
        long_description_content_type="text/markdown",
        project_urls={name: url for name, url in urls.items() if url},
    )
