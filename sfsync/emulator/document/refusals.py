"""Reads from the source which refusals there are: where, with which code and text, and which switch governs them."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ERROR = "ApiError"
_CODE, _MESSAGE = 1, 2


@dataclass(frozen=True)
class Refusal:
    """One refusal in the source. `…` in its text stands for what is known at run time only."""

    module: str
    code: str
    text: str
    switches: tuple[str, ...]


def refusals(root: Path, modules: list[str]) -> list[Refusal]:
    """The refusals that these modules (paths below `root`, without suffix) raise, each once, in source order."""
    trees = {module: ast.parse((root / f"{module}.py").read_text(encoding="utf-8")) for module in modules}
    makers = {maker.name: maker for tree in trees.values() for maker in _makers(tree)}
    found = [one for module, tree in trees.items() for one in _raised(module, tree, makers)]
    return list(dict.fromkeys(found))


@dataclass(frozen=True)
class _Maker:
    """A function whose body ends in `return ApiError(...)`."""

    name: str
    made: ast.Call
    takes_message: bool
    local: dict[str, list[ast.Assign]]

    def text(self, call: ast.Call, local: dict[str, list[ast.Assign]]) -> str:
        """The text of the error it makes when called so."""
        if self.takes_message and call.args:
            return _text(call.args[0], local)
        return _text(self.made.args[_MESSAGE], self.local)


def _makers(tree: ast.Module) -> Iterator[_Maker]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and isinstance(node.body[-1], ast.Return):
            made = node.body[-1].value
            if isinstance(made, ast.Call) and _name(made.func) == _ERROR:
                first = node.args.args[0].arg if node.args.args else ""
                yield _Maker(node.name, made, first == "message", _assigned(node))


def _raised(module: str, tree: ast.Module, makers: dict[str, _Maker]) -> Iterator[Refusal]:
    constants = _assigned(tree)
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        local = constants | _assigned(function)
        for node, tests in _raises(function):
            call = node.exc
            if not isinstance(call, ast.Call):
                continue
            maker = makers.get(_name(call.func))
            if maker is not None:
                code, text = maker.made.args[_CODE], maker.text(call, local)
            elif _name(call.func) == _ERROR:
                code, text = call.args[_CODE], _text(call.args[_MESSAGE], local)
            else:
                continue
            switches = sorted({one for test in [*tests, call] for one in _settings(test)})
            yield Refusal(module, _text(code, local), text, tuple(switches))


def _raises(function: ast.FunctionDef) -> Iterator[tuple[ast.Raise, list[ast.expr]]]:
    """The raise statements of a function, each with the conditions it stands under."""

    def visit(node: ast.AST, tests: list[ast.expr]) -> Iterator[tuple[ast.Raise, list[ast.expr]]]:
        if isinstance(node, ast.Raise):
            yield node, tests
        inner = [*tests, node.test] if isinstance(node, ast.If) else tests
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, ast.FunctionDef):
                yield from visit(child, inner)

    yield from visit(function, [])


def _assigned(scope: ast.AST) -> dict[str, list[ast.Assign]]:
    """What is assigned to plain names in a module (at its top) or in a function."""
    body = scope.body if isinstance(scope, ast.Module) else list(ast.walk(scope))
    found: dict[str, list[ast.Assign]] = {}
    for node in body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            found.setdefault(node.targets[0].id, []).append(node)
    return found


def _text(node: ast.expr, local: dict[str, list[ast.Assign]], depth: int = 3) -> str:
    match node:
        case ast.Constant(value=str(value)):
            return value
        case ast.JoinedStr():
            return "".join(
                part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else "…"
                for part in node.values
            )
        case ast.Name(id=name) if name in local and depth:
            before = [one.value for one in local[name] if one.lineno < node.lineno or one.col_offset == 0]
            return _text(before[-1], local, depth - 1) if before else "…"
        case ast.Attribute(attr=name, value=value) if next(_settings(node), None) or _name(value) == "settings":
            return f"`{name}`"
        case _:
            return "…"


def _settings(node: ast.AST) -> Iterator[str]:
    """The switches of Settings that an expression looks at: `….settings.NAME`, or a permission of the user."""
    for inner in ast.walk(node):
        match inner:
            case ast.Attribute(attr=name, value=ast.Attribute(attr="settings") | ast.Name(id="settings")):
                yield name
            case ast.Call(func=ast.Attribute(attr="may"), args=[ast.Constant(value=str(name))]):
                yield name


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
