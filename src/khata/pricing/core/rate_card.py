"""What a message costs: credits per unit (an SMS segment, an e-mail) by the longest matching prefix."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Channel = Literal["sms", "email"]


@dataclass(frozen=True, slots=True)
class Rate:
    """`prefix` is digits of an international number without the plus; "" matches every destination."""

    channel: Channel
    prefix: str
    destination: str
    credits_micro: int


class RateCard:
    """An immutable price list."""

    def __init__(self, rates: Iterable[Rate]) -> None:
        self._rates = {(rate.channel, rate.prefix): rate for rate in rates}
        self._lengths = sorted({len(prefix) for _, prefix in self._rates}, reverse=True)

    @property
    def rates(self) -> list[Rate]:
        return sorted(self._rates.values(), key=lambda rate: (rate.channel != "sms", rate.prefix != "91", rate.prefix))

    def rate_for(self, channel: Channel, digits: str = "") -> Rate | None:
        """The rate of the longest prefix of `digits`; None where nothing is sold there."""
        for length in self._lengths:
            rate = self._rates.get((channel, digits[:length]))
            if rate is not None:
                return rate
        return None
