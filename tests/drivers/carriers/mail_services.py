"""Stand-ins for the HTTP interfaces of Postmark and Mailgun, written from their published documentation.

Recipients say what becomes of a mail. Events are posted as theirs are: Postmark's with a user name and a password,
Mailgun's signed.
"""

import hashlib
import hmac
import json
import threading
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from typing import Any, cast
from urllib.parse import parse_qsl
from uuid import uuid4

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from khata.carriers.drivers.anymail.mail_services import MAIL_SERVICES

from .far_server import Asked, Told

SERVER_TOKEN, WEBHOOK_SECRET = "postmark-server-token", "postmark:a-secret-of-enough-letters"
API_KEY, SIGNING_KEY = "mailgun-api-key", "mailgun-signing-key"
SENDGRID_KEY, EVENTS_KEY = "tracking_webhook_verification_key", ec.generate_private_key(ec.SECP256R1())
PUBLIC_URL = "https://credits.example"
POSTMARK = {"provider": "postmark", "server_token": SERVER_TOKEN, "webhook_secret": WEBHOOK_SECRET}
MAILGUN = {"provider": "mailgun", "api_key": API_KEY, "webhook_signing_key": SIGNING_KEY}
ASHA, LOST, REFUSED, THROTTLED, SILENT = (
    f"{word}@example.org" for word in ("asha", "gone", "refused", "throttled", "silent")
)

Deliver = Callable[[bytes, dict[str, str]], None]
"""Body and headers of a callback."""


@dataclass
class Taken:
    """A mail as the mail service was told it."""

    id: str
    recipient: str
    text: str
    told: dict[str, Any]


@dataclass
class Postmark:
    deliver: Deliver
    taken: list[Taken] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, asked: Asked) -> Told | None:
        if asked.headers.get("x-postmark-server-token") != SERVER_TOKEN:
            return _json(401, {"ErrorCode": 10, "Message": "No Account or Server API tokens were supplied."})
        assert (asked.method, asked.path) == ("POST", "/email")
        mail = json.loads(asked.body)
        match mail["To"]:
            case to if to == REFUSED:
                return _json(422, {"ErrorCode": 300, "Message": "Invalid 'To' address: 'refused@example.org'."})
            case to if to == THROTTLED:
                return _json(429, {"ErrorCode": 429, "Message": "Rate limit exceeded"})
            case to if to == SILENT:
                return None
        taken = Taken(str(uuid4()), mail["To"], mail["TextBody"], mail)
        with self.lock:
            self.taken.append(taken)
            self.report(taken, **(BOUNCE if mail["To"] == LOST else DELIVERY))
        return _json(200, postmark_yes(taken.id, mail["To"]))

    def report(self, about: Taken, *, secret: str = WEBHOOK_SECRET, **event: Any) -> None:
        known = {"MessageID": about.id, "Metadata": about.told["Metadata"], "ServerID": 23, "MessageStream": "outbound"}
        headers = {"content-type": "application/json", "authorization": basic(secret)}
        self.deliver(json.dumps(known | event).encode(), headers)


DELIVERY: dict[str, Any] = {
    "RecordType": "Delivery", "DeliveredAt": "2026-11-23T10:15:00Z", "Recipient": ASHA, "Details": "250 2.0.0 OK",
}  # fmt: skip
BOUNCE: dict[str, Any] = {
    "RecordType": "Bounce", "ID": 42, "Type": "HardBounce", "TypeCode": 1, "Name": "Hard bounce", "Email": LOST,
    "Description": "The server was unable to deliver your message.", "Details": "smtp;550 5.1.1 No such mailbox",
    "BouncedAt": "2026-11-23T10:15:00Z", "Inactive": True, "CanActivate": True, "Subject": "Hello",
}  # fmt: skip


