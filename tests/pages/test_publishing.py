"""Addresses stand on the pages when the workflow gives them, and never otherwise."""

import os
import zipfile
from types import SimpleNamespace

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
    assert f"PAPER := {publishing.PDF.removesuffix('.pdf')}\n" in (ROOT / "Makefile").read_text()


def test_no_address_is_invented(config):
    publishing.configure(None, config)
    assert set(vars(config)) == {"html_theme_options", "notfound_context"}
    assert set(config.html_theme_options) == {"extra_footer"}
    for text in config.html_theme_options["extra_footer"], config.notfound_context["body"]:
        assert "http" not in text


@at_home
def test_pages_at_home_name_no_home():
    for page in PAGES:
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
    for link in section.select("a"):
        assert (SITE / "book" / link["href"]).resolve().is_file()
