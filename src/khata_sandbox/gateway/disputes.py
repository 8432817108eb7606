"""Disputes: a payer's bank takes a payment up, and the merchant accepts or contests it."""

import json
from collections.abc import Mapping
from dataclasses import replace

from khata_sandbox.gateway.entities import payment_entity
from khata_sandbox.gateway.errors import ApiError, invalid, unknown_id
from khata_sandbox.gateway.events import record_event
from khata_sandbox.gateway.fields import Given, choice_field, text_field, whole_field
from khata_sandbox.gateway.gateway import Gateway
from khata_sandbox.gateway.ids import new_id
from khata_sandbox.gateway.payments import load_payment
from khata_sandbox.gateway.requests import PageRequest, refuse_others
from khata_sandbox.gateway.rows import Payment
from khata_sandbox.gateway.settlement_entities import EVIDENCE_DOCUMENTS, dispute_entity
from khata_sandbox.gateway.settlement_rows import Dispute

PHASES = ("chargeback", "fraud", "retrieval", "pre_arbitration", "arbitration")
RESPOND_WITHIN_S = 7 * 86_400
SUMMARY_LENGTH_MAXIMUM = 1000
UNDECIDED = ("open", "under_review")
VERDICTS = ("won", "lost", "closed")


def open_dispute(
    gateway: Gateway,
    payment_id: str,
    *,
    amount_minor: int | None = None,
    phase: str = "chargeback",
    reason_code: str = "goods_or_services_not_received",
) -> Dispute:
    """Of a captured payment, once at a time. No amount means the whole payment. Raises ApiError."""
    with gateway.store.transaction():
        payment = load_payment(gateway, payment_id)
        if not payment.is_captured:
            raise ApiError("Only captured payments can be disputed")
        if gateway.store.count(Dispute, "payment_id = ? AND status IN ('open', 'under_review')", payment_id):
            raise ApiError("The payment is disputed already")
        if phase not in PHASES:
            raise invalid("phase", "The selected phase is invalid.")
        amount_minor = payment.amount_minor if amount_minor is None else amount_minor
        if not 0 < amount_minor <= payment.amount_minor:
            raise invalid("amount", "The amount may not be greater than the payment's.")
        now = int(gateway.clock.now())
        dispute = Dispute(
            id=new_id("disp"),
            payment_id=payment_id,
            amount_minor=amount_minor,
            currency=payment.currency,
            phase=phase,
            reason_code=reason_code,
            respond_by=now + RESPOND_WITHIN_S,
            created_at=now,
        )
        _save(gateway, "created", dispute, payment)
    return dispute


def load_dispute(gateway: Gateway, dispute_id: str) -> Dispute:
    """Raises ApiError for an id nobody knows."""
    dispute = gateway.store.get(Dispute, dispute_id)
    if dispute is None:
        raise unknown_id()
    return dispute


def list_disputes(gateway: Gateway, page: PageRequest) -> list[Dispute]:
    """Newest first."""
    condition = "created_at BETWEEN ? AND ?"
    return gateway.store.select(Dispute, condition, page.from_at, page.to_at, limit=page.count, skip=page.skip)


def accept_dispute(gateway: Gateway, dispute_id: str) -> Dispute:
    """The merchant gives in, which loses it. Raises ApiError unless it is open."""
    if load_dispute(gateway, dispute_id).status != "open":
        raise ApiError("Action cannot be performed: the dispute is not open")
    return decide_dispute(gateway, dispute_id, "lost")


def contest_dispute(gateway: Gateway, dispute_id: str, given: Given) -> Dispute:
    """Evidence as a draft, or submitted, which puts it under review. Raises ApiError unless it is open."""
    refuse_others(given, ("amount", "summary", "action", *EVIDENCE_DOCUMENTS))
    action = choice_field(given, "action", ("draft", "submit"), "draft")
    with gateway.store.transaction():
        dispute = load_dispute(gateway, dispute_id)
        if dispute.status != "open":
            raise ApiError("Action cannot be performed: the dispute is not open")
        evidence = json.loads(dispute.evidence) | _evidence(given, dispute)
        dispute = replace(dispute, evidence=json.dumps(evidence))
        if action == "draft":
            gateway.store.save(dispute)
            return dispute
        _check_submission(evidence)
        dispute = replace(dispute, status="under_review", submitted_at=int(gateway.clock.now()))
        _save(gateway, "under_review", dispute, load_payment(gateway, dispute.payment_id))
    return dispute


def decide_dispute(gateway: Gateway, dispute_id: str, verdict: str) -> Dispute:
    """won, lost or closed. Lost takes the money back with the next settlement. Raises ApiError once it is decided."""
    with gateway.store.transaction():
        dispute = load_dispute(gateway, dispute_id)
        if dispute.status not in UNDECIDED or verdict not in VERDICTS:
            raise ApiError("Action cannot be performed: the dispute is decided")
        payment = load_payment(gateway, dispute.payment_id)
        # A bank takes no more than has not gone back already.
        kept_minor = payment.amount_minor - payment.amount_refunded_minor
        dispute = replace(
            dispute,
            status=verdict,
            deducted_minor=min(dispute.amount_minor, kept_minor) if verdict == "lost" else 0,
            decided_at=gateway.clock.now(),
        )
        _save(gateway, verdict, dispute, payment)
    return dispute


def _save(gateway: Gateway, event: str, dispute: Dispute, payment: Payment) -> None:
    gateway.store.save(dispute)
    entities = {"payment": payment_entity(payment, with_card=True), "dispute": dispute_entity(dispute)}
    record_event(gateway, f"payment.dispute.{event}", payment.order_id, entities)


def _evidence(given: Given, dispute: Dispute) -> Mapping[str, object]:
    amount_minor = whole_field(given, "amount")
    if amount_minor is not None and not 0 < amount_minor <= dispute.amount_minor:
        raise invalid("amount", "The amount may not be greater than the disputed amount.")
    text_field(given, "summary", SUMMARY_LENGTH_MAXIMUM)
    for name in EVIDENCE_DOCUMENTS:
        if given.get(name) is not None and not isinstance(given[name], list):
            raise invalid(name, f"The {name} must be an array.")
    return {name: value for name, value in given.items() if name != "action"}


def _check_submission(evidence: Mapping[str, object]) -> None:
    if not any(evidence.get(name) for name in EVIDENCE_DOCUMENTS):
        raise ApiError("At least one document is needed to contest the dispute")
