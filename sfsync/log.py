"""Logging: each line an event, a sentence with a stable `action` and ids, as text or JSON; never a secret."""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING, Any, Literal, TextIO, cast

import structlog

if TYPE_CHECKING:
    from structlog.stdlib import BoundLogger
    from structlog.typing import EventDict, Processor, WrappedLogger

REDACTED = "[redacted]"

_Formatter = structlog.stdlib.ProcessorFormatter

_SECRET_NAME = re.compile(
    r"token|secret|authorization|assertion|password|passwd|private_?key|session_?id|cookie", re.IGNORECASE
)
_SECRET_TEXT = (
    (re.compile(r"\b00D[A-Za-z0-9]{12,15}![A-Za-z0-9._]+"), REDACTED),  # session id: org id, '!', token
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), REDACTED),  # JSON web token
    (re.compile(r"(://[^/\s:@]*:)[^/\s@]+@"), rf"\1{REDACTED}@"),  # password in a URL
    (re.compile(r"(bearer\s+)\S+", re.IGNORECASE), rf"\1{REDACTED}"),
    (
        re.compile(r"((?:token|secret|assertion|password)[\"']?\s*[=:]\s*[\"']?)[^&\s\"']+", re.IGNORECASE),
        rf"\1{REDACTED}",
    ),
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), REDACTED),
)


def configure(*, level: str = "info", form: Literal["text", "json"] = "text", stream: TextIO | None = None) -> None:
    """Send the events of sfsync from `level` on to `stream` (stderr), and the warnings of everything else.

    May be called again; the last call counts.
    """
    out = stream or sys.stderr
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        _Formatter(
            foreign_pre_chain=_SHARED, processors=[_Formatter.remove_processors_meta, redact, _renderer(form, out)]
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [one for one in root.handlers if not isinstance(one.formatter, _Formatter)] + [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("sfsync").setLevel(level.upper())
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            *_SHARED,
            _Formatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def get_logger(name: str) -> BoundLogger:
    """Return the logger of a module (`__name__`): `log.info("Order created.", action="order.created", key=…)`."""
    return cast("BoundLogger", structlog.get_logger(name))


def redact(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Blot out what looks like a secret, by name or by its looks; a last guard, not a licence to log one."""
    del logger, method
    return {name: _clean(value, name) for name, value in event.items()}


def _clean(value: Any, name: str) -> Any:
    if value is None or isinstance(value, bool | int | float):  # how many tokens were fetched is no secret
        return value
    if _SECRET_NAME.search(name) and not isinstance(value, dict):
        return REDACTED
    if isinstance(value, str):
        for pattern, replacement in _SECRET_TEXT:
            value = pattern.sub(replacement, value)
        return value
    if isinstance(value, dict):
        return {inner: _clean(held, str(inner)) for inner, held in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(held, name) for held in value]
    return value


def _with_action(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Give the lines of libraries an action too: where they come from."""
    del logger, method
    event.setdefault("action", event.get("logger"))
    return event


def _renderer(form: Literal["text", "json"], out: TextIO) -> Processor:
    if form == "json":
        return structlog.processors.JSONRenderer(default=str, ensure_ascii=False)
    # Plain tracebacks: the pretty ones show local variables, and with them tokens.
    return structlog.dev.ConsoleRenderer(
        colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback, sort_keys=False
    )


_SHARED: list[Processor] = [
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
    structlog.processors.format_exc_info,
    _with_action,
]
