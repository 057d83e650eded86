"""A headless Chromium and a server for the built site, shared by all tests that look at pages.

Debian has both programs as ``chromium`` and ``chromium-driver``. Without them these tests are
skipped, except in CI, where they fail.
"""

import json
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from site_pages import SITE

FOLDER = urlsplit(os.environ.get("BOOK_URL", "")).path.rstrip("/")
LAYOUTS = [(width, theme) for width in (1280, 390) for theme in ("light", "dark")]

LUMINANCE = """const luminance = (rgb) => [0.2126, 0.7152, 0.0722].reduce((sum, part, i) => {
  const c = rgb[i] / 255;
  return sum + part * (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
}, 0.05);"""
"""Relative luminance as WCAG defines it, with what it adds before it divides two of them."""


class Quiet(SimpleHTTPRequestHandler):
    """A file server that says nothing, and has the site in its folder of publication too."""

    def translate_path(self, path: str) -> str:
        """Return the file at `path`."""
        return super().translate_path(path.removeprefix(FOLDER))

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def serve(handler: type[Quiet] = Quiet) -> Iterator[str]:
    """Serve the built site on this machine; give its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(SITE))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def chromedriver() -> str:
    """Return the path of chromedriver; without one, skip the test, or fail it in CI."""
    path = os.pathsep.join([os.environ.get("CHROMEWEBDRIVER", ""), os.environ["PATH"]])
    if not (found := shutil.which("chromedriver", path=path)):
        reason = "no chromedriver: `apt install chromium chromium-driver` to test in a browser"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    return found


class Browser:
    """Chromium on the built site."""

    def __init__(self, driver: webdriver.Chrome, address: str) -> None:
        self.driver, self.address = driver, address

    def open(self, name: str) -> list[str]:
        """Open the page `name` of the site anew; return the errors that its console shows."""
        return self.visit(f"{self.address}/{name}")

    def visit(self, address: str) -> list[str]:
        """Open a page anew; return the errors that its console shows."""
        self.driver.get("about:blank")
        self.driver.get_log("browser"), self.driver.get_log("performance")
        self.driver.get(address)
        return [e["message"] for e in self.driver.get_log("browser") if e["level"] == "SEVERE"]

    def calm(self) -> None:
        """Let nothing move; take away the shadows at edges: axe judges no text on a gradient."""
        self.run(
            "const style = document.head.appendChild(document.createElement('style'));"
            "style.textContent = '* { transition: none !important; }"
            " [tabindex] { background-image: none !important; }';"
        )

    def show(self, width: int, theme: str) -> None:
        """Make the window `width` pixels wide, and the reader's system prefer `theme`."""
        size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600}
        media = {"features": [{"name": "prefers-color-scheme", "value": theme}]}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
        self.run(
            "const shown = () => matchMedia(given[0]).matches;"
            "for (let i = 0; i < 2 || !shown(); i++) await new Promise(requestAnimationFrame);",
            f"(width: {width}px) and (prefers-color-scheme: {theme})",
        )

    def requests(self) -> list[str]:
        """Return the addresses that the browser asked for since the page was opened."""
        log = (json.loads(entry["message"]) for entry in self.driver.get_log("performance"))
        events = [entry["message"] for entry in log]
        return [
            event["params"]["request"]["url"]
            for event in events
            if event["method"] == "Network.requestWillBeSent"
        ]

    def run(self, script: str, *arguments: Any) -> Any:
        """Return what the asynchronous function body `script` resolves to, in the page."""
        body = f"""const [...given] = arguments, done = given.pop();
        (async () => {{ {script} }})().then(done, (e) => done({{failed: String(e)}}))"""
        result = self.driver.execute_async_script(body, *arguments)
        assert not (isinstance(result, dict) and "failed" in result), result["failed"]
        return result


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start one browser for all tests of this process."""
    service = Service(chromedriver())
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    for argument in ("headless=new", "no-sandbox", "disable-dev-shm-usage", "hide-scrollbars"):
        options.add_argument(f"--{argument}")
    driver = webdriver.Chrome(options=options, service=service)
    driver.set_script_timeout(60)
    try:
        with serve() as address:
            yield Browser(driver, address)
    finally:
        driver.quit()
