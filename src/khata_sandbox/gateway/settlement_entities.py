"""Settlements, the reconciliation's lines and disputes as the API and the webhooks show them."""

import json

from khata_sandbox.gateway.entities import Json
from khata_sandbox.gateway.rows import Order, Payment, Refund
from khata_sandbox.gateway.settlement_rows import Dispute, Settlement

EVIDENCE_DOCUMENTS = (
    "shipping_proof",
    "billing_proof",
    "cancellation_proof",
    "customer_communication",
    "proof_of_service",
    "explanation_letter",
    "refund_confirmation",
    "access_activity_log",
    "refund_cancellation_policy",
    "term_and_conditions",
    "others",
)


def settlement_entity(settlement: Settlement) -> Json:
    return {
        "id": settlement.id,
        "entity": "settlement",
        "amount": settlement.amount_minor,
        "status": "processed",
        "fees": settlement.fee_minor,
        "tax": settlement.tax_minor,
        "utr": settlement.utr,
        "created_at": settlement.created_at,
    }


def payment_line(settlement: Settlement, payment: Payment, order: Order) -> Json:
    return _line(settlement, payment, order) | {
        "entity_id": payment.id,
        "type": "payment",
        "credit": payment.amount_minor - (payment.fee_minor or 0),
        "amount": payment.amount_minor,
        "fee": payment.fee_minor or 0,
        "tax": payment.tax_minor or 0,
        "created_at": payment.created_at,
        "notes": payment.notes,
        "payment_id": None,
    }


def refund_line(settlement: Settlement, refund: Refund, payment: Payment, order: Order) -> Json:
    return _line(settlement, payment, order) | {
        "entity_id": refund.id,
        "type": "refund",
        "debit": refund.amount_minor,
        "amount": refund.amount_minor,
        "created_at": refund.created_at,
        "notes": refund.notes,
    }


def dispute_line(settlement: Settlement, dispute: Dispute, payment: Payment, order: Order) -> Json:
    return _line(settlement, payment, order) | {
        "entity_id": dispute.id,
        "type": "adjustment",
        "debit": dispute.deducted_minor,
        "amount": dispute.deducted_minor,
        "created_at": dispute.created_at,
        "description": f"Debit for {dispute.phase}",
        "dispute_id": dispute.id,
    }


def dispute_entity(dispute: Dispute) -> Json:
    evidence = json.loads(dispute.evidence)
    return {
        "id": dispute.id,
        "entity": "dispute",
        "payment_id": dispute.payment_id,
        "amount": dispute.amount_minor,
        "currency": dispute.currency,
        "amount_deducted": dispute.deducted_minor,
        "reason_code": dispute.reason_code,
        "respond_by": dispute.respond_by,
        "status": dispute.status,
        "phase": dispute.phase,
        "created_at": dispute.created_at,
        "evidence": {
            "amount": evidence.get("amount", dispute.amount_minor),
            "summary": evidence.get("summary"),
            **{name: evidence.get(name) for name in EVIDENCE_DOCUMENTS},
            "submitted_at": dispute.submitted_at,
        },
    }


def _line(settlement: Settlement, payment: Payment, order: Order) -> Json:
    """What the lines of a payment, its refunds and its disputes have in common; `notes` are JSON text here."""
    return {
        "entity_id": "",
        "type": "",
        "debit": 0,
        "credit": 0,
        "amount": 0,
        "currency": payment.currency,
        "fee": 0,
        "tax": 0,
        "on_hold": False,
        "settled": True,
        "created_at": 0,
        "settled_at": settlement.created_at,
        "settlement_id": settlement.id,
        "posted_at": None,
        "credit_type": "default",
        "description": payment.description or None,
        "notes": "{}",
        "payment_id": payment.id,
        "settlement_utr": settlement.utr,
        "order_id": None if order.qr_code_id else order.id,
        "order_receipt": order.receipt,
        "method": payment.method,
        "card_network": payment.card_network,
        "card_issuer": None,
        "card_type": payment.card_type,
        "dispute_id": None,
    }
