"""The life of a refund: what the gateway's list makes of ours, and what each step means for the credits.

    requested → pending → processed | failed        processed → failed   (a bank that sends it back)

A refund whose answer was lost is `pending` without the gateway's reference: the gateway is asked about our receipt
before anything is sent again. A refund's state only rises, so an old reading takes nothing back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from khata.payments.reversals import Refund, RefundStatus


class RefundState(StrEnum):
    REQUESTED = "requested"
    PENDING = "pending"
    PROCESSED = "processed"
    FAILED = "failed"

    @property
    def is_open(self) -> bool:
        """Whether its outcome is still to come."""
        return self in (RefundState.REQUESTED, RefundState.PENDING)


class RefundOrigin(StrEnum):
    ASKED = "asked"
    """Somebody asked us."""
    SURPLUS = "surplus"
    """A payment captured beside the credited one goes back by itself."""
    GATEWAY = "gateway"
    """Made at the gateway, past us."""


class CreditsMove(StrEnum):
    """What a step does to credits."""

    NONE = "none"
    CAPTURE = "capture"
    """The credits held for it are gone."""
    RETURN = "return"
    """They go back to where they came from."""
    TAKE = "take"
    """Nothing was held: what is unspent is taken, the rest is owed."""
    RESTORE = "restore"
    """They were gone, and the money came back."""


@dataclass(frozen=True, slots=True)
class RefundFacts:
    """One row of ours, as it stands under its top-up's lock."""

    refund_id: UUID
    payment_ref: str
    refund_ref: str | None
    receipt: str
    amount_minor: int
    state: RefundState
    origin: RefundOrigin
    bank_ref: str = ""


@dataclass(frozen=True, slots=True)
class RefundChange:
    """What the gateway says of a refund and we have not written. `refund_id` is None where we did not start it."""

    refund: Refund
    refund_id: UUID | None
    state: RefundState


_RANKS = {
    RefundState.REQUESTED: 0,
    RefundState.PENDING: 1,
    RefundState.PROCESSED: 2,
    RefundState.FAILED: 3,
}
_STATES = {
    RefundStatus.PENDING: RefundState.PENDING,
    RefundStatus.PROCESSED: RefundState.PROCESSED,
    RefundStatus.FAILED: RefundState.FAILED,
}


def refund_changes(known: Sequence[RefundFacts], seen: Iterable[Refund]) -> tuple[RefundChange, ...]:
    """Each refund is ours by its reference, else by our receipt while no other refund has taken that place."""
    by_ref = {facts.refund_ref: facts for facts in known if facts.refund_ref is not None}
    waiting = {facts.receipt: facts for facts in known if facts.refund_ref is None and facts.state.is_open}
    changes = []
    for refund in sorted(seen, key=lambda refund: (refund.created_at, refund.refund_ref)):
        mine = by_ref.get(refund.refund_ref) or waiting.pop(refund.receipt, None)
        if _is_news(mine, refund):
            changes.append(RefundChange(refund, mine.refund_id if mine else None, _STATES[refund.status]))
    return tuple(changes)


def after_changes(known: Sequence[RefundFacts], changes: Iterable[RefundChange]) -> tuple[RefundFacts, ...]:
    """Our rows once the changes are written; those we did not start carry no id yet, so the gateway's stands for it."""
    changed = {change.refund_id: change for change in changes if change.refund_id is not None}
    own = (_written(facts, changed.get(facts.refund_id)) for facts in known)
    others = (_appeared(change) for change in changes if change.refund_id is None)
    return (*own, *others)


def credits_move(origin: RefundOrigin, before: RefundState | None, after: RefundState) -> CreditsMove:
    """What becomes of the credits when a refund goes from one state to another; None before its first."""
    if origin is RefundOrigin.SURPLUS or before is after:
        return CreditsMove.NONE
    if before is None:
        return CreditsMove.NONE if after is RefundState.FAILED else CreditsMove.TAKE
    if after is RefundState.FAILED:
        is_held = origin is RefundOrigin.ASKED and before.is_open
        return CreditsMove.RETURN if is_held else CreditsMove.RESTORE
    is_captured = origin is RefundOrigin.ASKED and after is RefundState.PROCESSED
    return CreditsMove.CAPTURE if is_captured else CreditsMove.NONE


def _is_news(mine: RefundFacts | None, refund: Refund) -> bool:
    state = _STATES[refund.status]
    if mine is None:
        # Also one that failed: an older reading of it may still come, and must find it ended.
        return True
    is_later = _RANKS[state] > _RANKS[mine.state]
    is_bank_ref_new = state is mine.state and refund.bank_ref not in ("", mine.bank_ref)
    return is_later or is_bank_ref_new or mine.refund_ref is None


def _written(facts: RefundFacts, change: RefundChange | None) -> RefundFacts:
    if change is None:
        return facts
    return RefundFacts(
        facts.refund_id, facts.payment_ref, change.refund.refund_ref, facts.receipt, facts.amount_minor, change.state,
        facts.origin, change.refund.bank_ref,
    )  # fmt: skip


def _appeared(change: RefundChange) -> RefundFacts:
    refund = change.refund
    return RefundFacts(
        UUID(int=0), refund.payment_ref, refund.refund_ref, refund.receipt, refund.amount_minor, change.state,
        RefundOrigin.GATEWAY, refund.bank_ref,
    )  # fmt: skip
