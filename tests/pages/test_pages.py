"""The built pages are complete, linked, rendered, and ask no other server for anything."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from notebooks import ROOT
from site_pages import NAMES, PAGES, SITE, soup

every_page = pytest.mark.parametrize("page", PAGES, ids=NAMES)

LOADS = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src"}


def test_the_site_has_every_page_of_the_contents():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    files = [toc["root"], *(c["file"] for part in toc["parts"] for c in part["chapters"])]
    missing = [file for file in files if not (SITE / f"{file}.html").is_file()]
    assert not missing, f"run `make book` first: {missing} are not in {SITE}"


@every_page
def test_all_mathematics_is_rendered(page):
    assert "#b22222" not in page.read_text(encoding="utf-8"), f"{page.name}: red mathematics"
    unrendered = [
        box.get_text()[:60] for box in soup(page).select("div.math") if not box.find("math")
    ]
    assert not unrendered, f"{page.name}: not rendered: {unrendered}"
    prose = [
        text
        for text in soup(page).select_one("article").find_all(string=True)
        if not text.find_parent(["code", "pre", "math"])
    ]
    assert not re.search(r"\$\$|\\\(|\\begin\{", " ".join(prose))


@every_page
def test_no_line_begins_with_the_stop_after_a_formula(page):
    apart = [
        f"{math.get_text()[-20:]}{math.next_sibling[:10]}"
        for math in soup(page).select("article math:not([display])")
        if re.match(r"[^\w\s]", str(math.next_sibling or ""))
        and math.next_sibling.name is None
        and "together" not in math.parent.get("class", [])
    ]
    assert not apart, f"{page.name}: {apart}"


@every_page
def test_nothing_is_loaded_from_another_host(page):
    for name, attribute in LOADS.items():
        for tag in soup(page).find_all(name):
            if name == "link" and "canonical" in (tag.get("rel") or []):
                continue
            address = tag.get(attribute) or ""
            assert not re.match(r"(?:https?:)?//", address), f"{page.name} loads {address}"


def test_no_style_sheet_loads_from_another_host():
    for sheet in SITE.rglob("*.css"):
        found = re.search(r"url\(['\"]?(?:https?:)?//[^)]*", sheet.read_text(encoding="utf-8"))
        assert not found, f"{sheet.name} loads {found[0]}"


@every_page
def test_every_picture_has_a_text(page):
    for image in soup(page).select("article img"):
        alt = image.get("alt", "")
        assert len(alt.split()) > 1, f"{page.name}: {image['src']}: alt text {alt!r}"


def test_internal_links_and_anchors():
    lychee = shutil.which("lychee", path=Path(sys.executable).parent)
    run = subprocess.run(
        [lychee, "--offline", "--include-fragments", "--no-progress", "--format=detailed",
         "--root-dir", str(SITE), *map(str, PAGES)],
        capture_output=True, encoding="utf-8", cwd=ROOT, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-1000:]
