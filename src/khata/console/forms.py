"""What people type, checked for shape; the rules are the operations' own."""

from typing import Any, ClassVar

from django import forms

from khata.console.schedule import ScheduleField, button_words
from khata.kernel.credits import NotCredits, credits_text, micro_from_text
from khata.kernel.errors import InvalidRequest
from khata.kernel.money import NotAnAmount, paise_from_text
from khata.payments.registry import gateways
from khata.payments.ways import PayBy
from khata.tenancy.core.gstin import STATES
from khata.tenancy.core.tax_scheme import TaxScheme
from khata.tenancy.operations import SCOPES

PRESETS_RUPEES = (500, 1_000, 5_000, 10_000)
AMOUNT_DEFAULT = "1000"
COUPON_LENGTH_MAX = 64
_STATE_CHOICES = [("", "Choose…"), *sorted(STATES.items(), key=lambda state: state[1])]
_SCOPE_WORDS = {
    "send": "Send messages",
    "read": "Read messages and balance",
    "billing": "Start top-ups and refunds",
    "webhooks": "Manage webhooks",
}
_NOT_AN_AMOUNT = "Enter an amount in rupees above zero, with at most two decimals, like 1000 or 1,000.50."


class AmountField(forms.CharField):
    """Text → paise."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "maxlength": 32})
        super().__init__(widget=widget, error_messages={"required": "Enter an amount."}, **options)

    def clean(self, value: Any) -> int:
        text = super().clean(value)
        try:
            amount_minor = paise_from_text(text)
        except NotAnAmount as error:
            raise forms.ValidationError(_NOT_AN_AMOUNT, code="not_an_amount") from error
        if not amount_minor:
            raise forms.ValidationError(_NOT_AN_AMOUNT, code="zero")
        return amount_minor


def gateway_choices() -> list[tuple[str, str]]:
    return [(gateway.code, gateway.display_name) for gateway in gateways()]


class AddCreditsForm(forms.Form):
    """`preset` and `amount` are two ways to say one thing: whichever was changed counts, what was typed first."""

    use_required_attribute = False
    """What is missing is said by the page, in its own words."""

    amount = AmountField(label="Amount")
    preset = forms.CharField(required=False)
    amount_shown = forms.CharField(required=False)
    token = forms.CharField(max_length=64)
    gateway = forms.ChoiceField(label="Pay through", choices=gateway_choices, required=False)
    pay_by = forms.ChoiceField(label="How", choices=[(way.value, way.value) for way in PayBy], required=False)
    coupon = forms.CharField(
        label="Coupon",
        max_length=COUPON_LENGTH_MAX,
        required=False,
        help_text="A coupon and a bonus do not add up: the better one counts.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )
    state_code = forms.ChoiceField(label="State", choices=_STATE_CHOICES, required=False)
    address = forms.CharField(label="Address", max_length=400, required=False, widget=forms.Textarea(attrs={"rows": 3}))
    legal_name = forms.CharField(label="Billed to", max_length=160, required=False)

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(_with_the_preset_chosen(data) if data is not None else None, **options)


def _with_the_preset_chosen(data: Any) -> dict[str, str]:
    told = {name: data.get(name, "") for name in data}
    if told.get("preset") and told.get("amount") == told.get("amount_shown"):
        told["amount"] = told["preset"]
    return told


class BillingDetailsForm(forms.Form):
    legal_name = forms.CharField(label="Legal name", max_length=160, help_text="The name invoices are made out to.")
    address = forms.CharField(label="Address", max_length=400, required=False, widget=forms.Textarea(attrs={"rows": 3}))
    state_code = forms.ChoiceField(label="State", choices=_STATE_CHOICES, help_text="It decides the tax.")
    gstin = forms.CharField(
        label="GSTIN", max_length=20, required=False, help_text="15 characters. It lets you claim the tax back."
    )
    phone = forms.CharField(
        label="Phone",
        max_length=16,
        required=False,
        help_text="Filled in for you at payment.",
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"}),
    )

    def __init__(self, scheme: TaxScheme, *given: Any, **options: Any) -> None:
        """Asks only what an invoice under that scheme needs."""
        super().__init__(*given, **options)
        if not scheme.has_states:
            del self.fields["state_code"]
        if scheme is TaxScheme.VAT:
            self.fields["address"].required = True
            self.fields["gstin"].label = "VAT number"
            self.fields["gstin"].help_text = "With its country's letters. In another country of the EU you owe the tax."
        if scheme is TaxScheme.NONE:
            del self.fields["gstin"]


class MessageForm(forms.Form):
    """What is written to be sent, now or at its `scheduled_at`; see sending.py."""

    kept_as: ClassVar[str]
    """The name of its draft in the session."""
    one: ClassVar[str]
    many: ClassVar[str]

    token = forms.CharField(max_length=64, required=False)

    def draft(self) -> dict[str, Any]:
        """What brings the form back as it is."""
        return {name: self[name].value() for name in self.fields if name != "token"}

    @property
    def button_words(self) -> str:
        return button_words(self["scheduled_at"].value())


class SmsForm(MessageForm):
    kept_as, one, many = "sms_draft", "message", "messages"

    recipients = forms.CharField(
        label="To",
        max_length=20_000,
        help_text="With country code, like +91 98765 43210. Several: one per line, or with commas between.",
        widget=forms.Textarea(attrs={"rows": 2, "inputmode": "tel", "autocomplete": "off", "spellcheck": "false"}),
    )
    sender = forms.CharField(
        label="Sender", max_length=16, required=False, help_text="The name or number the phone shows."
    )
    body = forms.CharField(label="Message", max_length=2_000, strip=False, widget=forms.Textarea(attrs={"rows": 6}))
    scheduled_at = ScheduleField()

    template_ref: str | None = None
    """The register's number of the template the message is written into."""

    def written(self) -> dict[str, str]:
        """What is written so far, right or not, as far as it decides the cost."""
        return {name: str(self[name].value() or "") for name in ("recipients", "body")}


