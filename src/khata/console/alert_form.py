"""What an owner types about alerts; the rules are the operation's own."""

from typing import Any

from django import forms

from khata.console.words import credits_whole
from khata.kernel.credits import MICRO_PER_CREDIT
from khata.notices.queries import AlertSettingsRow

_DIGITS_MAX = 12
_NOT_A_LEVEL = "Enter whole credits like 500 or 1,000, or leave it empty."


class LevelField(forms.CharField):
    """Text → micro-credits; None where it is left empty."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "maxlength": 20})
        super().__init__(widget=widget, required=False, **options)

    def clean(self, value: Any) -> int | None:
        text = super().clean(value).replace(",", "")
        if not text:
            return None
        if not (text.isascii() and text.isdigit()) or len(text) > _DIGITS_MAX:
            raise forms.ValidationError(_NOT_A_LEVEL, code="not_a_level")
        return int(text) * MICRO_PER_CREDIT


class AlertsForm(forms.Form):
    is_enabled = forms.BooleanField(label="Mail us when credits are low, and when they are used up", required=False)
    level = LevelField(
        label="Low below",
        help_text="Credits. Left empty: when they last less than 3 days, and always below 500.",
    )
    emails = forms.CharField(
        label="Also tell",
        max_length=3_000,
        required=False,
        help_text="E-mail addresses, one per line. The owner is always told.",
        widget=forms.Textarea(attrs={"rows": 2, "inputmode": "email", "autocomplete": "off", "spellcheck": "false"}),
    )

    def addresses(self) -> list[str]:
        """As typed, with commas or line breaks between."""
        return str(self.cleaned_data["emails"]).replace(",", "\n").split("\n")


def filled_in(chosen: AlertSettingsRow) -> dict[str, object]:
    """What the form shows before anything is typed."""
    level_micro = chosen.level_credits_micro
    return {
        "is_enabled": chosen.is_enabled,
        "level": "" if level_micro is None else credits_whole(level_micro),
        "emails": "\n".join(chosen.emails),
    }
