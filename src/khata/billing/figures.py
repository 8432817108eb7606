"""Figures of billing for whoever watches the installation; cheap however many top-ups there have been."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count

from khata.billing.models import FindingState, ReconciliationFinding, ReconciliationRun, TopUp, WebhookEvent
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


def open_findings_by_match() -> dict[str, int]:
    """What reconciliation found and nobody has put right (index finding_open)."""
    rows = ReconciliationFinding.objects.filter(state=FindingState.OPEN).values_list("match")
    return dict(rows.annotate(count=Count("id")).order_by())


def last_reconciled_at() -> datetime | None:
    """When the newest comparison that got an answer ended (index reconciliation_run_newest)."""
    rows = ReconciliationRun.objects.filter(error="", finished_at__isnull=False).order_by("-started_at")
    return rows.values_list("finished_at", flat=True).first()
