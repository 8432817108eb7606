"""What workers see of their carriers, for operators."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from khata.kernel.clock import utc_now
from khata.kernel.transactions import needs_database
from khata.messaging.figures import READING_MAX
from khata.messaging.models import CarrierReading

READ_EVERY_S = 5.0


class Reading(NamedTuple):
    """One worker's view of one carrier."""

    carrier: str
    is_bound: bool
    is_resting: bool
    """After failures in a row."""
    window: int
    outstanding_count: int
    answers_per_min: int
    detail: str
    last_error: str
    last_error_at: datetime | None


@needs_database
def write_readings(readings: Iterable[Reading], *, token: int) -> None:
    """The worker's latest readings; those of workers that are gone are dropped."""
    now = utc_now()
    rows = [CarrierReading(token=token, read_at=now, **reading._asdict()) for reading in readings]
    fields = [*Reading._fields[1:], "read_at"]
    CarrierReading.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["token", "carrier"], update_fields=fields
    )
    CarrierReading.objects.filter(read_at__lt=now - READING_MAX).delete()
