"""Which route a message takes, and the policy it is accepted under.

A route is a way out for some messages: by their channel, their recipient's prefix and their sender. It names the
carriers that serve it, in order of priority. Its policy says when credits are used; a message keeps the version of the
policy it was accepted under, whatever the route says later.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from khata.messaging.core.life import MessageStatus

RECEIPT_WAIT_H = 72
"""How long a receipt is awaited where a route does not say."""


class ChargeOn(StrEnum):
    """`ACCEPTED`: what a carrier takes is used. `DELIVERED`: what reaches the phone is used, the rest returns."""

    ACCEPTED = "accepted"
    DELIVERED = "delivered"


@dataclass(frozen=True, slots=True)
class Policy:
    """When the credits of a message are used. `kept_per_segment` (micro-credits) needs `ChargeOn.DELIVERED`."""

    charge_on: ChargeOn = ChargeOn.ACCEPTED
    receipt_wait_h: int = RECEIPT_WAIT_H
    """How long after its hand-over a message without a final receipt ends as expired."""
    kept_per_segment: int = 0
    """What an undelivered segment costs nevertheless: what carriers charge for looking at it (India: DLT scrubbing)."""
    is_safe_to_resend: bool = False
    """Whether a message whose answer was lost is handed over once more: it may then arrive twice."""

    @property
    def receipt_wait(self) -> timedelta:
        return timedelta(hours=self.receipt_wait_h)

    def credits_used(self, status: MessageStatus, credits: int, segments: int, segments_taken: int) -> int:
        """Of `credits` (micro-credits, for all segments), when a message ends as `status`; the rest returns."""
        price_taken = credits * segments_taken // segments
        if self.charge_on is ChargeOn.ACCEPTED or status is MessageStatus.DELIVERED:
            return price_taken
        return min(self.kept_per_segment * segments_taken, price_taken)


@dataclass(frozen=True, slots=True)
class Route:
    """`prefixes` are digits without the plus, "" for every recipient; no `senders` means any."""

    name: str
    carriers: tuple[str, ...]
    """Their names, in order of priority."""
    channel: str = "sms"
    prefixes: tuple[str, ...] = ("",)
    senders: tuple[str, ...] = ()
    policy: Policy = Policy()
    version: int = 0
    """What the messages that take it keep: the number of its policy's row; 0 before that is written."""


class RouteTable:
    """Finds the route of a message: the longest prefix that fits, and of several the one named first."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        self._routes_of: dict[tuple[str, str], list[Route]] = {}
        for route in self.routes:
            for prefix in route.prefixes:
                self._routes_of.setdefault((route.channel, prefix), []).append(route)
        self._lengths = sorted({len(prefix) for _, prefix in self._routes_of}, reverse=True)

    def route_for(self, channel: str, digits: str, sender: str) -> Route | None:
        """`digits` is the recipient in E.164 without its plus. None where no route takes the message."""
        for length in self._lengths:
            for route in self._routes_of.get((channel, digits[:length]), ()):
                if not route.senders or sender in route.senders:
                    return route
        return None
