"""Webhooks: stored as they came and answered at once; a job settles the top-up they point at."""

import logging
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from khata.billing.core.checks import next_retry_at
from khata.billing.models import PaymentAttempt, TopUp, WebhookEvent
from khata.billing.operations import parking
from khata.billing.operations.deferral import SETTLE_WEBHOOK, defer
from khata.billing.operations.settlement import settle
from khata.kernel.clock import utc_now
from khata.kernel.transactions import in_transaction, needs_database
from khata.payments.registry import gateway

_HEADERS_NOT_KEPT = frozenset({"authorization", "cookie", "proxy-authorization"})
_ERROR_LENGTH_MAX = 255

_FIRST_SWEEP_AFTER = timedelta(minutes=2)
"""The job deferred with the event comes first; the sweep is for jobs that died."""

logger = logging.getLogger(__name__)


@needs_database
def receive_webhook(*, gateway_code: str, body: bytes, headers: Mapping[str, str]) -> None:
    """Stores a verified event and defers its settlement, in one transaction. Header names in lower case.

    An event that comes again is settled again unless it is known to be done. Raises UnknownGateway, ForgedWebhook.
    """
    source = gateway(gateway_code)
    hint = source.read_webhook(body=body, headers=headers)
    now = utc_now()
    with in_transaction():
        event, is_new = WebhookEvent.objects.get_or_create(
            gateway_code=source.code,
            mode=source.mode,
            event_ref=hint.event_ref,
            defaults={
                "kind": hint.kind,
                "order_ref": hint.order_ref,
                "payment_ref": hint.payment_ref,
                "body": body,
                "headers": {name: value for name, value in headers.items() if name not in _HEADERS_NOT_KEPT},
                "received_at": now,
                "due_at": now + _FIRST_SWEEP_AFTER,
            },
        )
        if is_new or event.processed_at is None:
            defer(SETTLE_WEBHOOK, event.id)


@needs_database
def settle_webhook(*, event_id: UUID) -> None:
    """Settles the top-up the event points at. Until the gateway has been read the event stays due.

    An event about nothing of ours is parked: it may belong to another application of the same account, or come before
    what it is about.
    """
    event = WebhookEvent.objects.filter(id=event_id, processed_at=None).first()
    if event is None:
        return
    if event.order_ref is None and event.payment_ref is None:
        _mark_processed(event, "about no payment")
        return
    top_up_id = _top_up_of(event)
    if top_up_id is None:
        _park(event)
        # Once more: what appeared in between has not seen it parked.
        top_up_id = _top_up_of(event)
    if top_up_id is None:
        logger.warning("webhook %s (%s) belongs to no top-up of ours", event.event_ref, event.kind)
    elif settle(top_up_id):
        _mark_processed(event, "")
    else:
        _mark_failed(event, "the gateway did not answer")


def _top_up_of(event: WebhookEvent) -> UUID | None:
    """By the order, else by a payment stored as ours: nothing else in an event may say whose money it is.

    The order named may be one the gateway keeps behind a payment link: then only the payment is known here.
    """
    source = {"gateway_code": event.gateway_code, "mode": event.mode}
    if event.order_ref is not None:
        bound = TopUp.objects.filter(**source, order_ref=event.order_ref).values_list("id", flat=True).first()
        if bound is not None:
            return bound
    if event.payment_ref is not None:
        paid = PaymentAttempt.objects.filter(**source, payment_ref=event.payment_ref)
        return paid.values_list("top_up_id", flat=True).first()
    return None


def _park(event: WebhookEvent) -> None:
    event.due_at = None
    event.tries += 1
    event.error = parking.NOTE
    event.save(update_fields=["due_at", "tries", "error"])


def _mark_processed(event: WebhookEvent, note: str) -> None:
    event.processed_at = utc_now()
    event.due_at = None
    event.tries += 1
    event.error = note
    event.save(update_fields=["processed_at", "due_at", "tries", "error"])


def _mark_failed(event: WebhookEvent, error: str) -> None:
    event.due_at = next_retry_at(event.tries, utc_now())
    event.tries += 1
    event.error = error[:_ERROR_LENGTH_MAX]
    event.save(update_fields=["due_at", "tries", "error"])
