"""Bounces (delivery status notifications, RFC 3464) and complaints (feedback reports, RFC 5965), as they are posted
to us: one mail each, whole, by whatever receives mail for the bounce domain.

Anybody can write to that domain. What counts is the reference a report was addressed to, which only the mail server
and the mail's reader ever saw; its signature is checked by whoever stores the news.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from email import message_from_bytes, policy
from email.message import Message
from typing import Literal

from khata.carriers.callbacks import Callback, ForgedCallback, readable
from khata.carriers.drivers.smtp.settings import SmtpSettings
from khata.carriers.mail_statuses import enhanced_code, is_mailbox_gone
from khata.carriers.port import CarrierNews, Feedback, Receipt, ReceiptState

_RAW_LENGTH_MAX = 2_000
_PARTS_MAX = 50
_READ_BYTES_MAX = 131_072
"""What a report tells stands in front of the mail that came back."""
_BOUNDARIES_MAX = 10
"""Every line of a mail is compared with all boundaries around it: a strange mail must not take minutes."""


def read(callback: Callback, settings: SmtpSettings, *, received_at: datetime) -> list[CarrierNews]:
    """What a posted report tells; nothing where it is no report of a final failure. Raises ForgedCallback."""
    if callback.method != "POST" or not callback.has_secret(settings.bounce_secret):
        raise ForgedCallback
    ref = _ref_in(callback.body, settings.bounce_domain)
    beginning = callback.body[:_READ_BYTES_MAX]
    if ref is None or beginning.lower().count(b"boundary") > _BOUNDARIES_MAX:
        return []
    try:
        return _news(message_from_bytes(beginning, policy=policy.compat32), ref, settings.name, received_at)
    except RecursionError:
        # Nested deeper than anything a mail server writes.
        return []


def _news(mail: Message, ref: str, carrier: str, received_at: datetime) -> list[CarrierNews]:
    kind = str(mail.get_param("report-type", "")).lower()
    if mail.get_content_type() != "multipart/report":
        return []
    if kind == "feedback-report":
        return _complaint(mail, ref, carrier, received_at)
    return _bounce(mail, ref, carrier, received_at) if kind == "delivery-status" else []


def _bounce(mail: Message, ref: str, carrier: str, received_at: datetime) -> list[CarrierNews]:
    fields = _fields(mail, "message/delivery-status")
    if fields.get("action", "").lower() != "failed":
        return []
    status = enhanced_code(fields.get("status", "")) or "5.0.0"
    detail = fields.get("diagnostic-code", "") or status
    raw = "\n".join(f"{name}: {value}" for name, value in fields.items())[:_RAW_LENGTH_MAX]
    news: list[CarrierNews] = [Receipt(carrier, ref, ReceiptState.UNDELIVERED, status, raw, received_at)]
    if is_mailbox_gone(status):
        news.append(Feedback(carrier, ref, "bounce", detail, received_at))
    return news


def _complaint(mail: Message, ref: str, carrier: str, received_at: datetime) -> list[CarrierNews]:
    fields = _fields(mail, "message/feedback-report")
    kind = fields.get("feedback-type", "").lower()
    if kind not in ("abuse", "fraud", "other"):
        return []
    return [Feedback(carrier, ref, "complaint", f"Reported as {kind}.", received_at)]


def _fields(
    mail: Message, content_type: Literal["message/delivery-status", "message/feedback-report"]
) -> dict[str, str]:
    """The report's fields by name in lower case, of all its blocks, the last of equal names."""
    return {
        name.lower(): readable(" ".join(str(value).split()))
        for part in _parts(mail)
        if part.get_content_type() == content_type
        for block in _blocks(part)
        for name, value in block.items()
    }


def _blocks(part: Message) -> Iterator[Message]:
    """The library reads a delivery status into blocks of fields; a feedback report it reads as a mail of its own."""
    payload = part.get_payload()
    if isinstance(payload, list):
        yield from (block for block in payload if isinstance(block, Message))
    elif isinstance(payload, str):
        yield message_from_bytes(payload.encode("ascii", "replace"), policy=policy.compat32)


def _parts(mail: Message) -> Iterator[Message]:
    for count, part in enumerate(mail.walk()):
        if count == _PARTS_MAX:
            return
        yield part


def _ref_in(octets: bytes, bounce_domain: str) -> str | None:
    """The first reference before our bounce domain, wherever it stands: envelope lines, headers, the mail that came
    back."""
    found = re.search(rb"([a-z2-7]{56})@" + re.escape(bounce_domain).encode(), octets, re.IGNORECASE)
    return found[1].decode().lower() if found else None
