"""What a carrier's answers, one per submission, make of a message and of its credits.

What a carrier took is used, or stays held for its receipt where the route charges on delivery; what it surely did not
take is returned; and where nobody knows, the credits stay held until somebody does.
"""

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple
from uuid import UUID

from khata.carriers.port import Accepted, Answer, Refused, Unavailable, Unknown
from khata.ledger.core import Capture, Command, VoidHold
from khata.messaging.core.life import MessageStatus
from khata.messaging.core.routes import ChargeOn, Policy

LEASE_S = 60
"""How long a worker that does not renew its lease keeps what it has in hand."""
RENEWAL_S = 10
DELIVERIES_MAX = 5
"""How often a message is claimed that cannot even be made ready to go."""

_UNAVAILABLE = "carrier_unavailable"


class Settlement(Enum):
    CAPTURE = "capture"
    VOID = "void"
    KEEP = "keep"


class HandOver(NamedTuple):
    """`status` ACCEPTED means: put back, to be tried again. `refs` pairs 1-based parts with the carrier's ids."""

    status: MessageStatus
    settlement: Settlement
    segments_taken: int
    refs: tuple[tuple[int, str], ...]
    error_code: str = ""
    error_detail: str = ""
    is_possible_duplicate: bool = False
    """Put back although it may have been taken."""

    @property
    def may_go_elsewhere(self) -> bool:
        """Nothing of it left: another carrier may be tried."""
        return self.status is MessageStatus.ACCEPTED and self.error_code == _UNAVAILABLE


def decide_hand_over(answers: Sequence[Answer], segment_count: int, *, segments_each: int = 1) -> HandOver:
    """`answers` stand in the order of the parts; parts after a refusal were not tried and have none.

    `segments_each` is how many segments one answer is about: all of them where the carrier takes whole messages.
    """
    refs = tuple((part, a.carrier_ref) for part, a in enumerate(answers, start=1) if isinstance(a, Accepted))
    segments_taken = len(refs) * segments_each
    if segments_taken == segment_count:
        return HandOver(MessageStatus.SUBMITTED, Settlement.CAPTURE, segment_count, refs)
    doubt = next((a for a in answers if isinstance(a, Unknown)), None)
    if doubt is not None:
        return HandOver(MessageStatus.UNKNOWN, Settlement.KEEP, segments_taken, refs, "no_answer", doubt.detail)
    last = answers[-1] if answers else Unavailable("No carrier is connected.")
    if not refs and isinstance(last, Unavailable):
        return HandOver(MessageStatus.ACCEPTED, Settlement.KEEP, 0, (), _UNAVAILABLE, last.detail)
    code, detail = _reason(last)
    settlement = Settlement.CAPTURE if refs else Settlement.VOID
    return HandOver(MessageStatus.FAILED, settlement, segments_taken, refs, code, detail)


def decide_unready(attempts: int) -> HandOver:
    """Of a message that could not be made ready to go, so that nothing of it left."""
    detail = "It could not be made ready to go."
    if attempts < DELIVERIES_MAX:
        return HandOver(MessageStatus.ACCEPTED, Settlement.KEEP, 0, (), "not_ready", detail)
    return HandOver(MessageStatus.FAILED, Settlement.VOID, 0, (), "not_ready", detail)


def under_policy(hand_over: HandOver, policy: Policy, *, is_possible_duplicate: bool) -> HandOver:
    """The same as the message's route has it. A message that may be a duplicate is not put back a second time."""
    if hand_over.status is MessageStatus.UNKNOWN and policy.is_safe_to_resend and not is_possible_duplicate:
        return hand_over._replace(status=MessageStatus.ACCEPTED, segments_taken=0, refs=(), is_possible_duplicate=True)
    if hand_over.status is MessageStatus.SUBMITTED and policy.charge_on is ChargeOn.DELIVERED:
        return hand_over._replace(settlement=Settlement.KEEP)
    return hand_over


def settling_command(organisation_id: int, message_id: UUID, credits_used: int) -> Command:
    """Ends a message's hold: what was used of it stays used, the rest returns."""
    if credits_used:
        return Capture(organisation_id, message_id, credits_used)
    return VoidHold(organisation_id, message_id)


def _reason(answer: Answer) -> tuple[str, str]:
    match answer:
        case Refused(code, detail):
            return code, detail
        case Unavailable(detail):
            return _UNAVAILABLE, detail
        case _:
            return "", ""
