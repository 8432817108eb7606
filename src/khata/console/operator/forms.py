"""What operators type."""

from typing import Any

from django import forms

from khata.billing.operations.operator_actions import REASON_LENGTH_MAX
from khata.billing.queries import TopUpState
from khata.console.forms import AmountField
from khata.console.operator.words import state_word
from khata.kernel.credits import MICRO_PER_CREDIT

_CREDITS_DIGITS_MAX = 9


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label="Reason",
        max_length=REASON_LENGTH_MAX,
        help_text="It stays in the audit trail, with your name.",
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Say why."},
    )
    token = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)


class CreditsField(forms.DecimalField):
    """Text → micro-credits, exactly."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        super().__init__(
            widget=widget, min_value=0, max_digits=_CREDITS_DIGITS_MAX + 6, decimal_places=6, localize=False, **options
        )

    def clean(self, value: Any) -> int:
        found = super().clean(str(value or "").replace(",", ""))
        return int((found or 0) * MICRO_PER_CREDIT)


class GrantForm(ReasonForm):
    credits = CreditsField(label="Credits")
    expires_on = forms.DateField(
        label="Last day",
        required=False,
        help_text="Until when they can be used. Empty: they never expire.",
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    field_order = ("credits", "expires_on", "reason")


class OptionalAmountField(AmountField):
    """None where nothing is typed."""

    def clean(self, value: Any) -> int | None:  # type: ignore[override]
        return super().clean(value) if value else None


class RefundForm(ReasonForm):
    amount = OptionalAmountField(label="Amount", required=False, help_text="With tax. Empty: all that is left of it.")
    field_order = ("amount", "reason")


class TopUpFilter(forms.Form):
    search = forms.CharField(label="Search", max_length=80, required=False)
    state = forms.ChoiceField(
        label="State",
        required=False,
        choices=[("", "All"), *((state.value, state_word(state.value)) for state in TopUpState)],
    )


class OrganisationFilter(forms.Form):
    search = forms.CharField(label="Search", max_length=80, required=False)
