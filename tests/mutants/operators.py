"""Small faults put into a function: what a slip of the hand would write.

Each edits one node of a syntax tree in place, so that a fault is named by its number alone. Only
the bodies of functions are touched: what runs at import is data.
"""

import ast
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from types import CodeType

Edit = Callable[[], None]

_OPERATORS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}

_NAMES = {"any": "all", "all": "any", "min": "max", "max": "min"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A function with one fault.

    Attributes:
        function: its qualified name in the module.
        lines: first and last line of what differs.
        change: what was written, what stands there instead, and its number among the like.
    """

    module: str
    function: str
    lines: tuple[int, int]
    change: str
    code: CodeType

    @property
    def name(self) -> str:
        """What stays the same when lines move."""
        return f"{self.module} {self.function}: {self.change}"


def mutants_of(module: str, source: str, filename: str) -> Iterator[Mutant]:
    """Make all mutants of a module, in a fixed order."""
    seen: Counter[tuple[str, str]] = Counter()
    for number, (function, node) in enumerate(_faulty_places(ast.parse(source))):
        before = ast.unparse(node)
        for choice, _ in enumerate(_edits(node)):
            tree = ast.parse(source)
            _, changed = list(_faulty_places(tree))[number]
            list(_edits(changed))[choice]()
            after = "pass" if isinstance(changed, ast.Pass) else ast.unparse(changed)
            change = " ".join(f"{before} -> {after}".split())
            seen[function, change] += 1
            code = compile(ast.fix_missing_locations(tree), filename, "exec")
            yield Mutant(
                module=module,
                function=function,
                lines=_lines(node),
                change=f"{change} #{seen[function, change]}",
                code=_find(code, function),
            )


def _faulty_places(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Find what may be edited, each with the outermost function around it."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield from ((node.name, inner) for inner in _inside(node))
        elif isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, ast.FunctionDef):
                    name = f"{node.name}.{method.name}"
                    yield from ((name, inner) for inner in _inside(method))


def _inside(function: ast.FunctionDef) -> Iterator[ast.AST]:
    body = function.body[1:] if ast.get_docstring(function, clean=False) else function.body
    for statement in body:
        for node in ast.walk(statement):
            if next(_edits(node), None) is not None:
                yield node


def _edits(node: ast.AST) -> Iterator[Edit]:  # noqa: C901 -- reason: a table, one line per kind
    match node:
        case ast.Compare(ops=[operator]) if type(operator) in _OPERATORS:
            yield lambda: node.ops.__setitem__(0, _swapped(operator))
        case ast.BoolOp() | ast.BinOp() if type(node.op) in _OPERATORS:
            yield lambda: setattr(node, "op", _swapped(node.op))
        case ast.UnaryOp(op=ast.Not()):
            yield lambda: setattr(node, "operand", _negated(node.operand))
        case ast.Constant(value=bool()):
            yield lambda: setattr(node, "value", not node.value)
        case ast.Constant(value=int()):
            yield lambda: setattr(node, "value", int(str(node.value)) + 1)
        case ast.Constant(value=str() | bytes() as text) if text:
            yield lambda: setattr(node, "value", text[:-1])
        case ast.Call(func=ast.Name(id=name) as called) if name in _NAMES:
            yield lambda: setattr(called, "id", _NAMES[name])
        case ast.If() | ast.While() | ast.IfExp() if _is_plain(node.test):
            yield lambda: setattr(node, "test", _negated(node.test))
        case ast.comprehension() if node.ifs:
            yield lambda: setattr(node, "ifs", [])
        case ast.Return(value=ast.Call() | ast.Name() | ast.Tuple() | ast.Attribute()):
            yield lambda: setattr(node, "value", ast.Constant(None))
        case ast.Raise() | ast.Expr(value=ast.Call()):
            yield lambda: setattr(node, "__class__", ast.Pass)
        case _:
            return


def _is_plain(test: ast.expr) -> bool:
    """Tell whether nothing inside a condition is edited anyway so as to turn it round."""
    return not isinstance(test, ast.Compare | ast.BoolOp | ast.UnaryOp)


def _swapped(operator: ast.AST) -> ast.AST:
    return _OPERATORS[type(operator)]()


def _negated(node: ast.expr) -> ast.expr:
    return ast.UnaryOp(op=ast.Not(), operand=deepcopy(node))


def _lines(node: ast.AST) -> tuple[int, int]:
    place = node.ifs[0] if isinstance(node, ast.comprehension) else node
    place = place.test if isinstance(place, ast.If | ast.While) else place
    return place.lineno, place.end_lineno or place.lineno


def _find(code: CodeType, function: str) -> CodeType:
    name, _, rest = function.partition(".")
    inner = next(one for one in code.co_consts if isinstance(one, CodeType) and one.co_name == name)
    return _find(inner, rest) if rest else inner
