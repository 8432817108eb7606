"""What is known of a top-up: its state, and our row as it stands under its lock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from khata.billing.core.dispute_life import DisputeFacts
from khata.billing.core.refund_life import RefundFacts
from khata.payments.port import Mode, PaymentStatus
from khata.payments.ways import PayBy


class TopUpState(StrEnum):
    CREATED = "created"
    PENDING = "pending"
    PAID = "paid"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REVIEW = "review"
    PARTLY_REFUNDED = "partly_refunded"
    REFUNDED = "refunded"
    DISPUTED = "disputed"
    REVERSED = "reversed"

    @property
    def is_credited(self) -> bool:
        """Whether credits were added for it, whatever became of them."""
        return self in CREDITED

    @property
    def is_open(self) -> bool:
        """Whether the payer may still be on the way."""
        return self in (TopUpState.CREATED, TopUpState.PENDING)


CREDITED = frozenset(
    {
        TopUpState.PAID,
        TopUpState.PARTLY_REFUNDED,
        TopUpState.REFUNDED,
        TopUpState.DISPUTED,
        TopUpState.REVERSED,
    }
)


@dataclass(frozen=True, slots=True)
class TopUpFacts:
    """Our own row, as it stands under its lock."""

    state: TopUpState
    order_ref: str | None
    mode: Mode
    total_minor: int
    currency: str
    created_at: datetime
    expires_at: datetime
    attempts: Mapping[str, PaymentStatus]
    """What was last stored of each payment, by its reference."""
    credited_ref: str | None
    """The payment this top-up was credited for."""
    refunds: tuple[RefundFacts, ...] = ()
    disputes: Mapping[str, DisputeFacts] = field(default_factory=dict)
    """By the gateway's reference."""
    pay_by: PayBy = PayBy.CHECKOUT
