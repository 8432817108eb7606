"""What Credit History is narrowed to: a period and a type, read from the address."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from khata.ledger.core import Kind
from khata.ledger.queries import HISTORY_KINDS, HistoryFilter

PERIOD_DEFAULT = "30"
PERIODS = [
    ("7", "Last 7 days"),
    ("30", "Last 30 days"),
    ("90", "Last 90 days"),
    ("all", "All time"),
    ("custom", "From – to"),
]
_TYPES = {
    "top_up": ("Top-up", (Kind.PURCHASE,)),
    "usage": ("Usage", (Kind.HOLD,)),
    "returned": ("Returned", (Kind.VOID,)),
    "bonus": ("Bonus", (Kind.GRANT,)),
    "expiry": ("Expiry", (Kind.EXPIRE,)),
    "reversal": ("Taken back", (Kind.REVERSE,)),
}
_DATE = forms.DateInput(attrs={"type": "date"})


class HistoryFilterForm(forms.Form):
    """Dates count as they are on the organisation's clock; both ends are included."""

    period = forms.ChoiceField(choices=PERIODS, required=False, label="Period")
    type = forms.ChoiceField(
        choices=[("", "All types"), *((key, word) for key, (word, _) in _TYPES.items())], required=False, label="Type"
    )
    first = forms.DateField(required=False, label="From", widget=_DATE)
    last = forms.DateField(required=False, label="To", widget=_DATE)

    def __init__(self, data: Any) -> None:
        told = data.copy()
        if not told.get("period"):
            told["period"] = "custom" if told.get("first") or told.get("last") else PERIOD_DEFAULT
        super().__init__(told)

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and last < first:
            self.add_error("last", "The last day is before the first.")
        if last and last.year > 9000:
            self.add_error("last", "This year is too far away.")
        return cleaned

    @property
    def is_narrowed(self) -> bool:
        """Beyond what the page shows by itself."""
        return bool(self.data.get("type")) or self.data.get("period") not in ("all", PERIOD_DEFAULT)

    @property
    def history_filter(self) -> HistoryFilter:
        """The ledger's filter; the default period where the form has errors."""
        cleaned = self.cleaned_data if self.is_valid() else {"period": PERIOD_DEFAULT}
        word_and_kinds = _TYPES.get(cleaned.get("type", ""))
        after, before = _span(cleaned)
        return HistoryFilter(
            kinds=word_and_kinds[1] if word_and_kinds else HISTORY_KINDS, created_after=after, created_before=before
        )


def _span(cleaned: dict[str, Any]) -> tuple[datetime | None, datetime | None]:
    period = cleaned["period"]
    if period == "custom":
        first, last = cleaned.get("first"), cleaned.get("last")
        return (_midnight(first) if first else None, _midnight(last + timedelta(days=1)) if last else None)
    if period == "all":
        return None, None
    return _midnight(timezone.localdate() - timedelta(days=int(period) - 1)), None


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
