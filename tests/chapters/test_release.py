"""A release says one thing in all its papers, and its archives hold what they should."""

import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from functools import partial

import pytest
import yaml
from notebooks import ROOT, chapter, contents
from packaging.metadata import Metadata
from readme_renderer import markdown
from release import SDIST, WHEEL
from test_front_matter import measured, read
from test_prose_numbers import unprinted

import nll

ADDRESSES = {
    "BOOK_URL": "https://books.example/why/",
    "BOOK_REPOSITORY": "https://github.com/someone/why",
    "BOOK_COMMIT": "v0.0.0",
}
MADE = {"PKG-INFO", "setup.cfg"}
STRAYS = ["tools/node_modules/left/index.js", "book/__pycache__/x.pyc", "book/_build/x.html", "x"]


CITATION = yaml.safe_load(read("CITATION.cff"))
BOOK = CITATION["preferred-citation"]
AUTHORS = [author["name"] for author in BOOK["authors"]]


def test_every_paper_names_the_same_edition():
    said = {
        "CITATION.cff, version": CITATION["version"],
        "CITATION.cff, edition": BOOK["edition"],
        "CHANGELOG.md, its newest edition": re.search(
            r"^## (\d\S*) \(", read("CHANGELOG.md"), re.M
        )[1],
        "book/about.md": re.search(r"^> .*Version (\S+), (\d{4})\.$", read("book/about.md"), re.M)[
            1
        ],
        "README.md": re.search(r"edition = \{(.*?)\}", read("README.md"))[1],
    }
    assert said == dict.fromkeys(said, nll.__version__), f"nll/__init__.py says {nll.__version__}"


def test_the_dates_agree():
    released = str(CITATION["date-released"])
    newest = re.search(r"^## \d\S* \((.*)\)$", read("CHANGELOG.md"), re.MULTILINE)
    assert newest[1] == released
    assert released[:4] == str(BOOK["year"])
    assert f", {released[:4]}." in read("book/about.md")


def test_bibtex_is_the_citation():
    entry = re.search(r"^@(\w+)\{.*?^\}$", read("README.md"), re.MULTILINE | re.DOTALL)
    fields = dict(re.findall(r"^  (\w+) = \{+(.*?)\}+,?$", entry[0], re.MULTILINE))
    assert entry[1] == BOOK["type"]
    assert fields == {
        "title": BOOK["title"],
        "author": " and ".join(AUTHORS),
        "edition": str(BOOK["edition"]),
        "year": str(BOOK["year"]),
    }


def test_zenodo_is_told_what_the_citation_says():
    told = json.loads(read(".zenodo.json"))
    assert told["title"] == CITATION["title"]
    assert told["upload_type"] == CITATION["type"]
    assert told["description"] == CITATION["abstract"].strip()
    assert [creator["name"] for creator in told["creators"]] == AUTHORS
    assert told["keywords"] == CITATION["keywords"]
    assert told["license"] == CITATION["license"]
    related = {one["identifier"] for one in told["related_identifiers"]}
    assert related == {source["url"] for source in CITATION["references"]}


def test_the_paper_has_what_the_journal_asks_for():
    head, paper = read("paper/paper.md").split("---\n")[1:]
    front = yaml.safe_load(head)
    assert front["title"] == BOOK["title"]
    assert [author["name"] for author in front["authors"]] == AUTHORS
    assert [line[2:] for line in paper.splitlines() if line.startswith("# ")] == [
        "Summary",
        "Statement of Need",
        "Learning objectives and content",
        "Instructional design",
        "Story of the project",
        "Acknowledgements",
        "References",
    ]
    assert len(paper.split()) <= 1000
    entry = re.compile(r"^@\w+\{([\w]+),\n.*?^\}$", re.MULTILINE | re.DOTALL)
    cited = set(re.findall(r"@(\w+)", paper))
    listed, known = (
        {e[1]: e[0] for e in entry.finditer(read(name))}
        for name in ("paper/paper.bib", "book/references.bib")
    )
    assert cited == set(listed)
    assert {key: known[key] for key in listed.keys() & known.keys()}.items() <= listed.items()


