"""What people type about registered templates and senders, and into a template to send it."""

from typing import Any

from django import forms

from khata.console.forms import SmsForm
from khata.console.requests import MemberRequest
from khata.kernel.errors import NotFound
from khata.kernel.ids import NotAnId, uuid_from_public
from khata.messaging import template_queries
from khata.messaging.core.dlt import Category
from khata.messaging.core.patterns import Variable, fill, value_problem, variables_of
from khata.messaging.template_queries import TemplateRow

CATEGORY_WORDS = {
    Category.TRANSACTIONAL: "Transactional",
    Category.SERVICE_IMPLICIT: "Service, implicit",
    Category.SERVICE_EXPLICIT: "Service, explicit",
    Category.PROMOTIONAL: "Promotional",
}
IMPORT_SIZE_MAX = 1_048_576


class TemplateForm(forms.Form):
    template_ref = forms.CharField(
        label="Template number",
        max_length=20,
        help_text="As the register gave it, most often 19 digits.",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    name = forms.CharField(label="Name", max_length=120, help_text="For you, like “Sign-in code”.")
    sender = forms.ChoiceField(label="Sender")
    category = forms.ChoiceField(
        label="Category", choices=[(each.word, words) for each, words in CATEGORY_WORDS.items()]
    )
    text = forms.CharField(
        label="Text",
        max_length=2_000,
        strip=False,
        help_text="Exactly as registered, with its variables.",
        widget=forms.Textarea(attrs={"rows": 5}),
    )

    def __init__(self, *args: Any, senders: list[str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["sender"] = forms.ChoiceField(label="Sender", choices=[(name, name) for name in senders])


class RegistrationForm(forms.Form):
    entity_ref = forms.CharField(
        label="Entity number",
        max_length=20,
        help_text="Your organisation's (principal entity's) number in the register, most often 19 digits.",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    is_checked = forms.BooleanField(label="Messages to India must match a template", required=False)


class SenderForm(forms.Form):
    name = forms.CharField(
        label="Sender",
        max_length=6,
        help_text="As registered: 3 to 6 letters, or 6 digits for promotional messages. Capitals count.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class TestForm(forms.Form):
    text = forms.CharField(label="Text", max_length=2_000, strip=False, widget=forms.Textarea(attrs={"rows": 5}))


class ImportForm(forms.Form):
    file = forms.FileField(label="CSV file", help_text="UTF-8, at most 1 MB.")

    def clean_file(self) -> str:
        file = self.cleaned_data["file"]
        if file.size > IMPORT_SIZE_MAX:
            raise forms.ValidationError("The file has more than 1 MB.", code="too_long")
        try:
            return str(file.read().decode())
        except UnicodeDecodeError as error:
            raise forms.ValidationError("The file is not in UTF-8. Save it as CSV UTF-8.", code="encoding") from error


class ValueField(forms.CharField):
    """A variable's value."""

    def __init__(self, variable: Variable, number: int) -> None:
        self.variable = variable
        super().__init__(
            label=f"Variable {number}",
            required=variable.length_min > 0,
            strip=False,
            help_text=f"{variable.words.capitalize()}, at most {variable.length_max} characters.",
            widget=forms.TextInput(attrs={"autocomplete": "off"}),
        )

    def validate(self, value: Any) -> None:
        super().validate(value)
        if problem := value_problem(self.variable, value):
            raise forms.ValidationError(f"It {problem[1]}", code=problem[0])


class TemplateSmsForm(SmsForm):
    """Send SMS by a template: its sender and words stand fixed, one field for each variable."""

    def __init__(self, *args: Any, template: TemplateRow, **options: Any) -> None:
        super().__init__(*args, **options)
        self.template, self.template_ref = template, template.template_ref
        del self.fields["sender"], self.fields["body"]
        for number, variable in enumerate(variables_of(template.pattern), start=1):
            self.fields[f"value_{number}"] = ValueField(variable, number)

    @property
    def value_names(self) -> list[str]:
        return [name for name in self.fields if name.startswith("value_")]

    @property
    def values(self) -> list[forms.BoundField]:
        return [self[name] for name in self.value_names]

    def written(self) -> dict[str, str]:
        values = [str(bound.value() or "") for bound in self.values]
        return {"recipients": self["recipients"].value() or "", "body": fill(self.template.pattern, values)}

    def draft(self) -> dict[str, Any]:
        return {**super().draft(), "template": self.template.public_id}

    def clean(self) -> dict[str, Any]:
        told = super().clean() or self.cleaned_data
        if not self.errors:
            told["body"] = fill(self.template.pattern, [told[name] for name in self.value_names])
            told["sender"] = self.template.sender
        return told


def sms_form(request: MemberRequest, template: str, data: Any = None, **options: Any) -> SmsForm:
    """The form for a template's public id; the plain one for "" and for a template that is retired. Raises NotFound."""
    if not template:
        return SmsForm(data, **options)
    try:
        id_ = uuid_from_public("tpl", template)
    except NotAnId as error:
        raise NotFound from error
    found = template_queries.template(organisation_id=request.organisation.id, template_id=id_)
    return SmsForm(data, **options) if found.retired_at else TemplateSmsForm(data, template=found, **options)
