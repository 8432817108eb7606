"""When a message is to go: written by the organisation's clock, on which an hour may be missing or come twice."""

from datetime import MAXYEAR, MINYEAR, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.functional import lazy

from khata.console.words import minute
from khata.messaging.core.scheduling import SCHEDULED_AHEAD_MAX


def _hint() -> str:
    zone, days = timezone.get_current_timezone_name(), SCHEDULED_AHEAD_MAX.days
    return f"Empty: now. Otherwise a time in {zone}, at most {days} days ahead."


class ScheduleField(forms.DateTimeField):
    """Local time → instant; None where it is empty."""

    def __init__(self) -> None:
        super().__init__(
            label="Schedule",
            required=False,
            help_text=lazy(_hint, str)(),
            widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
            error_messages={"invalid": "Enter a day and a time, like 2026-12-24 10:00."},
        )

    def to_python(self, value: Any) -> datetime | None:
        try:
            return super().to_python(value)
        except ValidationError as error:
            if error.code != "ambiguous_timezone":
                raise
            words = "The clocks change then: this time is left out or comes twice. Choose one an hour earlier or later."
            raise ValidationError(words, code=error.code) from error

    def validate(self, value: Any) -> None:
        super().validate(value)
        # In the first and the last year there may be no such instant in another time zone.
        if value is not None and not MINYEAR < value.year < MAXYEAR:
            raise ValidationError(self.error_messages["invalid"], code="invalid")


def button_words(written: str | None) -> str:
    """What the button does, by the time that is written so far."""
    try:
        at = ScheduleField().clean(written)
    except ValidationError:
        at = None
    return f"Schedule for {minute(at)}" if at else "Send"
