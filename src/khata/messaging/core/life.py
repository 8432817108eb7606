"""The life of a message: its states, their rank (which only rises), and what evidence makes of them."""

from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from khata.carriers.port import ReceiptState

ASK_AFTER = timedelta(minutes=15)
"""When a carrier is first asked about a submission it has not reported on; then each time its age has doubled."""


class MessageStatus(IntEnum):
    """The numbers are stored; they follow the order of a message's life."""

    SCHEDULED = 1
    ACCEPTED = 2
    SUBMITTING = 3
    SUBMITTED = 4
    UNKNOWN = 5
    DELIVERED = 6
    UNDELIVERED = 7
    FAILED = 8
    EXPIRED = 9
    CANCELLED = 10

    @property
    def word(self) -> str:
        return self.name.lower()

    @property
    def is_final(self) -> bool:
        return self >= MessageStatus.DELIVERED


UNCLAIMED = (MessageStatus.SCHEDULED, MessageStatus.ACCEPTED)
"""Nobody has claimed it."""


class Cancellation(StrEnum):
    """Why a message that waited was cancelled; its error code."""

    SENDING_STOPPED = "sending_stopped"
    API_KEY_REVOKED = "api_key_revoked"
    RECIPIENT_OPTED_OUT = "recipient_opted_out"
    RECIPIENT_SUPPRESSED = "recipient_suppressed"
    ON_REQUEST = "cancelled_on_request"

    @property
    def detail(self) -> str:
        return _CANCELLATIONS[self]


_CANCELLATIONS = {
    Cancellation.SENDING_STOPPED: "Sending was stopped for this organisation before it went out.",
    Cancellation.API_KEY_REVOKED: "Its API key was revoked before it went out.",
    Cancellation.RECIPIENT_OPTED_OUT: "Its number was opted out before it went out.",
    Cancellation.RECIPIENT_SUPPRESSED: "Its address was suppressed before it went out.",
    Cancellation.ON_REQUEST: "Your organisation cancelled it before it went out.",
}

_RANKS = {
    MessageStatus.SCHEDULED: 0,
    MessageStatus.ACCEPTED: 1,
    MessageStatus.SUBMITTING: 2,
    MessageStatus.SUBMITTED: 3,
    MessageStatus.UNKNOWN: 3,
    MessageStatus.DELIVERED: 4,
    MessageStatus.UNDELIVERED: 4,
    MessageStatus.FAILED: 4,
    MessageStatus.EXPIRED: 4,
    MessageStatus.CANCELLED: 4,
}

_FINAL_RECEIPTS = {
    ReceiptState.DELIVERED: MessageStatus.DELIVERED,
    ReceiptState.UNDELIVERED: MessageStatus.UNDELIVERED,
    ReceiptState.REJECTED: MessageStatus.UNDELIVERED,
    ReceiptState.EXPIRED: MessageStatus.EXPIRED,
}


def part_status(receipt: ReceiptState) -> MessageStatus | None:
    """What a receipt makes of the part it names; None where it decides nothing yet."""
    return _FINAL_RECEIPTS.get(receipt)


def status_of_parts(parts: list[MessageStatus]) -> MessageStatus | None:
    """The message's final state once every part has one; None before. One lost part loses the message."""
    if not parts or not all(part.is_final for part in parts):
        return None
    return max(parts)


def may_become(now: MessageStatus, new: MessageStatus) -> bool:
    """Rank only rises, and a final state stays; `submitted` and `unknown` may follow each other."""
    if now.is_final or now is new:
        return False
    return _RANKS[new] >= _RANKS[now]


def may_cancel(status: MessageStatus, *, is_possible_duplicate: bool) -> bool:
    """Whether it waits and was never handed over.

    What was put back after its answer was lost may have been taken: nobody can call that back.
    """
    return status in UNCLAIMED and not is_possible_duplicate


def next_look_at(submitted_at: datetime, now: datetime, wait: timedelta) -> datetime:
    """When a submission without its final receipt is looked at next, at the latest when its time is over."""
    return submitted_at + min(wait, max(ASK_AFTER, 2 * (now - submitted_at)))
