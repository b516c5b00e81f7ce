"""Who is told of events: the sections [sinks.NAME]."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 - pydantic reads the annotations
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from sfsync.config.orgs import Seconds, read_secret
from sfsync.config.section import Section, env_name
from sfsync.domain.events import EventType
from sfsync.errors import SettingsError

PREFIX = "whsec_"
_SHORTEST, _LONGEST = 24, 64
"""Bytes of a secret, as Standard Webhooks asks for."""


def _url(value: str) -> str:
    url = urlsplit(value)
    if url.scheme not in ("https", "http") or not url.hostname or "@" in url.netloc or url.fragment:
        raise ValueError("should be an https:// URL, without a user or password in it")
    return value


def _types(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Types = Annotated[tuple[EventType, ...], NoDecode, BeforeValidator(_types)]


class SinkSettings(Section):
    """Who is told of events, and how. Nothing is required here: what is missing is told when the sinks are needed."""

    url: Annotated[str, AfterValidator(_url)] | None = Field(
        default=None, description="Where the events are sent.", examples=["https://billing.example/webhooks/sfsync"]
    )
    secret: SecretStr | None = Field(
        default=None,
        description="Secret that signs the events (whsec_…; `sfsync events new-secret` makes one).",
        examples=[""],
    )
    secret_file: Path | None = Field(
        default=None, description="File that holds the secret instead.", examples=["/run/secrets/sfsync-billing"]
    )
    previous_secret: SecretStr | None = Field(
        default=None,
        description="The secret before, which also signs until every receiver has the new one.",
        examples=[""],
    )
    previous_secret_file: Path | None = Field(
        default=None,
        description="File that holds the previous secret instead.",
        examples=["/run/secrets/sfsync-billing-previous"],
    )
    events: Types = Field(default=(), description="Only events of these types; empty for all (divide by commas).")
    timeout_seconds: Seconds = Field(default=10.0, description="How long the receiver may take to answer, in seconds.")
    allow_private: bool = Field(
        default=False,
        description="Send also to addresses that are not of the public internet, and without TLS.",
    )
    ca_file: Path | None = Field(
        default=None,
        description="CA certificates (PEM) to trust instead of the public ones.",
        examples=["/etc/ssl/acme-ca.pem"],
    )


@dataclass(frozen=True, slots=True)
class CompleteSink:
    """Everything that is needed to tell a sink of events."""

    name: str
    url: str
    secrets: tuple[SecretStr, ...]
    events: frozenset[EventType]
    timeout_seconds: float
    allow_private: bool
    ca_file: Path | None


def complete_sink(settings: SinkSettings, name: str) -> CompleteSink:
    """Read the secrets of a sink and check that there is all that sending needs.

    Raises:
        SettingsError: naming what is missing, contradictory or unreadable; never a secret.
    """
    section = f"sinks.{name}"
    if settings.url is None:
        variable = env_name(("sinks", name, "url"))
        raise SettingsError(f"{section}.url is not set.", remedy=f"Set {variable}, or the same in the settings file.")
    if urlsplit(settings.url).scheme != "https" and not settings.allow_private:
        raise SettingsError(
            f"{section}.url is not https://, so anybody on the way could read the events.",
            remedy=f"Use https://, or set {section}.allow_private for a receiver in your own network.",
        )
    secret = _secret(settings.secret, settings.secret_file, f"{section}.secret")
    if secret is None:
        raise SettingsError(
            f"{section}.secret is not set, and events are not sent unsigned.",
            remedy="`sfsync events new-secret` makes one; give it to the receiver, too.",
        )
    previous = _secret(settings.previous_secret, settings.previous_secret_file, f"{section}.previous_secret")
    if settings.ca_file is not None and not settings.ca_file.is_file():
        raise SettingsError(f"{section}.ca_file: there is no file {settings.ca_file}.", remedy="Correct the path.")
    return CompleteSink(
        name=name,
        url=settings.url,
        secrets=(secret, *([previous] if previous else [])),
        events=frozenset(settings.events),
        timeout_seconds=settings.timeout_seconds,
        allow_private=settings.allow_private,
        ca_file=settings.ca_file,
    )


def _secret(given: SecretStr | None, file: Path | None, setting: str) -> SecretStr | None:
    if given is not None and file is not None:
        raise SettingsError(f"{setting} and {setting}_file are both set.", remedy="Keep one of them.")
    text = read_secret(file, f"{setting}_file") if file else given.get_secret_value() if given else None
    if text is None:
        return None
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith(PREFIX) or not _SHORTEST <= len(key) <= _LONGEST:
        raise SettingsError(
            f"{setting} should be {PREFIX} and {_SHORTEST} to {_LONGEST} bytes in base64.",
            remedy="`sfsync events new-secret` makes one.",
        )
    return SecretStr(text)
