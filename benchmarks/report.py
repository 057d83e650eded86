"""Put a table, and on what and when it was measured, where README.md has room for it."""

import datetime
import importlib.metadata
import platform
import re
from pathlib import Path

import nll

README = Path(__file__).with_name("README.md")
LIBRARIES = ["numpy", "scipy", "torch", "jax", "optax", "scikit-learn"]


def machine():
    """Return the processor's name, and today's date and all versions."""
    info = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*: (.*)", info.read_text()) if info.exists() else []
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES)
    processor = names[0] if names else platform.processor()
    return (
        f"Measured on {datetime.date.today()}, on one core of an {processor}, with Python "
        f"{platform.python_version()}, nll {nll.__version__}, {versions}."
    )


def write(name, header, rows):
    """Print a Markdown table, and replace the one between the marks of that name."""
    columns = header.count(" | ") + 1
    table = "\n".join(f"| {row} |" for row in [header, " | ".join(["---"] * columns), *rows])
    print(table)
    start, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(start)
    after = rest.partition(end)[2]
    README.write_text(f"{before}{start}\n{machine()}\n\n{table}\n{end}{after}", encoding="utf-8")
