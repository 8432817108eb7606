"""Settlements: once a day everything captured is paid out, less fees, refunds and lost disputes."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from khata_sandbox.gateway.entities import Json
from khata_sandbox.gateway.errors import invalid, unknown_id
from khata_sandbox.gateway.events import record_event
from khata_sandbox.gateway.gateway import Gateway
from khata_sandbox.gateway.ids import new_digits, new_id
from khata_sandbox.gateway.pages import INDIA
from khata_sandbox.gateway.requests import PageRequest
from khata_sandbox.gateway.rows import Order, Payment, Refund
from khata_sandbox.gateway.settlement_entities import dispute_line, payment_line, refund_line, settlement_entity
from khata_sandbox.gateway.settlement_rows import Dispute, Settlement

SETTLE_AFTER_S = 86_400
UNSETTLED_PAYMENTS = "is_captured = 1 AND settlement_id = ''"
UNSETTLED_REFUNDS = "status = 'processed' AND settlement_id = ''"
UNSETTLED_DISPUTES = "status = 'lost' AND settlement_id = ''"


def settle_day_due(gateway: Gateway) -> Settlement | None:
    """Settles everything once the oldest capture has waited a day. Safe to run at any moment."""
    is_due = gateway.store.count(
        Payment, f"{UNSETTLED_PAYMENTS} AND captured_at <= ?", gateway.clock.now() - SETTLE_AFTER_S
    )
    return settle_now(gateway) if is_due else None


def settle_now(gateway: Gateway) -> Settlement | None:
    """None while there is nothing to pay out: what is owed to the gateway waits for the next captures."""
    store = gateway.store
    with store.transaction():
        payments = store.select(Payment, UNSETTLED_PAYMENTS)
        refunds = store.select(Refund, UNSETTLED_REFUNDS)
        disputes = store.select(Dispute, UNSETTLED_DISPUTES)
        fee_minor = sum(payment.fee_minor or 0 for payment in payments)
        amount_minor = (
            sum(payment.amount_minor for payment in payments)
            - fee_minor
            - sum(refund.amount_minor for refund in refunds)
            - sum(dispute.deducted_minor for dispute in disputes)
        )
        if amount_minor <= 0:
            return None
        settlement = Settlement(
            id=new_id("setl"),
            amount_minor=amount_minor,
            fee_minor=fee_minor,
            tax_minor=sum(payment.tax_minor or 0 for payment in payments),
            utr=new_digits(16),
            created_at=int(gateway.clock.now()),
        )
        store.save(settlement)
        rows: list[Payment | Refund | Dispute] = [*payments, *refunds, *disputes]
        for row in rows:
            store.save(replace(row, settlement_id=settlement.id))
        record_event(gateway, "settlement.processed", settlement.id, {"settlement": settlement_entity(settlement)})
    return settlement


def load_settlement(gateway: Gateway, settlement_id: str) -> Settlement:
    """Raises ApiError for an id nobody knows."""
    settlement = gateway.store.get(Settlement, settlement_id)
    if settlement is None:
        raise unknown_id()
    return settlement


def list_settlements(gateway: Gateway, page: PageRequest) -> list[Settlement]:
    """Newest first."""
    condition = "created_at BETWEEN ? AND ?"
    return gateway.store.select(Settlement, condition, page.from_at, page.to_at, limit=page.count, skip=page.skip)


def reconciliation(gateway: Gateway, year: int, month: int, day: int | None) -> Iterable[Json]:
    """Every line of what was settled in that month, or on that day, of India."""
    start_at, end_at = _span(year, month, day)
    for settlement in gateway.store.select(Settlement, "created_at >= ? AND created_at < ?", start_at, end_at):
        yield from _lines(gateway, settlement)


def _lines(gateway: Gateway, settlement: Settlement) -> Iterable[Json]:
    store = gateway.store
    for payment in store.select(Payment, "settlement_id = ?", settlement.id):
        yield payment_line(settlement, payment, _order_of(gateway, payment))
    for refund in store.select(Refund, "settlement_id = ?", settlement.id):
        payment = _payment_of(gateway, refund)
        yield refund_line(settlement, refund, payment, _order_of(gateway, payment))
    for dispute in store.select(Dispute, "settlement_id = ?", settlement.id):
        payment = _payment_of(gateway, dispute)
        yield dispute_line(settlement, dispute, payment, _order_of(gateway, payment))


def _payment_of(gateway: Gateway, row: Refund | Dispute) -> Payment:
    payment = gateway.store.get(Payment, row.payment_id)
    assert payment is not None
    return payment


def _order_of(gateway: Gateway, payment: Payment) -> Order:
    order = gateway.store.get(Order, payment.order_id)
    assert order is not None
    return order


def _span(year: int, month: int, day: int | None) -> tuple[float, float]:
    """Unix seconds, the end excluded. Raises ApiError for a day that is none."""
    try:
        start = datetime(year, month, day or 1, tzinfo=INDIA)
    except ValueError as error:
        raise invalid("day" if day else "month", "The date is not valid.") from error
    if day:
        return start.timestamp(), (start + timedelta(days=1)).timestamp()
    return start.timestamp(), datetime(year + month // 12, month % 12 + 1, 1, tzinfo=INDIA).timestamp()
