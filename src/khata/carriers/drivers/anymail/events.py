"""What a mail service calls us with: what became of mails. Believed and read as django-anymail does."""

import logging
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from io import BytesIO
from typing import Any, Literal

from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.signals import EventType, RejectReason
from django.core.handlers.wsgi import WSGIRequest

from khata.carriers.callbacks import Callback, ForgedCallback, readable
from khata.carriers.drivers.anymail.mails import ID, REF_KEY
from khata.carriers.drivers.anymail.settings import AnymailSettings
from khata.carriers.mail_statuses import enhanced_code, is_mailbox_gone
from khata.carriers.port import CarrierNews, Feedback, Receipt, ReceiptState

logger = logging.getLogger(__name__)

Reason = Literal["bounce", "complaint", "unsubscribe"]

_RAW_LENGTH_MAX = 2_000
_CODE_LENGTH_MAX = 40
_REF = re.compile(r"[a-z2-7]{56}")
_STATES = {
    EventType.DELIVERED: ReceiptState.DELIVERED,
    EventType.BOUNCED: ReceiptState.UNDELIVERED,
    EventType.REJECTED: ReceiptState.REJECTED,
    EventType.FAILED: ReceiptState.REJECTED,
}
_WISHES: Mapping[str, Reason] = {EventType.COMPLAINED: "complaint", EventType.UNSUBSCRIBED: "unsubscribe"}
_LISTED: Mapping[str, Reason] = {
    RejectReason.BOUNCED: "bounce",
    RejectReason.INVALID: "bounce",
    RejectReason.SPAM: "complaint",
    RejectReason.UNSUBSCRIBED: "unsubscribe",
}
"""Why a mail service holds back a mail itself: the address is none, or on a list of its own."""


def read(callback: Callback, settings: AnymailSettings, *, received_at: datetime) -> list[CarrierNews]:
    """Nothing of events about mails that are not ours, nor of opens and clicks. Raises ForgedCallback."""
    if callback.kind != "status":
        raise ForgedCallback
    if callback.method == "GET":
        # Some mail services look whether anybody is there before they take the address.
        return []
    view, request = settings.view(), _request(callback)
    try:
        view.run_validators(request)
        return [news for event in view.parse_events(request) for news in _news(event, settings.name, received_at)]
    except AnymailWebhookValidationFailure:
        raise ForgedCallback from None
    except Exception as error:
        # django-anymail reads what it believes trustingly, and of some mail services it reads before it believes.
        logger.warning("%s: a callback cannot be read: %s", settings.name, type(error).__name__)
        raise ForgedCallback from error


def _request(callback: Callback) -> WSGIRequest:
    named = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in callback.headers.items()}
    return WSGIRequest(
        {
            **named,
            "REQUEST_METHOD": callback.method,
            "PATH_INFO": callback.path,
            "QUERY_STRING": callback.query,
            "CONTENT_TYPE": callback.headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(callback.body)),
            "wsgi.input": BytesIO(callback.body),
        }
    )


def _news(event: Any, carrier: str, received_at: datetime) -> Iterator[CarrierNews]:
    ref = _ref_of(event)
    if ref is None:
        return
    told = readable(" ".join(str(text) for text in (event.mta_response, event.description) if text))
    code = enhanced_code(told)
    state, id_ = _STATES.get(event.event_type), str(event.message_id or ref)
    if state is not None and ID.fullmatch(id_):
        error_code = "" if state is ReceiptState.DELIVERED else code or event.reject_reason or event.event_type
        raw = f"{event.event_type}: {told}" if told else event.event_type
        yield Receipt(carrier, id_, state, str(error_code)[:_CODE_LENGTH_MAX], raw[:_RAW_LENGTH_MAX], received_at)
    reason = _reason(event, code)
    if reason is not None:
        yield Feedback(carrier, ref, reason, told[:_RAW_LENGTH_MAX] or event.event_type, received_at)


def _reason(event: Any, code: str) -> Reason | None:
    """A bounce suppresses where the address itself is no good; most mail services call a full mailbox a bounce, too."""
    if event.event_type in _WISHES:
        return _WISHES[event.event_type]
    if event.event_type == EventType.BOUNCED:
        return "bounce" if is_mailbox_gone(code) or event.reject_reason == RejectReason.INVALID else None
    return _LISTED.get(event.reject_reason) if event.event_type == EventType.REJECTED else None


def _ref_of(event: Any) -> str | None:
    """The reference its mail was given; None where it has none: then it was not ours."""
    for text in ((event.metadata or {}).get(REF_KEY), *(event.tags or ())):
        if isinstance(text, str) and _REF.fullmatch(text):
            return text
    return None
