"""List the editions of the book that lie in one folder: python tools/editions.py FOLDER."""

import sys
from pathlib import Path

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Editions of Why Negative Log-Likelihood?</title>
<style>
  :root {{ color-scheme: light dark; font: 1.125rem/1.6 Georgia, serif }}
  body {{ max-width: 36rem; margin: 3rem auto; padding: 0 1rem }}
  a {{ color: light-dark(#0b5fa5, #6cb2f0) }}
</style>
<main>
<h1>Editions</h1>
<ul>
{items}
</ul>
</main>
</html>
"""
ITEM = '<li><a href="{folder}book/index.html">{name}</a></li>'


def page(folder: Path) -> str:
    """Return the page that names the newest edition in `folder` and each release, latest first."""
    releases = [site.parents[1].name for site in folder.glob("v*.*/book/index.html")]
    releases.sort(key=lambda name: [int(n) for n in name[1:].split(".")], reverse=True)
    items = [ITEM.format(folder="", name="The newest")] * (folder / "book/index.html").is_file()
    items += [ITEM.format(folder=f"{name}/", name=f"Release {name[1:]}") for name in releases]
    return PAGE.format(items="\n".join(items))


if __name__ == "__main__":
    site = Path(sys.argv[1])
    (site / "editions.html").write_text(page(site), encoding="utf-8")
