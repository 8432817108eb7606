"""A verified webhook, reduced to where to look. Its body is a snapshot of the past, so only ids are taken from it."""

import json
import re
from collections.abc import Mapping
from typing import Any

from khata.payments.drivers.razorpay import links, qr_codes
from khata.payments.drivers.razorpay.signatures import is_webhook_authentic
from khata.payments.port import ForgedWebhook, WebhookHint

_EVENT_REF = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_KIND = re.compile(r"[a-z_.]{1,64}")
_REFERENCE = re.compile(r"(?:order|pay|plink|qr)_[A-Za-z0-9]{1,40}")


def read_webhook(*, body: bytes, headers: Mapping[str, str], secrets: tuple[str, ...]) -> WebhookHint:
    """Raises ForgedWebhook, without saying why: an answer that did would help whoever forges."""
    if not is_webhook_authentic(secrets=secrets, body=body, signature=headers.get("x-razorpay-signature", "")):
        raise ForgedWebhook
    event_ref = headers.get("x-razorpay-event-id", "")
    event = _json_object(body)
    kind = event.get("event")
    if not _EVENT_REF.fullmatch(event_ref) or not isinstance(kind, str) or not _KIND.fullmatch(kind):
        raise ForgedWebhook
    return WebhookHint(event_ref=event_ref, kind=kind, order_ref=_order_ref(event), payment_ref=_payment_ref(event))


def _order_ref(event: dict[str, Any]) -> str | None:
    """A link or a code before the order behind it. A refund's or dispute's event may name its payment only."""
    payment = _entity(event, "payment")
    found = (
        _reference(_entity(event, "payment_link").get("id"), links.PREFIX),
        _reference(_entity(event, "qr_code").get("id"), qr_codes.PREFIX),
        links.named_by(payment),
        _reference(payment.get("order_id"), "order_"),
        _reference(_entity(event, "order").get("id"), "order_"),
    )
    return next(filter(None, found), None)


def _payment_ref(event: dict[str, Any]) -> str | None:
    found = (
        _entity(event, "payment").get("id"),
        _entity(event, "refund").get("payment_id"),
        _entity(event, "dispute").get("payment_id"),
    )
    return next((ref for value in found if (ref := _reference(value, "pay_"))), None)


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise ForgedWebhook
    return value


def _entity(event: dict[str, Any], name: str) -> dict[str, Any]:
    """`payload.<name>.entity`, or {} where the event carries none."""
    found: Any = event
    for key in ("payload", name, "entity"):
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _reference(value: Any, prefix: str) -> str | None:
    if isinstance(value, str) and value.startswith(prefix) and _REFERENCE.fullmatch(value):
        return value
    return None
