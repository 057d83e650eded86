"""Put into dist/ what a release holds, once `make bundle` has made the parts.

The package's two archives take their addresses from the variables of ``setup.py``.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nll

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
NAME = f"why-negative-log-likelihood-{nll.__version__}"
SDIST = "from setuptools import build_meta; build_meta.build_sdist({!r})"
WHEEL = ["pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir"]


def run(*command: str | Path) -> None:
    """Run a command of this Python in the repository, and show what it says if it fails."""
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, text=True, capture_output=True, check=False
    )
    if done.returncode:
        sys.exit(done.stdout + done.stderr)


def package() -> None:
    """Build the source distribution, and the wheel from it, with nothing fetched."""
    for left in ROOT.glob("*.egg-info"):  # it remembers files that are gone
        shutil.rmtree(left)
    run("-c", SDIST.format(str(DIST)))
    (sdist,) = DIST.glob("*.tar.gz")
    run("-m", *WHEEL, DIST, sdist)


def site(built: Path) -> None:
    """Pack the built site as one folder."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(built, Path(folder) / NAME)
        shutil.make_archive(str(DIST / f"{NAME}-site"), "zip", folder, NAME)


if __name__ == "__main__":
    shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir()
    package()
    site(ROOT / "_build" / "html")
    shutil.copy(ROOT / "_build" / "latex" / "why-negative-log-likelihood.pdf", DIST / f"{NAME}.pdf")
    shutil.copy(ROOT / "build" / "teaching.zip", DIST / f"{NAME}-teaching.zip")
    for made in sorted(DIST.iterdir()):
        print(f"dist/{made.name}  {made.stat().st_size / 1e6:.1f} MB")
