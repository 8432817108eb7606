"""What an owner types about auto top-up; the rules are the operation's own."""

from django import forms

from khata.billing.queries.auto_top_ups import AutoTopUpRow
from khata.console.alert_form import LevelField
from khata.console.forms import AmountField
from khata.console.words import credits_whole, rupees
from khata.payments.registry import gateways

_AMOUNT, _LEVEL, _CAP = "1000", "500", ""


def chosen_gateways() -> list[tuple[str, str]]:
    """Those that can charge by themselves, the default first."""
    return [(each.code, each.display_name) for each in gateways() if each.capabilities.has_saved_methods]


class AutoTopUpForm(forms.Form):
    amount = AmountField(label="Add credits for", help_text="Rupees before tax, each time.")
    level = LevelField(
        label="When fewer are left than",
        help_text="Credits. In any case also when they would not last until a payment has arrived.",
    )
    cap = AmountField(
        label="At most in a calendar month",
        help_text="Rupees with tax. Automatic payments never go above it; what you pay by hand is not counted.",
    )
    gateway = forms.ChoiceField(label="Pay through", choices=chosen_gateways, required=False)
    token = forms.CharField(max_length=64, widget=forms.HiddenInput)


def filled_in(row: AutoTopUpRow | None, token: str) -> dict[str, object]:
    """What the form shows before anything is typed. The cap is nobody's to choose but the owner's."""
    if row is None:
        return {"amount": _AMOUNT, "level": _LEVEL, "cap": _CAP, "token": token}
    return {
        "amount": rupees(row.amount_minor),
        "level": credits_whole(row.level_credits_micro),
        "cap": rupees(row.cap_minor),
        "gateway": row.gateway_code,
        "token": token,
    }
