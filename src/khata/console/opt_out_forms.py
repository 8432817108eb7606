"""What people type to opt numbers out; the rules are the operations' own."""

from django import forms

from khata.messaging.operations.opt_outs import OPT_OUTS_AT_ONCE_MAX, REASON_LENGTH_MAX


class OptOutForm(forms.Form):
    numbers = forms.CharField(
        label="Numbers",
        max_length=400_000,
        help_text=f"One per line, with country code or as dialled at home; up to {OPT_OUTS_AT_ONCE_MAX:,}.",
        widget=forms.Textarea(attrs={"rows": 8, "inputmode": "tel", "autocomplete": "off", "spellcheck": "false"}),
    )
    reason = forms.CharField(
        label="Reason",
        max_length=REASON_LENGTH_MAX,
        required=False,
        help_text="For you, like “asked by phone”.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
