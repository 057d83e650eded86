"""Fill in what only the place of publication knows; without it, invent nothing.

``BOOK_URL``, ``BOOK_REPOSITORY`` and ``BOOK_COMMIT`` are set by the workflow that publishes. If
the last folder of the address is that of a release, like ``v0.1``, the newest edition is above it.
"""

import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

import matplotlib as mpl
import vl_convert
from sphinx.application import Sphinx
from sphinx.config import Config

from nll import __version__

CARD = "_static/card.png"
PDF = "why-negative-log-likelihood.pdf"  # put there by .ci/run
EDITIONS = "editions.html"  # put there by .ci/publish
RELEASE = re.compile(r"v\d+\.\d+/$")


def address() -> str:
    """Return where the book will be, with a slash at the end, or nothing."""
    url = os.environ.get("BOOK_URL", "")
    return url and url.rstrip("/") + "/"


def newest() -> str:
    """Return where the newest edition will be, with a slash at the end, or nothing."""
    return RELEASE.sub("", address())


def launchers(page: str) -> dict[str, str]:
    """Return where the notebook of `page` runs in a browser, if its repository can be opened."""
    repository = urlsplit(os.environ.get("BOOK_REPOSITORY", ""))
    commit = os.environ.get("BOOK_COMMIT", "")
    if not (address() and commit and repository.netloc == "github.com"):
        return {}
    folder = address().removeprefix(newest())
    name = page.removeprefix("book/")
    return {
        # Built by .binder/ from the commit.
        "Binder": f"https://mybinder.org/v2/gh{repository.path}/{commit}"
        f"?urlpath=lab/tree/notebooks/{name}.ipynb",
        # Colab opens what is in a repository, and no other address: so from the published branch.
        "Colab": f"https://colab.research.google.com/github{repository.path}"
        f"/blob/gh-pages/{folder}_sources/{page}.ipynb",
    }


def edition() -> str:
    """Return a line that tells one edition from another."""
    repository, commit = (os.environ.get(f"BOOK_{name}", "") for name in ("REPOSITORY", "COMMIT"))
    line = f"Edition {__version__}"
    if repository and commit:
        line += f', <a href="{repository}/tree/{commit}">commit {commit[:7]}</a>'
    if url := address():
        line += f', also as <a href="{url}{PDF}">one PDF</a>'
        line += f', beside <a href="{newest()}{EDITIONS}">other editions</a>'
    return f"<p>{line}. Text and figures: CC BY 4.0. Code: MIT.</p>"


def lost() -> str:
    """Return what a reader finds where no page is."""
    root = urlsplit(address()).path or "/"
    return (
        "<h1>There is no page here</h1>\n<p>It may have moved, or the address has a slip. "
        f'Begin at the <a href="{root}book/index.html">title page</a>, look it up in the '
        f'<a href="{root}genindex.html">index</a>, or '
        f'<a href="{root}search.html">search the book</a>.</p>'
    )


def configure(app: Sphinx, config: Config) -> None:
    """Set canonical links, the card and the buttons that lead to the source."""
    config.html_theme_options["extra_footer"] = edition()
    config.notfound_context = {"title": "Page not found", "body": lost()}
    if url := address():
        config.html_baseurl, config.ogp_site_url = newest(), url
        config.notfound_urls_prefix = urlsplit(url).path
        config.ogp_image = url + CARD
        config.ogp_image_alt = "The curve of minus log q, under the title of the book."
    if repository := os.environ.get("BOOK_REPOSITORY", ""):
        config.html_theme_options |= {
            "repository_url": repository,
            "repository_provider": "github",
            "repository_branch": os.environ.get("BOOK_COMMIT", "") or "main",
            "use_repository_button": True,
            "use_issues_button": True,
            "use_source_button": True,
        }


def point_on(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Say on each page of a release where the newest edition of it is."""
    if address() != newest() and pagename != "404":
        context["theme_announcement"] = (
            f"This is edition {__version__}. "
            f'<a href="{newest()}{pagename}.html">The newest edition</a> may say more.'
        )


def drop_address(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Remove the page's own address where none is known."""
    if not address():
        tags = context.get("metatags", "")
        context["metatags"] = re.sub(r'<meta property="og:url"[^>]*>\n?', "", tags)


def publish(app: Sphinx) -> None:
    """Write the sitemap and the picture that stands beside a shared link."""
    if not address():
        return
    svg = (Path(app.srcdir) / "book/assets/card.svg").read_text(encoding="utf-8")
    vl_convert.register_font_directory(f"{mpl.get_data_path()}/fonts/ttf")
    (Path(app.outdir) / CARD).write_bytes(vl_convert.svg_to_png(svg))
    pages = sorted(app.env.found_docs - {"404"})
    urls = "".join(f"<url><loc>{escape(address() + page)}.html</loc></url>\n" for page in pages)
    (Path(app.outdir) / "sitemap.xml").write_text(
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{urls}</urlset>\n',
        encoding="utf-8",
    )


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("config-inited", configure)
    app.connect("html-page-context", point_on)
    app.connect("html-page-context", drop_address, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
