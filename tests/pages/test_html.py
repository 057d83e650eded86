"""The pages are valid HTML, as the Nu Html Checker of the W3C sees it."""

import json
import os
import shutil
import subprocess

import pytest
from notebooks import ROOT
from site_pages import SITE

JAR = ROOT / "tools" / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"

KNOWN = {
    "Duplicate ID “exercise-content”.": "sphinx-exercise gives all boxes one id; nothing uses it",
    "Duplicate ID “solution-content”.": "the same, for solutions",
    "Element “p” not allowed as child of element “summary” in this context. (Suppressing further "
    "errors from this subtree.)": "MyST-NB puts the words Show code into a paragraph",
}
"""Errors of the theme's extensions, each with the reason why readers lose nothing by it."""


def test_pages_are_valid_html():
    if not shutil.which("java"):
        assert not os.environ.get("CI"), "install Java: .ci/run does"
        pytest.skip("no Java on this machine; CI has one")
    pages = [page for page in SITE.rglob("*.html") if "_static" not in page.parts]
    assert pages, "run `make book` first"
    run = subprocess.run(
        ["java", "-Xss8m", "-XX:TieredStopAtLevel=1", "-jar", str(JAR), "--format", "json",
         "--errors-only", *map(str, pages)],
        capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    errors = [
        f"{error['url'].rpartition('/')[2]}, line {error['lastLine']}: {error['message']}"
        for error in json.loads(run.stderr)["messages"]
        if error["message"] not in KNOWN
    ]
    assert not errors, "\n".join(errors[:20])
