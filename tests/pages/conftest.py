"""The browser that all tests of pages share, and one without scripts."""

from collections.abc import Iterator
from functools import partial

import pytest
from browser import Browser, browser

__all__ = ["browser"]


@pytest.fixture
def without_scripts(browser: Browser) -> Iterator[None]:
    """Let no page run a script."""
    switch = partial(browser.driver.execute_cdp_cmd, "Emulation.setScriptExecutionDisabled")
    switch({"value": True})
    yield
    switch({"value": False})
