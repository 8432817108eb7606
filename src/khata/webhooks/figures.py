"""Figures of deliveries on their way, for whoever watches the installation."""

from datetime import datetime
from typing import NamedTuple

from khata.kernel.clock import utc_now
from khata.webhooks.models import Delivery

COUNT_MAX = 10_000
"""Counting stops here: a backlog of a million costs no more."""


class DeliveryFigures(NamedTuple):
    """Deliveries whose next attempt is due, counted over at most COUNT_MAX."""

    due_count: int
    due_since: datetime | None
    """Of those, when the longest waiting one was due."""


def delivery_figures() -> DeliveryFigures:
    instants = list(Delivery.objects.filter(due_at__lte=utc_now()).values_list("due_at", flat=True)[:COUNT_MAX])
    return DeliveryFigures(len(instants), min(filter(None, instants), default=None))