def test_the_paper_counts_as_the_book_does():
    paper = read("paper/paper.md")
    stems = contents(numbered=True)
    exercises = sum(len(chapter(stem).exercises) for stem in stems)
    for count in (f"through {len(stems)} chapters", f"with {exercises} exercises"):
        assert count in paper, f"paper/paper.md: expected {count!r}"
    digits = re.search(r"^The third question .*?\n\n", paper, re.MULTILINE | re.DOTALL)[0]
    assert "10 432" in digits
    assert not list(unprinted(digits, measured(), "", 2))


def files():
    """Return the repository's files: what git knows, and would know."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is an archive; what belongs into one is known where git is")
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return {name for name in names.splitlines() if (ROOT / name).exists()}


@pytest.fixture(scope="module", params=[{}, ADDRESSES], ids=["at home", "published"])
def archives(request, tmp_path_factory):
    """Build both archives from a copy of the repository, with what lies about in a used one."""
    copy, made = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("made")
    for name in [*files(), *STRAYS]:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copy(ROOT / name, copy / name) if name not in STRAYS else (copy / name).touch())
    environment = {k: v for k, v in os.environ.items() if not k.startswith("BOOK_")} | request.param
    run = partial(subprocess.run, cwd=copy, env=environment, check=True, capture_output=True)
    run([sys.executable, "-c", SDIST.format(str(made))])
    (sdist,) = made.glob("*.tar.gz")
    run([sys.executable, "-m", *WHEEL, made, sdist])
    (wheel,) = made.glob("*.whl")
    return bool(request.param), sdist, wheel


def test_the_names_carry_the_version(archives):
    _, sdist, wheel = archives
    assert sdist.name == f"nll_kernels-{nll.__version__}.tar.gz"
    assert wheel.name == f"nll_kernels-{nll.__version__}-py3-none-any.whl"


def test_the_source_holds_the_repository(archives):
    with tarfile.open(archives[1]) as archive:
        held = {m.name.partition("/")[2] for m in archive.getmembers() if m.isfile()}
    held = {name for name in held if not name.startswith("nll_kernels.egg-info/")}
    assert held - MADE == files()


def test_the_wheel_holds_the_package(archives):
    held = {n for n in zipfile.ZipFile(archives[2]).namelist() if ".dist-info/" not in n}
    assert held == {name for name in files() if re.fullmatch(r"nll/(\w+\.py|py\.typed)", name)}


def test_the_metadata_is_valid_and_invents_nothing(archives):
    published, _, wheel = archives
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith("/METADATA"))
        raw = archive.read(name)
    metadata = Metadata.from_email(raw, validate=True)
    assert metadata.name == "nll-kernels"
    assert set(metadata.project_urls or {}) == (
        {"Book", "Source", "Issues", "Changelog"} if published else set()
    )
    if not published:
        assert (
            message_from_bytes(raw).get_payload(decode=True).decode().strip()
            == read("README.md").strip()
        )
        return
    page = markdown.render(metadata.description)
    assert page, "a package index could not show the description"
    targets = re.findall(r'(?:href|src)="([^"]*)"', page)
    assert all(target.startswith(("https://", "#")) for target in targets), targets
    for target in (
        "https://books.example/why/",
        "https://github.com/someone/why/actions/workflows/ci.yml/badge.svg",
        "https://github.com/someone/why/releases/latest",
        "https://github.com/someone/why/blob/v0.0.0/book/likelihood.ipynb",
        "https://raw.githubusercontent.com/someone/why/v0.0.0/book/assets/surprise.svg",
    ):
        assert target in targets
    assert page.count("<table>") == read("README.md").count("\n| --- ")


def test_addresses_are_filled_in_or_left_alone():
    absolute = runpy.run_path(str(ROOT / "setup.py"))["absolute"]
    text = '[a](../../deployments/github-pages) [b](x.md) [c](https://c.example) <img src="d.svg">'
    assert absolute(text, "", "", "") == text
    assert absolute(text, "https://forge.example/one", "main", "") == (
        "[a](https://forge.example/one/deployments/github-pages) "
        "[b](https://forge.example/one/blob/main/x.md) [c](https://c.example) "
        '<img src="https://forge.example/one/main/d.svg">'
    )
