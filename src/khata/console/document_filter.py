"""What the list of invoices is narrowed to: a financial year or one of its months, on India's clock."""

import re
from datetime import datetime
from typing import Any

from django import forms

from khata.billing.core.numbering import IST, financial_year, financial_year_span, month_span
from khata.billing.queries.invoices import EVERYTHING, DocumentFilter

_MONTH = re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})", re.ASCII)
_YEAR = "fy-"
_MONTHS = 12


class DocumentFilterForm(forms.Form):
    """`period` is "fy-2026", "2026-11" or, for everything, ""; only what can hold documents is offered."""

    period = forms.ChoiceField(
        required=False, label="Period", error_messages={"invalid_choice": "Choose a period from the list."}
    )

    def __init__(self, data: Any, *, first_at: datetime | None, now: datetime) -> None:
        super().__init__(data)
        field = self.fields["period"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "All time"), *_years(first_at or now, now)]

    @property
    def is_narrowed(self) -> bool:
        return self.document_filter != EVERYTHING

    @property
    def document_filter(self) -> DocumentFilter:
        """Everything, where the form has errors."""
        period = self.cleaned_data["period"] if self.is_valid() else ""
        if period.startswith(_YEAR):
            return DocumentFilter(*financial_year_span(int(period.removeprefix(_YEAR))))
        match = _MONTH.fullmatch(period)
        return DocumentFilter(*month_span(int(match["year"]), int(match["month"]))) if match else EVERYTHING


def _years(first_at: datetime, now: datetime) -> list[tuple[str, list[tuple[str, str]]]]:
    """Newest first, each with its months so far."""
    years = range(financial_year(now), financial_year(first_at) - 1, -1)
    return [(_year_words(year), [(f"{_YEAR}{year}", f"Whole year {_year_words(year)}"), *_months(year, first_at, now)])
            for year in years]  # fmt: skip


def _year_words(year: int) -> str:
    return f"{year}–{(year + 1) % 100:02d}"


def _months(year: int, first_at: datetime, now: datetime) -> list[tuple[str, str]]:
    begin, end = max(financial_year_span(year)[0], first_at), min(financial_year_span(year)[1], now)
    first, last = (day.year * _MONTHS + day.month - 1 for day in (begin.astimezone(IST), end.astimezone(IST)))
    months = [month_span(*_divided(number))[0] for number in range(last, first - 1, -1)]
    return [(f"{month:%Y-%m}", f"{month:%B %Y}") for month in months if financial_year(month) == year]


def _divided(number: int) -> tuple[int, int]:
    return number // _MONTHS, number % _MONTHS + 1
