"""What needs a framework is collected where that is installed: `make frameworks`."""

from importlib.util import find_spec

NEEDS = {
    "torch": ["nll/torch.py"],
    "jax": ["nll/jax.py"],
    "optax": ["tests/frameworks"],
}
collect_ignore = [path for name, paths in NEEDS.items() if not find_spec(name) for path in paths]
