"""The mail services, and what django-anymail wants to know of each. Source: its own settings.

Left out: Amazon SES, whose library is none of ours, and Scaleway, which reports no bounces.
"""

from typing import Any, NamedTuple

from django.utils.module_loading import import_string


class MailService(NamedTuple):
    """Keys are django-anymail's names of its settings, without the mail service's."""

    view: str
    """Its class that reads the mail service's events."""
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    signed_by: str = ""
    """What the mail service's events are signed with; "" where they come with a user name and a password instead."""
    takes_metadata: bool = True
    """Whether our reference travels as metadata; otherwise as a tag."""
    has_own_address: bool = True
    """Whether django-anymail knows where the mail service is reached."""


MAIL_SERVICES = {
    "brevo": MailService("BrevoTrackingWebhookView", ("api_key",)),
    "mailersend": MailService(
        "MailerSendTrackingWebhookView", ("api_token",), signed_by="signing_secret", takes_metadata=False
    ),
    "mailgun": MailService(
        "MailgunTrackingWebhookView", ("api_key",), ("sender_domain",), signed_by="webhook_signing_key"
    ),
    "mailjet": MailService("MailjetTrackingWebhookView", ("api_key", "secret_key")),
    "mailtrap": MailService("MailtrapTrackingWebhookView", ("api_token",), signed_by="tracking_secret"),
    "mandrill": MailService("MandrillCombinedWebhookView", ("api_key",), signed_by="webhook_key"),
    "postal": MailService(
        "PostalTrackingWebhookView", ("api_key",), signed_by="webhook_key", takes_metadata=False, has_own_address=False
    ),
    "postmark": MailService("PostmarkTrackingWebhookView", ("server_token",), ("message_stream",)),
    "resend": MailService("ResendTrackingWebhookView", ("api_key",)),
    "sendgrid": MailService("SendGridTrackingWebhookView", ("api_key",), signed_by="tracking_webhook_verification_key"),
    "sparkpost": MailService("SparkPostTrackingWebhookView", ("api_key",), ("subaccount",)),
    "unisender_go": MailService(
        "UnisenderGoTrackingWebhookView", ("api_key",), signed_by="api_key", has_own_address=False
    ),
}


def backend_of(service: str, options: dict[str, Any]) -> Any:
    """What hands mails over. Raises ImproperlyConfigured."""
    return import_string(f"anymail.backends.{service}.EmailBackend")(**options)


def view_of(service: str, options: dict[str, Any]) -> Any:
    """What reads events. Raises ImproperlyConfigured, or ValueError for a key that is none."""
    return import_string(f"anymail.webhooks.{service}.{MAIL_SERVICES[service].view}")(**options)
