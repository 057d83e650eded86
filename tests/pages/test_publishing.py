"""Addresses stand on the pages when the workflow gives them, and never otherwise."""

import os
import shutil
import subprocess
import zipfile
from types import SimpleNamespace

import editions
import publishing
import pytest
from downloads import WHEEL
from notebooks import ROOT, STEMS
from site_pages import PAGES, SITE, soup

ADDRESSES = {
    "BOOK_URL": "https://books.example/why",
    "BOOK_REPOSITORY": "https://forge.example/someone/why",
    "BOOK_COMMIT": "0123456789abcdef",
}

at_home = pytest.mark.skipif("BOOK_URL" in os.environ, reason="the site was built to be published")
away = pytest.mark.skipif(
    "BOOK_URL" not in os.environ, reason="the site was built for this machine"
)


@pytest.fixture
def config(monkeypatch):
    """Return a configuration, and forget the addresses of the environment."""
    for name in ADDRESSES:
        monkeypatch.delenv(name, raising=False)
    return SimpleNamespace(html_theme_options={})


def test_addresses_are_filled_in(config, monkeypatch):
    for name, value in ADDRESSES.items():
        monkeypatch.setenv(name, value)
    publishing.configure(None, config)
    assert config.html_baseurl == config.ogp_site_url == "https://books.example/why/"
    assert config.notfound_urls_prefix == "/why/"
    assert 'href="/why/book/index.html"' in config.notfound_context["body"]
    assert config.html_theme_options["repository_url"] == ADDRESSES["BOOK_REPOSITORY"]
    footer = config.html_theme_options["extra_footer"]
    assert "0123456" in footer
    assert f'href="https://books.example/why/{publishing.PDF}"' in footer
    assert 'href="https://books.example/why/editions.html"' in footer
    assert f"PAPER := {publishing.PDF.removesuffix('.pdf')}\n" in (ROOT / "Makefile").read_text()


def test_no_address_is_invented(config):
    publishing.configure(None, config)
    assert set(vars(config)) == {"html_theme_options", "notfound_context"}
    assert set(config.html_theme_options) == {"extra_footer"}
    for text in config.html_theme_options["extra_footer"], config.notfound_context["body"]:
        assert "http" not in text


def test_a_release_points_on_to_the_newest_edition(config, monkeypatch):
    monkeypatch.setenv("BOOK_URL", "https://books.example/why/v0.1/")
    publishing.configure(None, config)
    assert config.html_baseurl == "https://books.example/why/"
    assert config.ogp_site_url == "https://books.example/why/v0.1/"
    assert (
        'href="https://books.example/why/editions.html"'
        in config.html_theme_options["extra_footer"]
    )
    context = {}
    publishing.point_on(None, "book/likelihood", "", context, None)
    assert 'href="https://books.example/why/book/likelihood.html"' in context["theme_announcement"]


def test_the_newest_edition_points_nowhere(config, monkeypatch):
    for address in "", "https://books.example/why/":
        monkeypatch.setenv("BOOK_URL", address)
        context = {}
        publishing.point_on(None, "book/likelihood", "", context, None)
        assert not context


@pytest.mark.parametrize("folder", ["", "v0.1/"])
def test_a_notebook_opens_where_it_lies(config, monkeypatch, folder):
    monkeypatch.setenv("BOOK_URL", f"https://books.example/why/{folder}")
    monkeypatch.setenv("BOOK_COMMIT", "0123456789abcdef")
    monkeypatch.setenv("BOOK_REPOSITORY", "https://github.com/someone/why")
    assert publishing.launchers("book/likelihood") == {
        "Binder": "https://mybinder.org/v2/gh/someone/why/0123456789abcdef"
        "?urlpath=lab/tree/notebooks/likelihood.ipynb",
        "Colab": "https://colab.research.google.com/github/someone/why"
        f"/blob/gh-pages/{folder}_sources/book/likelihood.ipynb",
    }
    monkeypatch.setenv("BOOK_REPOSITORY", "https://forge.example/someone/why")
    assert not publishing.launchers("book/likelihood")


