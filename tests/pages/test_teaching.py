"""The bundle for teachers is complete, plain, the same each time, and its slides fit.

Without a bundle from `make bundle` these tests are skipped.
"""

import re
import zipfile
from functools import cache

import nbformat
import pytest
from notebooks import ROOT, STEMS, chapter, contents
from pypdf import PdfReader
from test_downloads import left

BUNDLE = ROOT / "build" / "teaching"
ZIP = BUNDLE.with_suffix(".zip")
CHAPTERS = [stem for stem in contents() if stem in STEMS]
WITH_EXERCISES = [stem for stem in CHAPTERS if chapter(stem).exercises]
WITH_QUESTIONS = [stem for stem in CHAPTERS if ":::{predict}" in chapter(stem).prose]

made = pytest.mark.skipif(not ZIP.exists(), reason="no bundle: `make bundle` makes it")


@cache
def pages(stem):
    """Return how many pages the chapter `stem` has on paper."""
    return len(PdfReader(BUNDLE / f"pdf/{stem}.pdf").pages)


def notebook(folder, stem):
    """Return a notebook of the bundle."""
    return nbformat.read(BUNDLE / folder / f"{stem}.ipynb", as_version=4)


@made
def test_it_holds_everything_for_each_chapter():
    expected = {f"pdf/{stem}.pdf" for stem in contents()}
    expected |= {f"{kind}/{stem}.ipynb" for stem in CHAPTERS for kind in ("notebooks", "solutions")}
    expected |= {f"slides/{stem}.{kind}" for stem in CHAPTERS for kind in ("md", "html")}
    expected |= {f"nbgrader/source/{stem}/{stem}.ipynb" for stem in WITH_EXERCISES}
    expected |= {f"questions/{stem}.{kind}" for stem in WITH_QUESTIONS for kind in ("md", "gift")}
    expected |= {"README.md", "LICENSE", "LICENSE-text", "nbgrader/nbgrader_config.py"}
    names = zipfile.ZipFile(ZIP).namelist()
    there = {name.removeprefix("teaching/") for name in names}
    other = {name for name in there if not name.endswith((".png", ".whl"))}
    assert other == expected
    assert {f"teaching/{p.relative_to(BUNDLE)}" for p in BUNDLE.rglob("*") if p.is_file()} == set(
        names
    )


@made
@pytest.mark.parametrize("folder", ["notebooks", "solutions", "nbgrader/source"])
def test_no_directive_is_left_in_notebooks(folder):
    for path in sorted((BUNDLE / folder).rglob("*.ipynb")):
        for i, cell in enumerate(nbformat.read(path, as_version=4).cells):
            if cell.cell_type == "markdown":
                assert not left(cell.source), f"{path.name}, cell {i}: {left(cell.source)}"


@made
def test_no_directive_is_left_in_slides_and_questions():
    for path in [*BUNDLE.glob("slides/*.md"), *BUNDLE.glob("questions/*.md"), BUNDLE / "README.md"]:
        text = path.read_text(encoding="utf-8")
        body = text.split("\n---\n", 2)[-1] if path.parent.name == "slides" else text
        body = re.sub(r"^---$|\$\$[^$]*\$\$(?! *\(eq)", "", body, flags=re.MULTILINE)
        assert not left(body), f"{path.name}: {left(body)}"


@made
@pytest.mark.parametrize("stem", WITH_EXERCISES)
def test_students_get_no_solution_and_teachers_all(stem):
    student, teacher = notebook("notebooks", stem), notebook("solutions", stem)
    solutions = [exercise.solution.source for exercise in chapter(stem).exercises]
    assert solutions
    assert not [s for s in solutions if s in "\n".join(cell.source for cell in student.cells)]
    assert not [s for s in solutions if s not in [cell.source for cell in teacher.cells]]
    hidden = {"wrong", "right", "survives"}
    for cell in [*student.cells, *teacher.cells]:
        assert not hidden & set(cell.metadata)


