"""What a carrier's answers, one per segment, make of a message and of its credits.

Charged on acceptance: every segment a carrier took is used, every segment it surely did not take is returned, and
where nobody knows, the credits stay held until somebody does.
"""

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from khata.carriers.port import Accepted, Answer, Refused, Unavailable, Unknown
from khata.messaging.core.life import MessageStatus

LEASE_S = 60
"""How long a worker that does not renew its lease keeps what it has in hand."""
RENEWAL_S = 10


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


def decide_hand_over(answers: Sequence[Answer], segment_count: int) -> HandOver:
    """`answers` stand in the order of the parts; parts after a refusal were not tried and have none."""
    refs = tuple((part, a.carrier_ref) for part, a in enumerate(answers, start=1) if isinstance(a, Accepted))
    if len(refs) == segment_count:
        return HandOver(MessageStatus.SUBMITTED, Settlement.CAPTURE, segment_count, refs)
    doubt = next((a for a in answers if isinstance(a, Unknown)), None)
    if doubt is not None:
        return HandOver(MessageStatus.UNKNOWN, Settlement.KEEP, len(refs), refs, "no_answer", doubt.detail)
    last = answers[-1] if answers else Unavailable("No carrier is connected.")
    if not refs and isinstance(last, Unavailable):
        return HandOver(MessageStatus.ACCEPTED, Settlement.KEEP, 0, (), "carrier_unavailable", last.detail)
    code, detail = _reason(last)
    settlement = Settlement.CAPTURE if refs else Settlement.VOID
    return HandOver(MessageStatus.FAILED, settlement, len(refs), refs, code, detail)


def _reason(answer: Answer) -> tuple[str, str]:
    match answer:
        case Refused(code, detail):
            return code, detail
        case Unavailable(detail):
            return "carrier_unavailable", detail
        case _:
            return "", ""