@dataclass
class Mailgun:
    deliver: Deliver
    taken: list[Taken] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, asked: Asked) -> Told | None:
        if asked.headers.get("authorization") != basic(f"api:{API_KEY}"):
            return Told(401, b"Forbidden", "text/html")
        assert (asked.method, asked.path) == ("POST", "/v3/acme.example/messages")
        form = _form(asked)
        match form["to"]:
            case to if to == REFUSED:
                return _json(400, {"message": "to parameter is not a valid address. please check documentation"})
            case to if to == THROTTLED:
                return _json(
                    429, {"message": "Domain acme.example is not allowed to send: request rate limit exceeded"}
                )
            case to if to == SILENT:
                return None
        taken = Taken(f"<{uuid4()}@acme.example>", form["to"], form["text"], form)
        with self.lock:
            self.taken.append(taken)
            self.report(taken, **(FAILED if form["to"] == LOST else DELIVERED))
        return _json(200, mailgun_yes(taken.id))

    def report(self, about: Taken, *, key: str = SIGNING_KEY, **event: Any) -> None:
        timestamp, token = "1795428900", uuid4().hex
        signature = hmac.digest(key.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hex()
        data = {
            "id": uuid4().hex,
            "timestamp": 1795428900.5,
            "recipient": about.recipient,
            "message": {"headers": {"message-id": about.id.strip("<>"), "to": about.recipient}},
            "user-variables": {"khata": about.told["v:khata"]},
            "tags": [],
        }
        block = {"timestamp": timestamp, "token": token, "signature": signature}
        body = {"signature": block, "event-data": data | event}
        self.deliver(json.dumps(body).encode(), {"content-type": "application/json"})


DELIVERED: dict[str, Any] = {"event": "delivered", "delivery-status": {"code": 250, "message": "OK"}}
FAILED: dict[str, Any] = {
    "event": "failed", "severity": "permanent", "reason": "bounce",
    "delivery-status": {"code": 550, "message": "5.1.1 No such mailbox", "description": ""},
}  # fmt: skip


def postmark_yes(id_: str, recipient: str) -> dict[str, Any]:
    return {"To": recipient, "SubmittedAt": "2026-11-23T10:15:00Z", "MessageID": id_, "ErrorCode": 0, "Message": "OK"}


def mailgun_yes(id_: str) -> dict[str, Any]:
    return {"id": id_, "message": "Queued. Thank you."}


def table_of(service: str, url: str) -> dict[str, str]:
    """What an operator has to set for any mail service, and nothing else."""
    known = MAIL_SERVICES[service]
    key = known.signed_by or "webhook_secret"
    secret = {"webhook_secret": WEBHOOK_SECRET, SENDGRID_KEY: public_part(EVENTS_KEY)}.get(key, "signing-key")
    required = dict.fromkeys(known.required, "any-key")
    return {"provider": service, "public_url": PUBLIC_URL, "api_url": url, key: secret} | required


def public_part(key: ec.EllipticCurvePrivateKey) -> str:
    """As SendGrid shows it: base64 without PEM's first and last line."""
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    return "".join(key.public_key().public_bytes(serialization.Encoding.PEM, kind).decode().splitlines()[1:-1])


def basic(secret: str) -> str:
    return f"Basic {b64encode(secret.encode()).decode()}"


def _form(asked: Asked) -> dict[str, str]:
    """A form, in parts or not; files by their names."""
    head = f"content-type: {asked.headers['content-type']}\r\n\r\n".encode()
    parsed = message_from_bytes(head + asked.body, policy=policy.HTTP)
    if not parsed.is_multipart():
        return dict(parse_qsl(asked.body.decode(), strict_parsing=True))
    named = {}
    for part in parsed.iter_parts():
        name = part.get_filename() or str(part.get_param("name", header="content-disposition"))
        named[name] = cast(bytes, part.get_payload(decode=True)).decode()
    return named


def _json(status: int, content: Any) -> Told:
    return Told(status, json.dumps(content).encode())