@away
@pytest.mark.parametrize("stem", STEMS)
def test_each_chapter_opens_in_a_browser(stem):
    links = soup(SITE / "book" / f"{stem}.html").select(".take-along a.launch")
    binder, colab = (link["href"] for link in links)
    assert binder.endswith(f"/{os.environ['BOOK_COMMIT']}?urlpath=lab/tree/notebooks/{stem}.ipynb")
    folder, _, path = colab.partition("/blob/gh-pages/")[2].rpartition("_sources/")
    assert os.environ["BOOK_URL"].rstrip("/").endswith(folder.rstrip("/"))
    assert (SITE / "_sources" / path).is_file()


@at_home
def test_pages_at_home_name_no_home():
    for page in PAGES:
        assert not soup(page).select(".launch, .bd-header-announcement"), page.name
        head = soup(page).head
        assert not head.select('link[rel="canonical"], meta[property="og:url"]'), page.name
        assert not soup(page).select(".btn-source-repository-button"), page.name
    assert not (SITE / "sitemap.xml").exists()


def test_the_wheel_is_on_the_site_and_whole():
    names = zipfile.ZipFile(SITE / "wheels" / WHEEL).namelist()
    assert {"nll/__init__.py", "nll/plotting.py", "nll/explorables.py", "nll/py.typed"} <= {*names}


@pytest.mark.parametrize("stem", STEMS)
def test_each_notebook_says_how_to_run_it(stem):
    section = soup(SITE / "book" / f"{stem}.html").select_one(".take-along")
    assert WHEEL in section.pre.get_text()
    for link in section.select("a[download]"):
        assert (SITE / "book" / link["href"]).resolve().is_file()


def test_editions_are_listed_latest_first(tmp_path):
    for folder in "v0.9", ".", "v0.10", "v0.2":
        (tmp_path / folder / "book").mkdir(parents=True)
        (tmp_path / folder / "book/index.html").touch()
    (tmp_path / "v0.3").mkdir()
    listed = [part.partition("book/")[0] for part in editions.page(tmp_path).split('href="')[1:]]
    assert listed == ["", "v0.10/", "v0.9/", "v0.2/"]


@pytest.fixture
def publish(tmp_path):
    """Return what publishes a site of two pages, and tells which files are public then."""
    here, public, site = (tmp_path / name for name in ("here", "public.git", "site"))

    def run(*command, **variables):
        given = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **variables}
        run = subprocess.run(
            command, cwd=here, env=given, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout.split()

    def publish(name, release=""):
        shutil.rmtree(site, ignore_errors=True)
        (site / "book").mkdir(parents=True)
        (site / "book/index.html").touch()
        (site / name).touch()
        run("bash", ".ci/publish", str(site), RELEASE=release)
        assert run("git", "-C", str(public), "rev-list", "--count", "gh-pages") == ["1"]
        return run("git", "-C", str(public), "ls-tree", "-r", "--name-only", "gh-pages")

    for name in ".ci/publish", "tools/editions.py":
        (here / name).parent.mkdir(parents=True)
        shutil.copy(ROOT / name, here / name)
    run("git", "init", "--quiet", "--bare", str(public))
    run("git", "init", "--quiet")
    name = ["-c", "user.name=Someone", "-c", "user.email=someone@books.example"]
    run("git", *name, "commit", "--quiet", "--allow-empty", "--message=Begin")
    run("git", "remote", "add", "origin", str(public))
    return publish


@pytest.mark.skipif(os.name == "nt", reason="a shell script, which only CI runs, on Linux")
def test_editions_lie_side_by_side(publish):
    root = [".nojekyll", "book/index.html", "editions.html"]
    assert publish("one") == [*root, "one"]
    assert publish("CNAME") == [".nojekyll", "CNAME", *root[1:]]
    release = ["v0.1/book/index.html", "v0.1/two"]
    assert publish("two", "v0.1.0") == [".nojekyll", "CNAME", *root[1:], *release]
    assert publish("three") == [".nojekyll", "CNAME", *root[1:], "three", *release]
    release = ["v0.1/book/index.html", "v0.1/four"]
    assert publish("four", "v0.1.1") == [".nojekyll", "CNAME", *root[1:], "three", *release]
    with pytest.raises(AssertionError, match="no tag like"):
        publish("five", "main")
