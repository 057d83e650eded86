"""Score every built page with Lighthouse, as a first visit on a desk and on a telephone.

``make lighthouse`` builds the site, runs this, and fails if a page is below a bar. Performance is
measured in time, so run it on an idle machine; a page below that bar gets more tries, the best
counts. The server compresses, as those that the book is published on do. Pages can be named:
``PYTHONPATH=tests/chapters .venv/bin/python tests/pages/lighthouse.py book/about.html``.
"""

import gzip
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from browser import Quiet, serve
from notebooks import ROOT
from test_browser import FIRST_VISIT, OWN_PAGES

NODE = Path(sys.executable).with_name("node")
LIGHTHOUSE = ROOT / "tools/lighthouse/node_modules/lighthouse/cli/index.js"
OPTIONS = ["--output=json", "--quiet", "--no-enable-error-reporting"]
CHROME = "--chrome-flags=--headless=new --no-sandbox --disable-dev-shm-usage"
CATEGORIES = ["performance", "accessibility", "best-practices", "seo"]
BARS = {"desktop": [98, 100, 100, 100], "mobile": [90, 100, 100, 100]}
TRIES = 3


class Compressing(Quiet):
    """A file server that compresses text."""

    protocol_version = "HTTP/1.1"

    def send_head(self) -> Any:
        """Send the headers; return the body, compressed."""
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            return self.send_error(404)
        body, kind = path.read_bytes(), self.guess_type(path)
        self.send_response(200)
        if kind.startswith(("text/", "application/j", "image/svg")):
            body = gzip.compress(body)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return io.BytesIO(body)


def measure(address: str, form: str) -> dict[str, Any]:
    """Return Lighthouse's report on the page at `address`."""
    chrome = os.environ.get("CHROME_PATH") or shutil.which("chromium") or ""
    preset = ["--preset=desktop"] if form == "desktop" else []
    run = subprocess.run(
        [NODE, LIGHTHOUSE, address, *OPTIONS, CHROME, *preset],
        env=os.environ | {"CHROME_PATH": chrome}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if run.returncode:
        sys.exit(f"Lighthouse could not measure {address}:\n{run.stderr[-2000:]}")
    report: dict[str, Any] = json.loads(run.stdout)
    return report


def scores(report: dict[str, Any]) -> list[int]:
    """Return the four scores of `report`, from 0 to 100."""
    return [round(100 * (report["categories"][name]["score"] or 0)) for name in CATEGORIES]


def best(address: str, form: str) -> dict[str, Any]:
    """Return the best of as many reports as it takes to be quick enough."""
    reports: list[dict[str, Any]] = []
    while len(reports) < TRIES and (not reports or scores(reports[-1])[0] < BARS[form][0]):
        reports.append(measure(address, form))
    return max(reports, key=scores)


def faults(report: dict[str, Any], bars: list[int]) -> list[str]:
    """Return which audits keep `report` below `bars`."""
    low = [n for n, score, bar in zip(CATEGORIES, scores(report), bars, strict=True) if score < bar]
    audits = [(a["id"], name) for name in low for a in report["categories"][name]["auditRefs"]]
    score = {key: audit.get("score") for key, audit in report["audits"].items()}
    return [f"{name}: {key}" for key, name in audits if score[key] is not None and score[key] < 1]


def weight(report: dict[str, Any]) -> int:
    """Return how many bytes a first visit takes."""
    items = report["audits"]["network-requests"]["details"]["items"]
    return sum(item["transferSize"] for item in items)


def telephone(report: dict[str, Any]) -> str:
    """Return the layout shift, and for how many milliseconds the page is blocked."""
    names = "cumulative-layout-shift", "total-blocking-time"
    shift, blocked = (report["audits"][name].get("numericValue", 0) for name in names)
    return f"{shift:5.3f} {blocked:4.0f}"


def main() -> None:
    """Print one line for each page, then what is below a bar."""
    found = []
    print(f"{'':34}      |", " | ".join(f"{form:19}" for form in BARS), "| mobile")
    print(f"{'page':34}   KB |", " | ".join(["perf acce best  seo"] * 2), "| shift   ms")
    with serve(Compressing) as address:
        for page in sys.argv[1:] or OWN_PAGES:
            reports = {form: best(f"{address}/{page}", form) for form in BARS}
            bytes_ = weight(reports["desktop"])
            cells = [f"{page:34} {bytes_ / 1e3:4.0f}"]
            cells += [" ".join(f"{s:4}" for s in scores(r)) for r in reports.values()]
            cells.append(telephone(reports["mobile"]))
            print(" | ".join(cells), flush=True)
            found += [f"{page}, {f}, {x}" for f in BARS for x in faults(reports[f], BARS[f])]
            found += [f"{page}: {bytes_} bytes"] if bytes_ > FIRST_VISIT else []
    sys.exit("\n".join(["below the bar:", *found]) if found else 0)


if __name__ == "__main__":
    main()
