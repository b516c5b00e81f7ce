"""Reads the switches of an org from the source of its settings: name, default, and the sentence below each."""

from __future__ import annotations

import ast
import inspect
from dataclasses import dataclass

from sfsync.emulator import settings

_SHORT = 40


@dataclass(frozen=True)
class Switch:
    """One attribute of Settings, with what the source says of it."""

    name: str
    default: str
    sentence: str


def switches() -> list[Switch]:
    """The documented attributes of Settings, in order."""
    tree = ast.parse(inspect.getsource(settings))
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Settings")
    found = []
    for node, after in zip(body, [*body[1:], None], strict=True):
        match node, after:
            case (
                ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value),
                ast.Expr(value=ast.Constant(value=str(sentence))),
            ):
                shown = ast.unparse(value)
                found.append(
                    Switch(name, shown if len(shown) <= _SHORT else "see the source", " ".join(sentence.split()))
                )
    return found
