"""What people type about e-mail, checked for shape; the rules are the operations' own."""

import re

from django import forms

from khata.console.forms import MessageForm
from khata.console.schedule import ScheduleField

RECIPIENTS_MAX = 100
_BETWEEN = re.compile(r"[,;\s]+")


class EmailForm(MessageForm):
    kept_as, one, many = "email_draft", "e-mail", "e-mails"

    recipients = forms.CharField(
        label="To",
        max_length=30_000,
        help_text="One address per line, or with commas between. Each gets an e-mail of its own.",
        widget=forms.Textarea(attrs={"rows": 2, "inputmode": "email", "autocomplete": "off", "spellcheck": "false"}),
    )
    sender = forms.CharField(label="From", max_length=400, help_text="Like ACME Shop <orders@shop.example.com>.")
    subject = forms.CharField(label="Subject", max_length=250)
    body = forms.CharField(label="Text", max_length=100_000, strip=False, widget=forms.Textarea(attrs={"rows": 8}))
    html = forms.CharField(
        label="HTML",
        max_length=500_000,
        required=False,
        strip=False,
        help_text="Shown instead of the text where the reader's program can.",
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
    )
    has_unsubscribe = forms.BooleanField(label="Readers may unsubscribe with one click", required=False, initial=True)
    scheduled_at = ScheduleField()

    def addresses(self) -> list[str]:
        """As written, without repeats."""
        text = str(self["recipients"].value() or "")
        return list(dict.fromkeys(part for part in _BETWEEN.split(text) if part))

    def clean_recipients(self) -> str:
        text: str = self.cleaned_data["recipients"]
        count = len(self.addresses())
        if not count:
            raise forms.ValidationError("Enter at least one address.", code="required")
        if count > RECIPIENTS_MAX:
            raise forms.ValidationError(f"At most {RECIPIENTS_MAX} addresses at once.", code="too_many")
        return text


class DomainForm(forms.Form):
    name = forms.CharField(
        label="Domain",
        max_length=253,
        help_text="What stands behind the @ of your senders, like shop.example.com.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
