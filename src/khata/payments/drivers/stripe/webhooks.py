"""A verified event, reduced to where to look. Its body is a snapshot of the past, so only ids are taken from it."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from khata.payments import facts
from khata.payments.drivers.stripe import saved
from khata.payments.drivers.stripe.entities import PAYMENT_REF, SESSION_REF, ref_of
from khata.payments.drivers.stripe.signatures import is_webhook_authentic
from khata.payments.port import ForgedWebhook, Mode, WebhookHint
from khata.payments.rest import Json

_EVENT_REF = re.compile(r"evt_[A-Za-z0-9_]{1,60}")
_KIND = re.compile(r"[a-z0-9_.]{1,64}")


def read_webhook(
    *, body: bytes, headers: Mapping[str, str], secrets: tuple[str, ...], mode: Mode, now: datetime
) -> WebhookHint:
    """Raises ForgedWebhook, without saying why: an answer that did would help whoever forges."""
    header = headers.get("stripe-signature", "")
    if not is_webhook_authentic(secrets=secrets, body=body, header=header, now_s=now.timestamp()):
        raise ForgedWebhook
    event = _json_object(body)
    event_ref, kind = facts.text(event.get("id")), facts.text(event.get("type"))
    if (
        not _EVENT_REF.fullmatch(event_ref)
        or not _KIND.fullmatch(kind)
        or event.get("livemode") is not (mode == "live")
    ):
        raise ForgedWebhook
    subject = facts.part(event, "data", "object")
    return WebhookHint(
        event_ref=event_ref,
        kind=kind,
        order_ref=_fitting(subject, "id", SESSION_REF) or saved.order_ref_of(subject),
        payment_ref=_payment_ref(subject),
    )


def _payment_ref(subject: Json) -> str | None:
    """A charge is its own; refunds and disputes name theirs, an intent its latest."""
    found = (_fitting(subject, key, PAYMENT_REF) for key in ("id", "charge", "latest_charge"))
    return next((ref for ref in found if ref), None)


def _fitting(subject: Json, key: str, shape: re.Pattern[str]) -> str | None:
    found = ref_of(subject.get(key))
    return found if found is not None and shape.fullmatch(found) else None


def _json_object(body: bytes) -> Json:
    try:
        value: Any = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise ForgedWebhook
    return value
