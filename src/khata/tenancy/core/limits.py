"""What an organisation, and each of its API keys, may send."""

from dataclasses import dataclass

MESSAGES_PER_MINUTE_MAX = 1_000_000
"""No limit is set higher; none at all is the way to say "as fast as it goes"."""


@dataclass(frozen=True, slots=True)
class SendingLimits:
    """None is no limit. Caps are micro-credits a day and a month of the organisation's time zone."""

    time_zone: str = "UTC"
    messages_per_minute_max: int | None = None
    key_messages_per_minute_max: int | None = None
    credits_per_day_max: int | None = None
    credits_per_month_max: int | None = None

    @property
    def has_any(self) -> bool:
        return any(
            limit is not None
            for limit in (
                self.messages_per_minute_max,
                self.key_messages_per_minute_max,
                self.credits_per_day_max,
                self.credits_per_month_max,
            )
        )
