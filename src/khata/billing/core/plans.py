"""Plans as data, and the months they are paid for."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

_MONTHS_PER_YEAR = 12


@dataclass(frozen=True, slots=True)
class Plan:
    """What a month costs (paise, before tax; 0 for a free plan) and brings. Never changed once it is made."""

    id: UUID
    code: str
    name: str
    fee_minor: int
    included_micro: int
    """Credits given for each period; they expire at its end."""
    credits_micro_per_rupee: int
    """What a rupee of a top-up buys while the plan runs."""
    benefits: tuple[str, ...]
    is_offered: bool
    """Retired plans take nobody new; who has one keeps it."""

    @property
    def is_free(self) -> bool:
        return not self.fee_minor


@dataclass(frozen=True, slots=True)
class Period:
    """One month of a plan, its end excluded. `number` counts all of an organisation's periods from 1."""

    number: int
    plan_id: UUID
    starts_at: datetime
    ends_at: datetime


def months_later(anchor_at: datetime, months: int, zone: ZoneInfo) -> datetime:
    """The same local day and time so many months on; the month's last day where it has no such day.

    Reckoned from the first of a row of periods, so that 31 January leads to 28 February and then to 31 March.
    """
    local = anchor_at.astimezone(zone)
    years, month_index = divmod(local.month - 1 + months, _MONTHS_PER_YEAR)
    year, month = local.year + years, month_index + 1
    return local.replace(year=year, month=month, day=min(local.day, monthrange(year, month)[1])).astimezone(
        anchor_at.tzinfo
    )
