"""What may be said about a fault: options with a kind, read from Python, from JSON and from text."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sfsync.emulator.schema import Schema

Kind = Literal["text", "pattern", "value", "flag", "whole", "number", "choice", "object", "field"]

_METHODS = ("GET", "HEAD", "POST", "PATCH", "PUT", "DELETE")
_YES, _NO = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}
_OBJECT = "object"


class FaultError(ValueError):
    """A fault that cannot be planned; the message says what is wrong with it."""


@dataclass(frozen=True)
class Option:
    """One option of a fault. `most` and `least` bound numbers, `choices` lists the words of a choice."""

    name: str
    kind: Kind
    what: str
    required: bool = False
    default: Any = None
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()


STRIKING = (
    Option("path", "pattern", "only calls in whose path this regular expression is found"),
    Option("method", "choice", "only calls of this HTTP method", choices=_METHODS),
    Option("kind", "choice", "only calls of this kind, as the call log names them"),
    Option("nth", "whole", "not before that many matching calls have come, this one counted", least=1),
    Option("times", "whole", "how often in all, 0 without end; once, or without end if there is a rate", least=0),
    Option("rate", "number", "the chance at each matching call", least=0, most=1),
)
"""When a fault strikes: what every fault of a call can be told."""


def read_options(
    fault: str, known: Iterable[Option], given: Mapping[str, Any], schema: Schema | None
) -> dict[str, Any]:
    """Check what was given against the options a fault has, and return all of them with their values.

    Raises:
        FaultError: for an option that is unknown or missing, or has a value it cannot have.
    """
    options = {one.name: one for one in known}
    for name in given:
        if name not in options:
            raise FaultError(f"fault {fault}: there is no option {name!r}; it takes {', '.join(sorted(options))}")
    values: dict[str, Any] = {}
    for name, option in options.items():
        value = given.get(name)
        if value is None or value == "":
            if option.required:
                raise FaultError(f"fault {fault}: needs {name}, {option.what}")
            values[name] = option.default
        else:
            values[name] = _read(fault, option, value)
    if schema is not None:
        _check_names(fault, options.values(), values, schema)
    return values


def _read(fault: str, option: Option, value: Any) -> Any:
    name = option.name
    match option.kind:
        case "flag":
            return _flag(fault, name, value)
        case "whole" | "number":
            return _number(fault, option, value)
        case "choice":
            chosen = next((one for one in option.choices if one.lower() == str(value).lower()), None)
            if chosen is None:
                raise FaultError(f"fault {fault}: {name} must be one of {', '.join(option.choices)}, not {value!r}")
            return chosen
        case "value":
            return value
        case _:
            if not isinstance(value, str):
                raise FaultError(f"fault {fault}: {name} must be text, not {value!r}")
    if option.kind == "pattern":
        try:
            re.compile(value)
        except re.error as exc:
            raise FaultError(f"fault {fault}: {name} is no regular expression: {exc}") from None
    return value


def _flag(fault: str, name: str, value: Any) -> bool:
    word = str(value).lower()
    if word not in _YES | _NO:
        raise FaultError(f"fault {fault}: {name} must be true or false, not {value!r}")
    return word in _YES


def _number(fault: str, option: Option, value: Any) -> float:
    whole = option.kind == "whole"
    what = "a whole number" if whole else "a number"
    if option.least is not None:
        what += f" from {option.least:g}" + ("" if option.most is None else f" to {option.most:g}")
    refusal = FaultError(f"fault {fault}: {option.name} must be {what}, not {value!r}")
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise refusal
    try:
        number = int(value) if whole else float(value)
    except ValueError:
        raise refusal from None
    if whole and number != float(value):
        raise refusal
    if not (option.least is None or number >= option.least) or not (option.most is None or number <= option.most):
        raise refusal
    return number


def _check_names(fault: str, options: Iterable[Option], values: dict[str, Any], schema: Schema) -> None:
    for option in options:
        value = values[option.name]
        if value is None or option.kind not in {"object", "field"}:
            continue
        named = value if option.kind == "object" else values.get(_OBJECT)
        if named is None:
            continue  # which object it is, only the call will tell
        known = schema.get(named)
        if known is None:
            names = [one.name for one in schema.objects.values()]
            raise FaultError(f"fault {fault}: there is no sObject {named!r}{_meant(named, names)}")
        if option.kind == "object":
            values[option.name] = known.name
            continue
        field = known.field(value)
        if field is None:
            raise FaultError(f"fault {fault}: {known.name} has no field {value!r}{_meant(value, known.fields)}")
        values[option.name] = field.name


def _meant(wrong: str, names: Iterable[str]) -> str:
    close = difflib.get_close_matches(wrong, list(names), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def read_spec(spec: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Read text such as `lost_answer:path=graph,nth=2;refuse:code=X,message="a, b"` into names and options.

    Raises:
        FaultError: if the text is not of that form.
    """
    for part in filter(None, (piece.strip() for piece in _split(spec, ";"))):
        name, _, text = part.partition(":")
        options: dict[str, str] = {}
        for pair in filter(None, (one.strip() for one in _split(text, ","))):
            key, equals, value = pair.partition("=")
            if not equals:
                raise FaultError(f"fault {name.strip()}: cannot read {pair!r}; options are written name=value")
            options[key.strip()] = _unquoted(value.strip())
        yield name.strip(), options


def _split(text: str, separator: str) -> list[str]:
    """Cut text at a separator, except between double quotes."""
    return re.findall(rf'(?:"[^"]*"|[^{separator}"]|")+', text)


def _unquoted(value: str) -> str:
    quoted = len(value) > 1 and value.startswith('"') and value.endswith('"')
    return value[1:-1] if quoted else value
