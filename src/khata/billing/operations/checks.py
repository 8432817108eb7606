"""The poller's half of settling: what is due is claimed for a while and handed to a job of its own."""

from datetime import timedelta

from khata.billing.models import TopUp, WebhookEvent
from khata.billing.operations.deferral import SETTLE_TOP_UP, SETTLE_WEBHOOK, defer
from khata.kernel.clock import utc_now
from khata.kernel.transactions import in_transaction

BATCH_SIZE = 500

_CLAIM_TIME = timedelta(minutes=2)
"""A job that dies leaves its subject due again after this."""


def settle_due_top_ups_later() -> int:
    """Defers a settlement for each top-up that is due. Returns how many."""
    now = utc_now()
    with in_transaction():
        due = TopUp.objects.select_for_update(skip_locked=True).filter(check_due_at__lte=now).order_by("check_due_at")
        ids = list(due.values_list("id", flat=True)[:BATCH_SIZE])
        TopUp.objects.filter(id__in=ids).update(check_due_at=now + _CLAIM_TIME)
        for top_up_id in ids:
            defer(SETTLE_TOP_UP, top_up_id)
    return len(ids)


def settle_due_webhooks_later() -> int:
    """Defers a settlement for each stored webhook whose first job died or found no gateway. Returns how many."""
    now = utc_now()
    with in_transaction():
        due = WebhookEvent.objects.select_for_update(skip_locked=True).filter(due_at__lte=now).order_by("due_at")
        ids = list(due.values_list("id", flat=True)[:BATCH_SIZE])
        WebhookEvent.objects.filter(id__in=ids).update(due_at=now + _CLAIM_TIME)
        for event_id in ids:
            defer(SETTLE_WEBHOOK, event_id)
    return len(ids)
