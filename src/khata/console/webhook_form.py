"""What an owner types about a webhook endpoint; the rules are the operations' own."""

from django import forms

from khata.console.webhook_words import EVENTS
from khata.webhooks.core.targets import URL_LENGTH_MAX
from khata.webhooks.operations import CHOOSABLE
from khata.webhooks.operations.endpoints import DESCRIPTION_LENGTH_MAX
from khata.webhooks.queries import EndpointRow


class WebhookEndpointForm(forms.Form):
    url = forms.CharField(
        label="Address",
        max_length=URL_LENGTH_MAX,
        help_text="Where your program listens, by https. It is sent a POST for every event.",
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}),
    )
    description = forms.CharField(
        label="Name", max_length=DESCRIPTION_LENGTH_MAX, required=False, help_text="What it is for."
    )
    event_types = forms.MultipleChoiceField(
        label="Events",
        choices=[(kind.value, EVENTS[kind]) for kind in CHOOSABLE],
        initial=[kind.value for kind in CHOOSABLE],
        error_messages={"required": "Choose at least one."},
        widget=forms.CheckboxSelectMultiple,
    )


def filled_in(endpoint: EndpointRow) -> dict[str, object]:
    """What the form shows of an endpoint before anything is typed."""
    return {"url": endpoint.url, "description": endpoint.description, "event_types": list(endpoint.event_types)}
