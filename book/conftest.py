"""How pytest runs the notebooks of this folder and compares them with their stored outputs."""

from typing import Any

import svg_tolerance
from nbval import kernel

svg_tolerance.teach_nbval()
start_once = kernel.start_new_kernel


def start_kernel(*args: Any, **options: Any) -> Any:
    """Start a kernel, and once more if it dies at birth: two were given the same port."""
    try:
        return start_once(*args, **options)
    except RuntimeError:
        return start_once(*args, **options)


kernel.start_new_kernel = start_kernel