@made
@pytest.mark.parametrize("stem", WITH_EXERCISES)
def test_each_exercise_is_one_point_for_nbgrader(stem):
    cells = notebook(f"nbgrader/source/{stem}", stem).cells
    marked = [cell for cell in cells if "nbgrader" in cell.metadata]
    answers, checks = marked[::2], marked[1::2]
    exercises = chapter(stem).exercises
    assert len(answers) == len(checks) == len(exercises)
    for answer, check, exercise in zip(answers, checks, exercises, strict=True):
        label = re.search(r":label: (\S+)", exercise.text.source)[1]
        assert answer.metadata.nbgrader.grade_id == label
        assert answer.metadata.nbgrader.solution
        assert check.metadata.nbgrader.grade
        assert check.metadata.nbgrader.points == 1
        assert check.source == exercise.check.source
        stub, solution = answer.source.split("### BEGIN SOLUTION\n")
        assert stub.rstrip() == exercise.stub.source.rstrip()
        assert solution == f"{exercise.solution.source}\n### END SOLUTION"
    others = [cell.source for cell in cells if "nbgrader" not in cell.metadata]
    assert not [e for e in exercises if e.solution.source in "\n".join(others)]


@made
@pytest.mark.parametrize("stem", WITH_QUESTIONS)
def test_each_question_is_asked_and_answered(stem):
    boxes = chapter(stem).prose.count(":::{predict}")
    text = (BUNDLE / f"questions/{stem}.md").read_text(encoding="utf-8")
    asked, answers = text.split(": answers\n")
    numbers = [str(n) for n in range(1, boxes + 1)]
    for part in asked, answers:
        assert re.findall(r"^\*\*(\d+)\.\*\*", part, re.MULTILINE) == numbers
    bank = (BUNDLE / f"questions/{stem}.gift").read_text(encoding="utf-8")
    assert re.findall(rf"^::{stem} (\d+)::", bank, re.MULTILINE) == numbers
    for question in bank.split("\n\n")[1:]:
        right = re.findall(r"^  =(?!%)", question, re.MULTILINE)
        assert len(right) == 1, question


@made
@pytest.mark.parametrize("stem", contents())
def test_a_link_of_a_chapter_on_paper_leads_somewhere(stem):
    reader = PdfReader(BUNDLE / f"pdf/{stem}.pdf")
    assert pages(stem) == len(reader.pages) < 40
    own = [page.indirect_reference for page in reader.pages]
    kinds = set()
    for page in reader.pages:
        for link in page.get("/Annots", []):
            act = link.get_object()["/A"]
            kinds.add(act["/S"])
            if act["/S"] == "/GoTo":
                assert act["/D"][0] in own
            elif act["/S"] == "/GoToR":
                assert act["/D"][0] < pages(act["/F"].removesuffix(".pdf"))
    assert kinds <= {"/GoTo", "/GoToR", "/URI"}


MEASURE = """
const style = document.head.appendChild(document.createElement('style'));
style.textContent = `svg[data-marpit-svg] { display: block !important;
  content-visibility: visible !important; position: static !important; opacity: 1 !important; }
  * { transition: none !important; animation: none !important; }`;
await Promise.all([...document.images].map((image) => image.decode()));
await document.fonts.ready;
const found = [];
for (const section of document.querySelectorAll('section')) {
  const box = section.getBoundingClientRect(), scale = 720 / box.height;
  const say = (what) => found.push(`${section.id}, ${section.innerText.slice(0, 40)}: ${what}`);
  if (!(box.height > 10)) say('not measured');
  for (const part of section.querySelectorAll(':scope > :not(footer)')) {
    const at = part.getBoundingClientRect();
    const [below, beside] = [(at.bottom - box.top) * scale, (at.right - box.left) * scale];
    if (below > 676) say(`${part.tagName} ends at ${below.toFixed()} of 720`);
    if (beside > 1215) say(`${part.tagName} ends at ${beside.toFixed()} of 1280`);
    if (part.scrollWidth > part.clientWidth + 2 && part.clientWidth) say(`${part.tagName} is cut`);
  }
  for (const image of section.querySelectorAll('img')) {
    if (image.getBoundingClientRect().height * scale < 200) say('a figure too small to see');
    if (!image.alt) say('a figure without words');
  }
  const size = parseFloat(getComputedStyle(section).fontSize);
  if (size < 22.5) say(`letters of ${size} pixels`);
}
return [document.querySelectorAll('section').length, found];
"""


@made
@pytest.mark.parametrize("stem", CHAPTERS)
def test_slides_fit_and_load_nothing_from_elsewhere(browser, stem):
    errors = browser.visit((BUNDLE / f"slides/{stem}.html").as_uri())
    assert not errors
    asked = [
        address for address in browser.requests() if not address.startswith(("file:", "data:"))
    ]
    assert not asked
    count, faults = browser.run(MEASURE)
    assert count > 10
    assert not faults, "\n" + "\n".join(faults)
