"""Figures of billing for whoever watches the installation; cheap however many top-ups there have been."""

from datetime import timedelta
from uuid import UUID

from django.db.models import Count

from khata.billing.models import TopUp, WebhookEvent
from khata.kernel.clock import utc_now

RECENT = timedelta(days=30)


def recent_top_ups_by_state() -> dict[str, int]:
    """Those made within RECENT: their ids are UUIDv7, so the primary key finds them by age."""
    made_after_ms = int((utc_now() - RECENT).timestamp()) * 1000
    rows = TopUp.objects.filter(id__gte=UUID(int=made_after_ms << 80)).values_list("state")
    return dict(rows.annotate(count=Count("id")).order_by())


def webhook_events_due_count() -> int:
    """Stored webhooks that are still to be settled (index webhook_event_due)."""
    return WebhookEvent.objects.filter(due_at__isnull=False).count()
