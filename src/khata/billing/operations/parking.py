"""Webhooks about orders and payments nobody here knows: kept, and settled once their top-up appears."""

from khata.billing.models import WebhookEvent
from khata.billing.operations.deferral import SETTLE_WEBHOOK, defer
from khata.kernel.clock import utc_now

NOTE = "no top-up of ours"


def wake_parked(*, gateway_code: str, mode: str, order_ref: str | None = None, payment_ref: str | None = None) -> None:
    """Defers the settlement of what was parked about this order or payment, in the caller's transaction."""
    named = {"order_ref": order_ref} if order_ref is not None else {"payment_ref": payment_ref}
    parked = WebhookEvent.objects.filter(
        gateway_code=gateway_code, mode=mode, processed_at=None, due_at=None, error=NOTE, **named
    )
    for event_id in list(parked.values_list("id", flat=True)):
        WebhookEvent.objects.filter(id=event_id).update(due_at=utc_now())
        defer(SETTLE_WEBHOOK, event_id)
