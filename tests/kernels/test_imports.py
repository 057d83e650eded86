"""Who may import whom, and what `import nll` brings in."""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import nll
import nll.blocks

PACKAGE = Path(nll.__file__).parent
STANDARD = set(sys.stdlib_module_names)
ALLOWED = {
    "_validate": {"numpy", "numpy.typing"},
    "special": {"numpy", "numpy.typing", "nll._validate"},
    "information": {"numpy", "numpy.typing", "nll._validate"},
    "softmax_loss": {"numpy", "numpy.typing", "nll._validate", "nll.special"},
    "blocks": {"numpy", "numpy.typing", "nll._validate"},
    "families": {
        "numpy",
        "numpy.typing",
        "nll._validate",
        "nll.information",
        "nll.softmax_loss",
        "nll.special",
    },
    "__init__": {"nll.families", "nll.information", "nll.softmax_loss", "nll.special"},
}
BESIDE = {"plotting", "explorables", "torch", "jax"}  # the kernels know nothing of these


def imports(path):
    """Return the modules that a file imports, anywhere in it, but for the standard library."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("." * node.level + (node.module or ""))
    return {name for name in found if name.split(".")[0] not in STANDARD}


@pytest.mark.parametrize("module", ALLOWED)
def test_module_imports_only_what_it_may(module):
    assert imports(PACKAGE / f"{module}.py") <= ALLOWED[module]


def test_every_module_has_its_rule():
    assert {path.stem for path in PACKAGE.glob("*.py")} <= {*ALLOWED, *BESIDE}


def test_import_brings_in_nothing_but_numpy():
    """In a fresh interpreter, and without a warning: it costs milliseconds."""
    code = "import sys, nll; print(*sorted(sys.modules))"
    run = [sys.executable, "-W", "error", "-c", code]
    modules = subprocess.run(run, capture_output=True, text=True, check=True).stdout.split()
    heavy = {"scipy", "matplotlib", *(f"nll.{module}" for module in BESIDE)}
    assert "nll.softmax_loss" in modules
    assert not heavy & set(modules)


@pytest.mark.parametrize("module", ["plotting", "explorables"])
def test_missing_matplotlib_is_named_in_one_line(module):
    code = f"import sys; sys.modules['matplotlib'] = None; import nll.{module}"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    expected = f"nll.{module} needs Matplotlib: pip install 'nll-kernels[notebooks]'"
    assert run.stderr.strip().splitlines()[-1] == f"ImportError: {expected}"


def test_types_are_shipped():
    assert (PACKAGE / "py.typed").is_file()


FUNCTIONS = [
    function
    for module in (nll, nll.blocks)
    for function in (getattr(module, name) for name in module.__all__)
    if inspect.isroutine(function)
]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_docstring_is_complete(function):
    sections = re.findall(r"^ *(\w+)\n *-+$", inspect.getdoc(function), re.MULTILINE)
    wanted = ["Parameters", "Returns", "Raises", "References", "Examples"]
    assert [s for s in sections if s in wanted] == wanted
    for parameter in inspect.signature(function).parameters:
        described = rf"^(?:\w+, )*{parameter}(?:, \w+)*(?: : |$)"
        assert re.search(described, inspect.getdoc(function), re.MULTILINE), parameter
