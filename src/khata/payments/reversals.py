"""Money on its way back: refunds, which we or others ask for, and disputes, which a payer's bank begins."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class RefundStatus(StrEnum):
    PENDING = "pending"
    PROCESSED = "processed"
    FAILED = "failed"


class DisputeStatus(StrEnum):
    OPEN = "open"
    UNDER_REVIEW = "under_review"
    WON = "won"
    LOST = "lost"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """`receipt` is our refund's public id (≤ 40 characters): asked for twice, the gateway refunds once."""

    receipt: str
    payment_ref: str
    amount_minor: int
    currency: str
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refund:
    """Money on its way back, as the gateway reports it now. `receipt` is "" where somebody else started it."""

    refund_ref: str
    payment_ref: str
    amount_minor: int
    currency: str
    status: RefundStatus
    receipt: str
    bank_ref: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Dispute:
    """A payer's bank asks for its money back. Only `LOST` takes it."""

    dispute_ref: str
    payment_ref: str
    amount_minor: int
    currency: str
    status: DisputeStatus
    reason_code: str
    respond_by: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Reversal:
    """A refund or a dispute, by name only: what it says is read with its order."""

    reversal_ref: str
    payment_ref: str
