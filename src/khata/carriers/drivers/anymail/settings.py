"""What an operator sets to send through one mail service."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from khata.carriers.drivers.anymail.mail_services import MAIL_SERVICES, MailService, backend_of, view_of
from khata.carriers.table import Table, check_address

CONNECT_S_MAX = 5.0

_KEY = "provider"
"""As the mail services call themselves."""
_SECRET = re.compile(r"[A-Za-z0-9_-]+:[A-Za-z0-9_-]{16,}")


@dataclass(frozen=True, slots=True)
class AnymailSettings:
    """One account. Raises ValueError where a value cannot work; the message never holds a secret."""

    name: str
    """Names the carrier in our rows and in the address of its events."""
    service: str
    """One of MAIL_SERVICES."""
    options: Mapping[str, str] = field(repr=False)
    """What handing over needs, by django-anymail's names."""
    event_options: Mapping[str, str] = field(repr=False)
    """What believing its events needs, likewise."""
    is_sandbox: bool
    window: int = 10
    """How many mails at once, each on a connection and a thread of its own."""
    submits_per_s_max: int | None = None
    timeout_s: int = 30
    """How long an answer may take before the message is `Unknown`."""

    def __post_init__(self) -> None:
        address = self.options.get("api_url", "")
        if address:
            check_address(self.name, address, is_sandbox=self.is_sandbox)
        elif self.is_sandbox or not MAIL_SERVICES[self.service].has_own_address:
            # Credentials do not tell whether people would get mail, so in a sandbox it is the address that must.
            raise ValueError(f"{self.name}: api_url must say where {self.service} is to be reached")
        secret = self.event_options.get("webhook_secret")
        if secret is not None and not _SECRET.fullmatch(secret):
            raise ValueError(
                f"{self.name}: the webhook secret is user:password of letters, digits, “-” and “_”, 16 or more"
            )
        try:
            self.backend()
            self.view()
        except (ImproperlyConfigured, ValueError):
            raise ValueError(f"{self.name}: {self.service} cannot be used with these keys") from None

    def backend(self) -> Any:
        """A fresh one, for one mail."""
        timeouts_s = (min(CONNECT_S_MAX, self.timeout_s / 2), self.timeout_s)
        return backend_of(self.service, {**self.options, "requests_timeout": timeouts_s})

    def view(self) -> Any:
        """A fresh one, for one callback."""
        return view_of(self.service, dict(self.event_options))


def settings_of(name: str, table: Mapping[str, Any], *, is_sandbox: bool) -> AnymailSettings:
    """Raises ValueError with a sentence."""
    read = Table(name, table)
    service = read.text(_KEY)
    if service not in MAIL_SERVICES:
        raise ValueError(f"{name}: {_KEY} is one of {', '.join(MAIL_SERVICES)}, not “{service}”")
    public_url = read.text("public_url").rstrip("/")
    options = _options(read, MAIL_SERVICES[service])
    settings = AnymailSettings(
        name=name,
        service=service,
        options=options,
        event_options=_event_options(
            read, MAIL_SERVICES[service], options, f"{public_url}/callbacks/carriers/{name}/status"
        ),
        is_sandbox=is_sandbox,
        window=read.number("window", 10, most=100),
        submits_per_s_max=read.number_or_none("submits_per_s_max"),
        timeout_s=read.number("timeout_s", 30, most=600),
    )
    read.end()
    return settings


def _options(read: Table, service: MailService) -> dict[str, str]:
    required = {key: read.text(key) for key in service.required}
    return required | {key: read.text(key) for key in (*service.optional, "api_url") if key in read}


def _event_options(read: Table, service: MailService, options: Mapping[str, str], url: str) -> dict[str, str]:
    """Either the key its events are signed with, or the user name and password they come with."""
    key = service.signed_by or "webhook_secret"
    secret = options[key] if key in options else read.text(key)
    # One of them signs the address its events go to as well.
    return {key: secret, "webhook_url": url}
