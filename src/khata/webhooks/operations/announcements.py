"""Endpoints that were disabled without their people having asked for it: somebody above tells them."""

from dataclasses import dataclass
from datetime import datetime

from khata.kernel.clock import utc_now
from khata.webhooks.models import DisabledReason, WebhookEndpoint

_UNASKED = (DisabledReason.GONE, DisabledReason.FAILING)
_COUNT = 100


@dataclass(frozen=True, slots=True)
class DisabledEndpoint:
    organisation_id: int
    url: str
    is_gone: bool
    """It asked for it (410); otherwise it has failed since `failing_since`."""
    failing_since: datetime | None


def take_unannounced() -> list[DisabledEndpoint]:
    """Marks them announced in the caller's transaction: each is taken once."""
    unannounced = WebhookEndpoint.objects.filter(announced_at=None, disabled_at__isnull=False)
    found = list(unannounced.filter(disabled_reason__in=_UNASKED).select_for_update(skip_locked=True)[:_COUNT])
    WebhookEndpoint.objects.filter(id__in=[row.id for row in found]).update(announced_at=utc_now())
    return [
        DisabledEndpoint(row.organisation_id, row.url, row.disabled_reason == DisabledReason.GONE, row.failing_since)
        for row in found
    ]
