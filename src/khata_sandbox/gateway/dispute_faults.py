"""Disputes that a fault switch asked for when the payment was captured: opened by themselves, and decided."""

from khata_sandbox.gateway.disputes import decide_dispute, open_dispute
from khata_sandbox.gateway.gateway import Gateway
from khata_sandbox.gateway.rows import Payment
from khata_sandbox.gateway.settlement_rows import Dispute


def dispute_due(gateway: Gateway) -> None:
    """What the payers' banks do by themselves. Safe to run at any moment."""
    undisputed = "dispute_verdict != '' AND id NOT IN (SELECT payment_id FROM disputes)"
    for payment in gateway.store.select(Payment, undisputed):
        open_dispute(gateway, payment.id)
    for dispute in gateway.store.select(Dispute, "status IN ('open', 'under_review')"):
        _decide_if_due(gateway, dispute)


def _decide_if_due(gateway: Gateway, dispute: Dispute) -> None:
    """A payment that has gone back in full meanwhile leaves its bank nothing to take."""
    payment = gateway.store.get(Payment, dispute.payment_id)
    if payment is None or not payment.dispute_verdict:
        return
    if gateway.clock.now() >= dispute.created_at + payment.dispute_span_s:
        verdict = "closed" if payment.status == "refunded" else payment.dispute_verdict
        decide_dispute(gateway, dispute.id, verdict)
