"""Date literals (TODAY, LAST_N_DAYS:7 ...) as ranges of days [facts: api 8.2].

Weeks start on Sunday, as in the locale en_US; the fiscal year starts with a month of the org's choice.
"""

import re
from collections.abc import Callable
from datetime import date, timedelta

Range = tuple[date, date]  # from the first day to the day after the last

_PERIOD = "WEEK|MONTH|(?:FISCAL_)?(?:QUARTER|YEAR)"
_N = re.compile(rf"(LAST|NEXT)_N_(DAY|{_PERIOD})S:(\d+)")
_AGO = re.compile(rf"N_(DAY|{_PERIOD})S_AGO:(\d+)")
_UNIT = re.compile(rf"(LAST|THIS|NEXT)_({_PERIOD})")
_DAYS = {"YESTERDAY": -1, "TODAY": 0, "TOMORROW": 1}
_STEPS = {"LAST": -1, "THIS": 0, "NEXT": 1}
_NINETY = {"LAST_90_DAYS": "LAST_N_DAYS:90", "NEXT_90_DAYS": "NEXT_N_DAYS:90"}
_MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}


def is_literal(name: str) -> bool:
    """Say whether there is a date literal of that name."""
    word = name.upper()
    return word in _DAYS or word in _NINETY or any(form.fullmatch(word) for form in (_UNIT, _AGO, _N))


def literal_range(name: str, today: date, fiscal_month: int = 1) -> Range | None:
    """Return the days a date literal stands for; None if there is no such literal or it leaves the calendar."""
    word = _NINETY.get(name.upper(), name.upper())
    try:
        if word in _DAYS:
            return _span("DAY", today, _DAYS[word], 1, fiscal_month)
        if one := _UNIT.fullmatch(word):
            return _span(one[2], today, _STEPS[one[1]], 1, fiscal_month)
        if ago := _AGO.fullmatch(word):
            return _span(ago[1], today, -int(ago[2]), 1, fiscal_month)
        if several := _N.fullmatch(word):
            return _span(several[2], today, *_several(several[1], several[2], int(several[3])), fiscal_month)
    except (ValueError, OverflowError):
        return None
    return None


def _several(side: str, unit: str, count: int) -> tuple[int, int]:
    if side == "NEXT":
        return 1, count
    if unit == "DAY":  # the only one that includes the current unit
        return -count, count + 1
    return -count, count


def _span(unit: str, today: date, offset: int, count: int, fiscal_month: int) -> Range:
    """Return `count` units, the first one `offset` units from the current one."""
    first = fiscal_month - 1 if unit.startswith("FISCAL_") else 0
    start = _START[unit.removeprefix("FISCAL_")]
    return start(today, offset, first), start(today, offset + count, first)


def _month(today: date, months: int, size: int, first: int) -> date:
    """Return the first day of the period of `size` months, `months` periods from the current one.

    `first` is the number of months by which the year starts after January.
    """
    index = (today.year * 12 + today.month - 1 - first) // size * size + months * size + first
    return date(index // 12, index % 12 + 1, 1)


def _week(today: date, weeks: int, _first: int) -> date:
    return today - timedelta(days=today.isoweekday() % 7) + timedelta(weeks=weeks)


def _day(today: date, days: int, _first: int) -> date:
    return today + timedelta(days=days)


def _months(size: int) -> Callable[[date, int, int], date]:
    return lambda today, offset, first: _month(today, offset, size, first)


_START: dict[str, Callable[[date, int, int], date]] = {
    "DAY": _day,
    "WEEK": _week,
    **{unit: _months(size) for unit, size in _MONTHS.items()},
}
