"""The browser that all tests of pages share."""

from browser import browser

__all__ = ["browser"]
