"""A Twilio account of the tests, and what Twilio would call it with."""

from typing import Any
from urllib.parse import urlsplit

from khata.carriers.callbacks import Callback, CallbackKind
from khata.carriers.drivers.twilio import TwilioSettings

from .twilio_far_end import ACCOUNT_SID, AUTH_TOKEN

PUBLIC_URL = "https://credits.example"


def settings_for(base_url: str, **settings: Any) -> TwilioSettings:
    known: dict[str, Any] = {
        "name": "twilio", "account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN, "public_url": PUBLIC_URL,
        "base_url": base_url, "is_sandbox": True,
    }  # fmt: skip
    return TwilioSettings(**(known | settings))


def status_callback(url: str, body: bytes, headers: dict[str, str], kind: CallbackKind = "status") -> Callback:
    parts = urlsplit(url)
    return Callback(kind, "POST", parts.path, parts.query, body, headers)
