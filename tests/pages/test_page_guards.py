"""The guards of pages are guarded: each fault, planted in a small page, is found by its guard."""

import pytest
import test_html
import test_pages

PAGES = {
    # what is wrong: (guard, what its message says, the body of a page)
    "a script from elsewhere": (
        test_pages.test_nothing_is_loaded_from_another_host,
        "page.html loads https://cdn.example.org/x.js",
        '<script src="https://cdn.example.org/x.js"></script>',
    ),
    "a formula that is not set": (
        test_pages.test_all_mathematics_is_rendered,
        r"page.html: not rendered: ['\\log x']",
        r'<article><div class="math">\log x</div></article>',
    ),
    "a picture without words": (
        test_pages.test_every_picture_has_a_text,
        "page.html: b.svg: alt text ''",
        '<article><img src="b.svg" alt=""></article>',
    ),
    "a link that leads nowhere": (
        lambda page: test_pages.test_internal_links_and_anchors(),
        "nowhere.html",
        '<article><a href="nowhere.html">there</a></article>',
    ),
    "a tag that is not closed": (
        lambda page: test_html.test_pages_are_valid_html(),
        "page.html, line 3: ",
        "<article><p><b>bold</article>",
    ),
}


@pytest.mark.parametrize("fault", PAGES)
def test_a_fault_of_a_page_is_found(fault, tmp_path, monkeypatch):
    guard, message, body = PAGES[fault]
    page = tmp_path / "page.html"
    page.write_text(f"<!DOCTYPE html>\n<html lang=en><title>A page</title>\n{body}\n")
    monkeypatch.setattr(test_pages, "PAGES", [page])
    monkeypatch.setattr(test_pages, "SITE", tmp_path)
    monkeypatch.setattr(test_html, "SITE", tmp_path)
    with pytest.raises(AssertionError) as caught:
        guard(page)
    assert message in str(caught.value)
