"""The life of a message: its states, their rank (which only rises), and what evidence makes of them."""

from enum import IntEnum

from khata.carriers.port import ReceiptState


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


RANKS = {
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
    return RANKS[new] >= RANKS[now]
