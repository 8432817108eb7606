"""A stand-in for Twilio's API of messages, written from its published specification; it shares no code with the driver.

It refuses parameters it does not know, so that a misspelt one is noticed; numbers make it refuse, throttle, stay
silent or lose a message. Callbacks are signed as Twilio's are, and given to whoever takes them.
"""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import uuid4

from .far_server import Asked, Told

ACCOUNT_SID, AUTH_TOKEN = "AC" + "0123456789abcdef" * 2, "twilio-auth-token"
KNOWN_FIELDS = {"To", "From", "MessagingServiceSid", "Body", "StatusCallback"}
REFUSED, THROTTLED, SILENT, LOST = "+15005550001", "+15005550010", "+15005550011", "+919812345679"

Deliver = Callable[[str, bytes, dict[str, str]], None]
"""Address, body and headers of a callback."""


@dataclass
class TwilioFarEnd:
    deliver: Deliver
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By sid, as the API shows them."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    credentials: tuple[str, str] = (ACCOUNT_SID, AUTH_TOKEN)

    def answer(self, asked: Asked) -> Told | None:
        expected = base64.b64encode(":".join(self.credentials).encode()).decode()
        if asked.headers.get("authorization") != f"Basic {expected}":
            return error(401, 20003, "Authenticate")
        root = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages"
        if asked.method == "POST" and asked.path == f"{root}.json":
            with self.lock:
                return self._create(dict(parse_qsl(asked.body.decode(), strict_parsing=True)))
        message = self.messages.get(asked.path.removeprefix(f"{root}/").removesuffix(".json"))
        if asked.method == "GET" and message is not None:
            return Told(200, json.dumps(message).encode())
        return error(404, 20404, "The requested resource was not found")

    def call(self, url: str, form: dict[str, str], *, auth_token: str = AUTH_TOKEN) -> None:
        """Calls an address of ours with a signed form."""
        headers = {
            "content-type": "application/x-www-form-urlencoded; charset=utf-8",
            "x-twilio-signature": signature(auth_token, url, form),
        }
        self.deliver(url, urlencode(form).encode(), headers)

    def report(self, sid: str, status: str, **more: str) -> None:
        message = self.messages[sid]
        message |= {"status": status, "error_code": int(more["ErrorCode"]) if "ErrorCode" in more else None}
        shown = {"To": message["to"], "From": message["from"] or "", "ApiVersion": "2010-04-01", **more}
        form = {"MessageSid": sid, "SmsSid": sid, "AccountSid": ACCOUNT_SID, "MessageStatus": status, **shown}
        self.call(message["status_callback"], form | {"SmsStatus": status})

    def _create(self, form: dict[str, str]) -> Told | None:
        assert set(form) <= KNOWN_FIELDS, f"unknown parameters: {set(form) - KNOWN_FIELDS}"
        match form["To"]:
            case to if to == REFUSED:
                return error(400, 21211, "The 'To' number +15005550001 is not a valid phone number.")
            case to if to == THROTTLED:
                return error(429, 20429, "Too Many Requests")
            case to if to == SILENT:
                return None
        message = new_message(form)
        self.messages[message["sid"]] = message
        answer = Told(201, json.dumps(message).encode())
        # Before it is answered: a receipt may well be the faster of the two.
        self._report_all(message["sid"], form["To"])
        return answer

    def _report_all(self, sid: str, to: str) -> None:
        self.report(sid, "sent")
        if to == LOST:
            self.report(sid, "undelivered", ErrorCode="30003")
        else:
            self.report(sid, "delivered", RawDlrDoneDate="2611231015")


def new_message(form: dict[str, str]) -> dict[str, Any]:
    sid = "SM" + uuid4().hex
    return {
        "sid": sid,
        "account_sid": ACCOUNT_SID,
        "messaging_service_sid": form.get("MessagingServiceSid"),
        "api_version": "2010-04-01",
        "to": form["To"],
        "from": form.get("From"),
        "body": form["Body"],
        "status": "queued",
        "direction": "outbound-api",
        "num_segments": "1",
        "num_media": "0",
        "price": None,
        "price_unit": "USD",
        "error_code": None,
        "error_message": None,
        "uri": f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{sid}.json",
        "status_callback": form["StatusCallback"],
    }


def error(status: int, code: int, message: str) -> Told:
    body = {
        "code": code,
        "message": message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    return Told(status, json.dumps(body).encode())


def signature(auth_token: str, url: str, form: dict[str, str]) -> str:
    text = url + "".join(f"{name}{form[name]}" for name in sorted(form))
    return base64.b64encode(hmac.digest(auth_token.encode(), text.encode(), hashlib.sha1)).decode()
