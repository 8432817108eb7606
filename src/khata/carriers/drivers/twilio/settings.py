"""What an operator sets to send through one Twilio account."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from khata.carriers.table import Table, check_address

BASE_URL = "https://api.twilio.com"

_SIDS = {"account_sid": "AC", "api_key_sid": "SK", "messaging_service_sid": "MG"}


@dataclass(frozen=True, slots=True)
class TwilioSettings:
    """One account. Raises ValueError where a value cannot work; the message never holds a secret."""

    name: str
    """Names the carrier in our rows and in the address of its callbacks."""
    account_sid: str
    auth_token: str = field(repr=False)
    """Signs what Twilio calls us with, also where an API key is what we sign in with."""
    public_url: str
    """Where Twilio reaches us: scheme and host, no path."""
    is_sandbox: bool
    base_url: str = BASE_URL
    api_key_sid: str = ""
    api_key_secret: str = field(default="", repr=False)
    messaging_service_sid: str = ""
    """Where set, Twilio chooses the sender from this service's pool."""
    window: int = 20
    submits_per_s_max: int | None = None
    timeout_s: int = 10
    """How long an answer may take before the message is `Unknown`."""

    def __post_init__(self) -> None:
        for key, prefix in _SIDS.items():
            sid = getattr(self, key)
            if (sid or key == "account_sid") and not re.fullmatch(prefix + "[0-9a-fA-F]{32}", sid):
                raise ValueError(f"{self.name}: {key} is {prefix} and 32 hexadecimal digits")
        if not self.auth_token:
            raise ValueError(f"{self.name}: auth_token_env must name the variable that holds the auth token")
        if bool(self.api_key_sid) != bool(self.api_key_secret):
            raise ValueError(f"{self.name}: api_key_sid and api_key_secret_env belong together")
        check_address(self.name, self.base_url, is_sandbox=self.is_sandbox)
        check_address(self.name, self.public_url, is_sandbox=True)
        # Test and live credentials look alike, so it is the address that tells whether people would get messages.
        if self.is_sandbox and (urlsplit(self.base_url).hostname or "").endswith("twilio.com"):
            raise ValueError(f"{self.name}: a sandbox must not send through {self.base_url}; set base_url")

    @property
    def credentials(self) -> tuple[str, str]:
        if self.api_key_sid:
            return self.api_key_sid, self.api_key_secret
        return self.account_sid, self.auth_token

    @property
    def messages_url(self) -> str:
        """Of the list of messages, without ".json"."""
        return f"{self.base_url}/2010-04-01/Accounts/{self.account_sid}/Messages"

    @property
    def status_callback_url(self) -> str:
        return f"{self.public_url}/callbacks/carriers/{self.name}/status"


def settings_of(name: str, table: Mapping[str, Any], *, is_sandbox: bool) -> TwilioSettings:
    """Raises ValueError with a sentence."""
    read = Table(name, table)
    settings = TwilioSettings(
        name=name,
        account_sid=read.text("account_sid"),
        auth_token=read.text("auth_token", ""),
        public_url=read.text("public_url").rstrip("/"),
        is_sandbox=is_sandbox,
        base_url=read.text("base_url", BASE_URL).rstrip("/"),
        api_key_sid=read.text("api_key_sid", ""),
        api_key_secret=read.text("api_key_secret", ""),
        messaging_service_sid=read.text("messaging_service_sid", ""),
        window=read.number("window", 20, most=1_000),
        submits_per_s_max=read.number_or_none("submits_per_s_max"),
        timeout_s=read.number("timeout_s", 10, most=120),
    )
    read.end()
    return settings
