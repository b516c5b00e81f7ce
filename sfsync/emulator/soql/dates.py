"""Date literals (TODAY, LAST_N_DAYS:7 ...) as ranges of days [facts: api 8.2].

Weeks start on Sunday and the fiscal year in January, as in a new org; days are those of UTC.
"""

import re
from collections.abc import Callable
from datetime import date, timedelta

Range = tuple[date, date]  # from the first day to the day after the last

_N = re.compile(r"(LAST|NEXT)_N_(DAY|WEEK|MONTH|QUARTER|YEAR)S:(\d+)")
_AGO = re.compile(r"N_(DAY|WEEK|MONTH|QUARTER|YEAR)S_AGO:(\d+)")
_UNIT = re.compile(r"(LAST|THIS|NEXT)_(WEEK|MONTH|QUARTER|YEAR)")
_FISCAL = re.compile(r"FISCAL_(?=QUARTER|YEAR)")
_DAYS = {"YESTERDAY": -1, "TODAY": 0, "TOMORROW": 1}
_STEPS = {"LAST": -1, "THIS": 0, "NEXT": 1}
_NINETY = {"LAST_90_DAYS": "LAST_N_DAYS:90", "NEXT_90_DAYS": "NEXT_N_DAYS:90"}
_MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}


def literal_range(name: str, today: date) -> Range | None:
    """Return the days a date literal stands for; None if there is no such literal or it leaves the calendar."""
    word = _FISCAL.sub("", _NINETY.get(name.upper(), name.upper()))
    try:
        if word in _DAYS:
            return _span("DAY", today, _DAYS[word], 1)
        if one := _UNIT.fullmatch(word):
            return _span(one[2], today, _STEPS[one[1]], 1)
        if ago := _AGO.fullmatch(word):
            return _span(ago[1], today, -int(ago[2]), 1)
        if several := _N.fullmatch(word):
            return _several(several[1], several[2], int(several[3]), today)
    except (ValueError, OverflowError):
        return None
    return None


def _several(side: str, unit: str, count: int, today: date) -> Range:
    if side == "NEXT":
        return _span(unit, today, 1, count)
    if unit == "DAY":  # the only one that includes the current unit
        return _span(unit, today, -count, count + 1)
    return _span(unit, today, -count, count)


def _span(unit: str, today: date, offset: int, count: int) -> Range:
    """Return `count` units, the first one `offset` units from the current one."""
    start = _START[unit]
    return start(today, offset), start(today, offset + count)


def _month(today: date, months: int, size: int) -> date:
    """Return the first day of the period of `size` months, `months` periods from the current one."""
    index = (today.year * 12 + today.month - 1) // size * size + months * size
    return date(index // 12, index % 12 + 1, 1)


def _week(today: date, weeks: int) -> date:
    return today - timedelta(days=today.isoweekday() % 7) + timedelta(weeks=weeks)


def _day(today: date, days: int) -> date:
    return today + timedelta(days=days)


def _months(size: int) -> Callable[[date, int], date]:
    return lambda today, offset: _month(today, offset, size)


_START: dict[str, Callable[[date, int], date]] = {
    "DAY": _day,
    "WEEK": _week,
    **{unit: _months(size) for unit, size in _MONTHS.items()},
}