class ApiKeyForm(forms.Form):
    name = forms.CharField(label="Name", max_length=80, help_text="Where it is used, like “shop server”.")
    scopes = forms.MultipleChoiceField(
        label="May",
        choices=[(scope, _SCOPE_WORDS[scope]) for scope in SCOPES],
        initial=list(SCOPES),
        widget=forms.CheckboxSelectMultiple,
    )
    messages_per_minute_max = forms.IntegerField(
        label="Messages a minute",
        required=False,
        help_text="At most, with this key. Empty: as many as the organisation.",
    )


class CreditsField(forms.CharField):
    """Text → micro-credits; empty is None, no limit."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "maxlength": 32})
        super().__init__(widget=widget, required=False, **options)

    def clean(self, value: Any) -> int | None:
        text = super().clean(value)
        try:
            return micro_from_text(text) if text else None
        except NotCredits as error:
            raise forms.ValidationError("Enter credits as a number, like 5000 or 0.5.", code="not_credits") from error

    def prepare_value(self, value: Any) -> Any:
        return credits_text(value) if isinstance(value, int) else value


class LimitsForm(forms.Form):
    messages_per_minute_max = forms.IntegerField(
        label="Messages a minute", required=False, help_text="All API keys and members together; evenly, with bursts."
    )
    credits_per_day_max = CreditsField(label="Credits a day", help_text="A cap: at it, sending stops until midnight.")
    credits_per_month_max = CreditsField(
        label="Credits a month", help_text="A cap: at it, sending stops until the first of the next month."
    )


class OrganisationForm(forms.Form):
    name = forms.CharField(
        label="Organisation",
        max_length=120,
        help_text="Whoever buys and uses the credits: your company, shop or project.",
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )


def add_problems(form: forms.Form, refusal: InvalidRequest) -> None:
    """Puts what an operation refused beside the fields it names."""
    for problem in refusal.errors:
        form.add_error(problem["field"] if problem["field"] in form.fields else None, problem["detail"])
