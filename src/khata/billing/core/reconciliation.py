"""The gateway's own list held against our rows: each payment lands in exactly one class.

Only money counts here: a payment that took none is nobody's difference. What differs is a finding; what to do about it
is decided by the operations.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from khata.payments.port import Payment, PaymentStatus, SettledItem


class Match(StrEnum):
    MATCHED = "matched"
    """Both sides say the same."""
    MISSING_HERE = "missing_here"
    """Taken at the gateway for an order of ours, and we do not know it."""
    ORPHAN = "orphan"
    """Taken at the gateway, and no order of ours: another application's, or a row that was lost."""
    MISSING_THERE = "missing_there"
    """We have it as taken, and the gateway does not list it."""
    DIFFERS = "differs"
    """Both have it, with different figures."""
    WITHOUT_MONEY = "without_money"
    """Nothing is taken on either side."""

    @property
    def is_finding(self) -> bool:
        return self not in (Match.MATCHED, Match.WITHOUT_MONEY)


@dataclass(frozen=True, slots=True)
class OurPayment:
    """One stored payment. `order_ref` is its top-up's, `status` what the gateway said when it was last read."""

    payment_ref: str
    order_ref: str | None
    status: PaymentStatus
    amount_minor: int
    currency: str
    created_at: datetime
    refunded_minor: int = 0
    """Known to have gone back."""
    refunding_minor: int = 0
    """On its way back: the gateway may count it already."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """`theirs` or `ours` is None where that side lacks the payment; `differences` names the fields that differ."""

    match: Match
    payment_ref: str
    theirs: Payment | None
    ours: OurPayment | None
    differences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SettledComparison:
    """A line of a payout: MATCHED, ORPHAN or DIFFERS (`our_amount_minor` is None where we have no such thing)."""

    match: Match
    item: SettledItem
    our_amount_minor: int | None


def compare_payments(
    theirs: Iterable[Payment], ours: Iterable[OurPayment], our_orders: Collection[str]
) -> tuple[Comparison, ...]:
    """One comparison per payment reference of either side, in the order of the references.

    A list read page by page can name a payment twice: its later status counts.
    """
    listed: dict[str, Payment] = {}
    for payment in theirs:
        known = listed.get(payment.payment_ref)
        if known is None or _RANKS[known.status] < _RANKS[payment.status]:
            listed[payment.payment_ref] = payment
    stored = {payment.payment_ref: payment for payment in ours}
    return tuple(
        _compare(ref, listed.get(ref), stored.get(ref), our_orders) for ref in sorted(listed.keys() | stored.keys())
    )


def compare_settled(items: Iterable[SettledItem], our_amounts: Mapping[str, int]) -> tuple[SettledComparison, ...]:
    """Payments and refunds against our amounts by reference; an adjustment is the gateway's own and always matches."""
    return tuple(_compare_settled(item, our_amounts.get(item.ref)) for item in items)


_TAKEN = (PaymentStatus.CAPTURED, PaymentStatus.REFUNDED)
_RANKS = {
    PaymentStatus.CREATED: 0,
    PaymentStatus.FAILED: 1,
    PaymentStatus.AUTHORISED: 2,
    PaymentStatus.CAPTURED: 3,
    PaymentStatus.REFUNDED: 4,
}


def _compare(ref: str, theirs: Payment | None, ours: OurPayment | None, our_orders: Collection[str]) -> Comparison:
    differences = _differences(theirs, ours) if theirs and ours else ()
    return Comparison(_match(theirs, ours, differences, our_orders), ref, theirs, ours, differences)


def _match(
    theirs: Payment | None, ours: OurPayment | None, differences: tuple[str, ...], our_orders: Collection[str]
) -> Match:
    is_taken_here = ours is not None and ours.status in _TAKEN
    if is_taken_here:
        if theirs is None:
            return Match.MISSING_THERE
        return Match.DIFFERS if differences else Match.MATCHED
    if theirs is None or theirs.status not in _TAKEN:
        return Match.WITHOUT_MONEY
    if ours is not None or theirs.order_ref in our_orders:
        return Match.MISSING_HERE
    # Somebody else's money that went back concerns nobody here.
    return Match.ORPHAN if theirs.status is PaymentStatus.CAPTURED else Match.WITHOUT_MONEY


def _differences(theirs: Payment, ours: OurPayment) -> tuple[str, ...]:
    pairs = {
        "order": (theirs.order_ref, ours.order_ref),
        "amount": (theirs.amount_minor, ours.amount_minor),
        "currency": (theirs.currency, ours.currency),
        "status": (theirs.status, ours.status),
    }
    is_refund_known = 0 <= theirs.refunded_minor - ours.refunded_minor <= ours.refunding_minor
    differences = tuple(name for name, (there, here) in pairs.items() if there != here)
    return differences if is_refund_known else (*differences, "refunded")


def _compare_settled(item: SettledItem, our_amount_minor: int | None) -> SettledComparison:
    if item.kind == "adjustment" or our_amount_minor == item.amount_minor:
        return SettledComparison(Match.MATCHED, item, our_amount_minor)
    return SettledComparison(Match.ORPHAN if our_amount_minor is None else Match.DIFFERS, item, our_amount_minor)
