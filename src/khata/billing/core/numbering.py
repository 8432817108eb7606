"""Numbers of tax documents: consecutive in their series, new with each Indian financial year (CGST Rule 46(b)).

`KH/26-27/000001`: at most 16 characters; letters, digits, "/" and "-". Days count as they are in India.
"""

import re
from datetime import datetime, timedelta, timezone

IST = timezone(timedelta(hours=5, minutes=30), "IST")
NUMBER_LENGTH_MAX = 16
PREFIX = re.compile(r"[A-Z0-9]{1,3}")
"""What a series may begin with. Three characters leave room for 9,99,999 documents a year, two for ten times that."""

_APRIL = 4
_DIGITS_LEAST = 6


class SeriesFull(ValueError):
    """The number would be longer than the law allows: choose another prefix, which begins another series."""


def financial_year(at: datetime) -> int:
    """The calendar year it began in: 1 April to 31 March."""
    day = at.astimezone(IST)
    return day.year if day.month >= _APRIL else day.year - 1


def financial_year_text(year: int) -> str:
    """2026 → "26-27"."""
    return f"{year % 100:02d}-{(year + 1) % 100:02d}"


def month_span(year: int, month: int) -> tuple[datetime, datetime]:
    """Its first instant and the first instant after it."""
    following = (year + 1, 1) if month == 12 else (year, month + 1)
    return datetime(year, month, 1, tzinfo=IST), datetime(*following, 1, tzinfo=IST)


def financial_year_span(year: int) -> tuple[datetime, datetime]:
    return datetime(year, _APRIL, 1, tzinfo=IST), datetime(year + 1, _APRIL, 1, tzinfo=IST)


def document_number(*, prefix: str, year: int, serial: int) -> str:
    """Raises SeriesFull."""
    number = f"{prefix}/{financial_year_text(year)}/{serial:0{_DIGITS_LEAST}d}"
    if len(number) > NUMBER_LENGTH_MAX:
        raise SeriesFull(number)
    return number
