"""How long credits last, and from where on they are low: the one definition for header, Dashboard and mail."""

from dataclasses import dataclass
from datetime import timedelta

from khata.kernel.credits import MICRO_PER_CREDIT

RATE_SPAN = timedelta(days=7)
"""Whose use says how fast credits go."""

RUNWAY_LOW_DAYS = 3
LEVEL_LOW_MICRO = 500 * MICRO_PER_CREDIT
_YEAR_DAYS = 365


@dataclass(frozen=True, slots=True)
class Outlook:
    """Micro-credits. `used` is what messages took within RATE_SPAN, reserved credits included, returned ones not."""

    available: int
    used: int
    level_chosen: int | None
    """The level the owner set; None is automatic."""

    @property
    def level(self) -> int:
        """Below it credits are low. Automatic: three days' use, and never under 500 credits."""
        if self.level_chosen is not None:
            return self.level_chosen
        return max(LEVEL_LOW_MICRO, self.used * RUNWAY_LOW_DAYS // RATE_SPAN.days)

    @property
    def runway_days(self) -> int | None:
        """Whole days, rounded down; None where nothing was used, since then nothing can be told."""
        return max(self.available, 0) * RATE_SPAN.days // self.used if self.used > 0 else None

    @property
    def runway_words(self) -> str:
        """“about 12 days”, without pretending to know more; "" where nothing can be told."""
        if self.runway_days is None:
            return ""
        if not self.runway_days:
            return "less than a day"
        if self.runway_days >= _YEAR_DAYS:
            return "more than a year"
        return f"about {self.runway_days} {'day' if self.runway_days == 1 else 'days'}"

    @property
    def is_empty(self) -> bool:
        return self.available <= 0

    @property
    def is_low(self) -> bool:
        """Above zero, but below the level."""
        return 0 < self.available < self.level
