"""Run notebooks in fresh kernels, store what they print, and normalize the files.

``python tools/execute.py`` runs all of ``book/``; file names after it run those alone.
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient

BOOK = Path(__file__).resolve().parent.parent / "book"
KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}


def normalize(notebook: nbformat.NotebookNode) -> None:
    """Drop what differs from machine to machine; number the cells' ids in order."""
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": KERNELSPEC, "language_info": {"name": "python"}}
        | {key: value for key, value in notebook.metadata.items() if key == "mystnb"}
    )
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:03d}"
        cell.metadata.pop("execution", None)


def execute(path: Path) -> None:
    """Run the notebook at `path` in its own folder and write it back."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()
    normalize(notebook)
    nbformat.validate(notebook)
    nbformat.write(notebook, path)
    print(path.name)


def main(*names: str) -> None:
    """Execute the notebooks `names`, or the whole book."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    paths = [Path(name).resolve() for name in names] or sorted(BOOK.glob("*.ipynb"))
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        list(pool.map(execute, paths))


if __name__ == "__main__":
    main(*sys.argv[1:])
