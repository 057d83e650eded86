"""Small changes of Python code, one at a time, for those who ask whether anybody notices."""

import ast
import copy
from collections.abc import Callable, Iterator

OPERATORS = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.FloorDiv, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
NAMES = {
    "log1p": "log", "log": "log10", "exp": "expm1", "max": "min", "maximum": "minimum",
    "argmax": "argmin", "argmin": "argmax", "add": "subtract", "subtract": "add", "abs": "positive",
    "divide": "multiply", "multiply": "divide", "negative": "positive", "floor": "ceil",
    "all": "any", "any": "all", "isfinite": "isnan", "isinf": "isnan", "zeros_like": "ones_like",
    "softplus": "sigmoid", "sigmoid": "softplus", "min": "max",
}  # fmt: skip
SKIPPED = {"annotation", "returns", "defaults", "kw_defaults", "decorator_list", "exc"}
"""What is made once, at import, and error messages."""


def variants(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what may stand in the place of `node`."""
    if isinstance(node, ast.operator | ast.cmpop | ast.boolop) and type(node) in OPERATORS:
        yield OPERATORS[type(node)]()
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float):
        yield ast.Constant(not node.value if isinstance(node.value, bool) else node.value + 1)
    elif isinstance(node, ast.Attribute) and node.attr in NAMES:
        yield ast.Attribute(node.value, NAMES[node.attr], node.ctx)
    elif isinstance(node, ast.Name) and node.id in NAMES:
        yield ast.Name(NAMES[node.id], node.ctx)
    elif isinstance(node, ast.If | ast.IfExp):
        changed = copy.copy(node)
        changed.test = ast.UnaryOp(ast.Not(), node.test)
        yield changed
    elif isinstance(node, ast.arguments) and [arg.arg for arg in node.args[:2]] == ["p", "q"]:
        yield ast.arguments(**{**vars(node), "args": [*node.args[1::-1], *node.args[2:]]})
    elif isinstance(node, ast.AugAssign) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    ):
        yield ast.Pass()


def omissions(node: ast.AST) -> Iterator[ast.AST]:
    """Yield `node` with a call, an argument, a condition or an index left out, or two swapped."""
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and not node.args:
            yield node.func.value  # a.sum() -> a
        if node.args:
            yield node.args[0]  # f(a, b) -> a
        if len(node.args) > 1:
            yield ast.Call(node.func, [*node.args[1::-1], *node.args[2:]], node.keywords)
        for i in (i for i, keyword in enumerate(node.keywords) if keyword.arg != "strict"):
            yield ast.Call(node.func, node.args, node.keywords[:i] + node.keywords[i + 1 :])
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        yield node.value
    elif isinstance(node, ast.BoolOp):
        yield from node.values
    elif isinstance(node, ast.comprehension) and node.ifs:
        yield ast.comprehension(node.target, node.iter, [], node.is_async)
    elif isinstance(node, ast.IfExp):
        yield from (node.body, node.orelse)


def children(node: ast.AST) -> Iterator[tuple[ast.AST, Callable[[ast.AST], None]]]:
    """Yield each child worth changing, with a function that puts another in its place."""
    for field, value in ast.iter_fields(node):
        if field in SKIPPED or (isinstance(node, ast.keyword) and node.arg == "strict"):
            continue
        if isinstance(value, list):
            for i, child in enumerate(value):
                if isinstance(child, ast.AST):
                    yield child, lambda new, i=i, value=value: value.__setitem__(i, new)
        elif isinstance(value, ast.AST):
            yield value, lambda new, field=field: setattr(node, field, new)


def mutants(source: str) -> Iterator[tuple[str, str]]:
    """Yield each changed form of what `source` defines, with the first line that changed."""
    tree = ast.parse(source)
    tree.body = [node for node in tree.body if not isinstance(node, ast.Assert | ast.Expr)]
    lines = ast.unparse(tree).splitlines()

    def walk(node: ast.AST) -> Iterator[str]:
        for child, put in children(node):
            for new in [*variants(child), *omissions(child)]:
                put(ast.fix_missing_locations(ast.copy_location(new, child)))
                yield ast.unparse(tree)
                put(child)
            yield from walk(child)

    for changed in dict.fromkeys(walk(tree)):
        pairs = zip([*lines, ""], [*changed.splitlines(), ""])  # noqa: B905  (one may be shorter)
        line = next((after.strip() for before, after in pairs if before != after), "")
        yield changed, line
