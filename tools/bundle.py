"""Cut the book's PDF into chapters and pack the bundle for teachers: ``make bundle``.

A link to another chapter becomes one to the file beside, or, with ``BOOK_URL``, to its page.
"""

import os
import shutil
import zipfile
from pathlib import Path

import yaml  # type: ignore[import-untyped]
from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    Destination,
    DictionaryObject,
    NameObject,
    NumberObject,
    PdfObject,
    TextStringObject,
)

BUILT, BUNDLE = Path("_build/teaching"), Path("build/teaching")
PDF = Path("_build/latex/why-negative-log-likelihood.pdf")
WHEELS = Path("_build/html/wheels")
XYZ = NameObject("/XYZ")


def stems() -> list[str]:
    """Return the pages of the book in the order of its contents."""
    parts = yaml.safe_load(Path("_toc.yml").read_text(encoding="utf-8"))["parts"]
    return [Path(chapter["file"]).name for part in parts for chapter in part["chapters"]]


class Book:
    """The PDF of the whole book, and which of its pages belong to which chapter."""

    def __init__(self, path: Path) -> None:
        self.reader = PdfReader(path)
        page = self.page
        _, _, *parts = self.reader.outline
        starts, items = [], []
        for part in parts:
            if isinstance(part, list):
                items += part
            else:
                starts.append(page(part))
        titles = [item for item in items if not isinstance(item, list)]
        starts = sorted([*starts, *map(page, titles), len(self.reader.pages)])
        self.spans = {}
        for stem, title in zip(stems(), titles, strict=True):
            end = next(start for start in starts if start > page(title))
            self.spans[stem] = range(page(title), end)
        self.titles = dict(zip(self.spans, titles, strict=True))
        self.named = self.reader.named_destinations
        self.url = os.environ.get("BOOK_URL", "").rstrip("/")

    def page(self, place: Destination) -> int:
        """Return the page of `place`, from 0."""
        number = self.reader.get_destination_page_number(place)
        assert number is not None
        return number

    def action(self, name: str, stem: str, writer: PdfWriter) -> DictionaryObject:
        """Return what a link to the place `name` does in the file of the chapter `stem`."""
        place = self.named[name]
        page = self.page(place)
        owner = next((other for other, span in self.spans.items() if page in span), "index")
        start = self.spans[owner].start if owner in self.spans else 0
        view = [XYZ, place["/Left"], place["/Top"], NumberObject(0)]
        target: PdfObject | None
        found: dict[str, PdfObject]
        if owner == stem:
            target = writer.pages[page - start].indirect_reference
            found = {"/S": NameObject("/GoTo"), "/D": ArrayObject([target, *view])}
        elif self.url:
            uri = TextStringObject(f"{self.url}/book/{owner}.html")
            found = {"/S": NameObject("/URI"), "/URI": uri}
        else:
            target = NumberObject(page - start)
            file = TextStringObject(f"{owner}.pdf")
            found = {"/S": NameObject("/GoToR"), "/F": file, "/D": ArrayObject([target, *view])}
        return DictionaryObject({NameObject(key): value for key, value in found.items()})

    def write(self, stem: str, folder: Path) -> None:
        """Write one chapter."""
        writer = PdfWriter()
        for number in self.spans[stem]:
            writer.add_page(self.reader.pages[number])
        for page in writer.pages:
            for link in page.get("/Annots", []):
                act = link.get_object().get("/A", {})
                if act.get("/S") == "/GoTo":
                    link.get_object()[NameObject("/A")] = self.action(act["/D"], stem, writer)
        title = str(self.titles[stem].title)
        writer.add_outline_item(title=title, page_number=0)
        writer.add_metadata({"/Title": f"{title} (Why Negative Log-Likelihood?)"})
        writer.compress_identical_objects()
        writer.write(folder / f"{stem}.pdf")


def pack(folder: Path) -> None:
    """Pack `folder` so that the same files give the same bytes."""
    with zipfile.ZipFile(folder.with_suffix(".zip"), "w") as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder.parent).as_posix())
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, path.read_bytes())


def main() -> None:
    """Complete the bundle."""
    shutil.rmtree(BUNDLE, ignore_errors=True)
    shutil.copytree(BUILT, BUNDLE, ignore=shutil.ignore_patterns("_static"))
    for wheel in WHEELS.glob("*.whl"):
        for folder in "notebooks", "solutions":
            shutil.copy(wheel, BUNDLE / folder)
    (BUNDLE / "pdf").mkdir()
    book = Book(PDF)
    for stem in book.spans:
        book.write(stem, BUNDLE / "pdf")
    pack(BUNDLE)
    size = BUNDLE.with_suffix(".zip").stat().st_size / 1e6
    print(f"The bundle is at {BUNDLE.with_suffix('.zip').resolve()} ({size:.0f} MB)")


if __name__ == "__main__":
    main()
