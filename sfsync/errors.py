"""Every exception of sfsync. The type says whether to retry; the message says what to do.

SfsyncError                       exit code
├── UsageError                    2   wrong use: the user must change the call, a setting or the database
│   ├── SettingsError             2   a setting is missing, misspelt or wrong
│   ├── DatabaseRefused           2   the database cannot be used as it is (schema, rights, file)
│   ├── ReductionRefused          2   an order cannot be reduced so; `problems` are all the reasons
│   └── RecordNotFound            2   no such order, deal or run in the mirror
├── OrgRefused                    1   the org said no; the same request will be refused again
│   ├── LoginRefused              2   the org did not let us in; trying again may lock the user
│   └── OrgUnfit                  2   a field, object, permission or status that sfsync needs is missing
├── OrgUnavailable               75   try later; `in_doubt` says whether a write may have happened
│   └── OrgLimitReached          75   the org's API allowance is used up
├── DatabaseUnavailable          75   try later
└── LeaseHeld                    75   another sfsync works on this org

Not of these, but exit codes too: 0 done, 70 an error that sfsync did not expect, 130 stopped by Ctrl-C,
141 whoever read the output has gone.
"""

from __future__ import annotations

EXIT_DONE = 0
EXIT_ATTENTION = 1
EXIT_USAGE = 2
EXIT_UNEXPECTED = 70
EXIT_TRY_LATER = 75
EXIT_INTERRUPTED = 130
EXIT_UNREAD = 141
"""What a program ends with that SIGPIPE stopped (128 + 13), as Ctrl-C's is 128 + SIGINT."""


class SfsyncError(Exception):
    """Base of all errors that sfsync raises on purpose.

    Args:
        message: What happened, in one sentence, with the setting, field or record it happened to.
        remedy: What the reader can do about it, in one sentence.
    """

    exit_code = EXIT_ATTENTION

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return self.message if self.remedy is None else f"{self.message} {self.remedy}"


class UsageError(SfsyncError):
    """The call, a setting or the database is wrong; nothing was done."""

    exit_code = EXIT_USAGE


class SettingsError(UsageError):
    """A setting is missing, misspelt or has a value that cannot be used."""


class DatabaseRefused(UsageError):
    """The database cannot be used as it is: wrong schema, no rights, not a database."""


class ReductionRefused(UsageError):
    """An order cannot be reduced as asked; nothing was done.

    Args:
        problems: All reasons, each a stable code and words.
        remedy: What the reader can do about it.
    """

    def __init__(self, problems: tuple[tuple[str, str], ...], *, remedy: str | None = None) -> None:
        super().__init__(" ".join(words for _, words in problems), remedy=remedy)
        self.problems = problems


class RecordNotFound(UsageError):
    """The mirror holds no record of that name."""


class OrgRefused(SfsyncError):
    """The org said no for good: the same request would be refused again.

    Args:
        message: The org's own words, or ours around them.
        code: Salesforce's errorCode (or statusCode, or OAuth error), "" where it gave none.
        fields: The fields that the org named.
        remedy: What the reader can do about it.
    """

    def __init__(
        self, message: str, *, code: str = "", fields: tuple[str, ...] = (), remedy: str | None = None
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.code = code
        self.fields = fields


class LoginRefused(OrgRefused):
    """The org did not let us in. Never repeated by itself: repeated tries lock the user."""

    exit_code = EXIT_USAGE


class OrgUnfit(OrgRefused):
    """The org lacks a field, object, permission or status that sfsync cannot work without."""

    exit_code = EXIT_USAGE


class OrgUnavailable(SfsyncError):
    """The org cannot be used right now.

    Args:
        message: What happened.
        in_doubt: True when a write was sent and its answer is lost: it may have been committed.
        code: Salesforce's errorCode, "" where there was none.
        remedy: What the reader can do about it.
    """

    exit_code = EXIT_TRY_LATER

    def __init__(self, message: str, *, in_doubt: bool = False, code: str = "", remedy: str | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.in_doubt = in_doubt
        self.code = code


class OrgLimitReached(OrgUnavailable):
    """The org's API allowance (rolling 24 hours) or its limit of concurrent requests is used up."""


class DatabaseUnavailable(SfsyncError):
    """The database does not answer, or is locked by somebody else for too long."""

    exit_code = EXIT_TRY_LATER


class LeaseHeld(SfsyncError):
    """Another sfsync process works on this org right now."""

    exit_code = EXIT_TRY_LATER
