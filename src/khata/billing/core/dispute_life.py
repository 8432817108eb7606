"""The life of a dispute: open → under review → won | closed | lost. Only a lost one takes the money.

While it is open the unspent credits of its purchase are held; they return when it is won or closed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from khata.payments.reversals import Dispute, DisputeStatus


class DisputeMove(StrEnum):
    """What a step does to credits."""

    NONE = "none"
    HOLD = "hold"
    RETURN = "return"
    TAKE = "take"


@dataclass(frozen=True, slots=True)
class DisputeFacts:
    """One row of ours."""

    payment_ref: str
    status: DisputeStatus


_OPEN = (DisputeStatus.OPEN, DisputeStatus.UNDER_REVIEW)
_RANKS = {
    DisputeStatus.OPEN: 0,
    DisputeStatus.UNDER_REVIEW: 1,
    DisputeStatus.WON: 2,
    DisputeStatus.CLOSED: 2,
    # A dispute can be won and its arbitration be lost; what was lost stays with us even if it is said otherwise.
    DisputeStatus.LOST: 3,
}


def is_open(status: DisputeStatus) -> bool:
    return status in _OPEN


def dispute_changes(known: Mapping[str, DisputeFacts], seen: Iterable[Dispute]) -> tuple[Dispute, ...]:
    """Those new to us or further than our row says. `known` is by the gateway's reference."""
    return tuple(dispute for dispute in seen if _is_news(known.get(dispute.dispute_ref), dispute))


def dispute_move(before: DisputeStatus | None, after: DisputeStatus) -> DisputeMove:
    """What becomes of the credits; None before it was first seen."""
    if after is DisputeStatus.LOST:
        return DisputeMove.TAKE
    if before is None:
        return DisputeMove.HOLD if is_open(after) else DisputeMove.NONE
    return DisputeMove.RETURN if is_open(before) and not is_open(after) else DisputeMove.NONE


def _is_news(mine: DisputeFacts | None, dispute: Dispute) -> bool:
    return mine is None or _RANKS[dispute.status] > _RANKS[mine.status]
