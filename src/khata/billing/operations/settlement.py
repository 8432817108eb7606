"""The one settle: read the gateway, then decide and write under the top-up's lock.

Browser return, webhook, poller and people's "check again" all end here, in any order and number; the credit happens
once, and only for what the gateway itself reports captured. So does every refund and dispute, whoever began it.
"""

import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import psycopg

from khata.billing import queries
from khata.billing.core.purposes import TopUpPurpose
from khata.billing.core.top_up_life import Evidence, TopUpDecision, TopUpFacts, TopUpState, decide
from khata.billing.models import PaymentAttempt, TopUp
from khata.billing.operations.closings import close_order_later
from khata.billing.operations.deferral import SEND_TOP_UP_MAIL, defer
from khata.billing.operations.disputes import dispute_facts, write_dispute
from khata.billing.operations.invoices import issue_credit_note, issue_invoice
from khata.billing.operations.mandates import keep_mandate
from khata.billing.operations.offers import bonus_reference, use_coupon
from khata.billing.operations.orders import gateway_of
from khata.billing.operations.parking import wake_parked
from khata.billing.operations.plan_periods import start_paid_period
from khata.billing.operations.refund_changes import refund_facts, refund_surplus, write_refund_change
from khata.billing.operations.top_up_events import record_settled
from khata.billing.queries import TopUpRow
from khata.kernel.clock import utc_now
from khata.kernel.errors import NotFound
from khata.kernel.transactions import in_transaction, needs_database
from khata.ledger import operations as ledger
from khata.ledger.core import Command, Grant, Purchase
from khata.payments.errors import GatewayUnavailable
from khata.payments.port import Payment, PaymentStatus, Refused, Snapshot, Unavailable
from khata.payments.reversals import DisputeStatus
from khata.payments.ways import PayBy

_PURCHASES = uuid5(NAMESPACE_URL, "urn:khata:purchase")

logger = logging.getLogger(__name__)


class PurchaseNotPosted(RuntimeError):
    """The ledger did not take a purchase that must be possible: nothing was changed, and a person must look."""


@needs_database
def settle_top_up(*, top_up_id: UUID) -> TopUpRow:
    """Brings a top-up to what the gateway says now; without an answer it stays as it is. Raises NotFound."""
    settle(top_up_id)
    return queries.top_up_for_anyone(top_up_id=top_up_id)


def settle(top_up_id: UUID) -> bool:
    """Whether the gateway answered (or need not be asked). Raises NotFound."""
    top_up = TopUp.objects.filter(id=top_up_id).first()
    if top_up is None:
        raise NotFound
    evidence = _read_gateway(top_up)
    with in_transaction() as connection:
        locked = TopUp.objects.select_for_update().get(id=top_up_id)
        now = utc_now()
        decision = decide(facts_of(locked), evidence, now)
        _write(connection, locked, decision, now)
    return evidence is None or isinstance(evidence, Snapshot)


def facts_of(top_up: TopUp) -> TopUpFacts:
    attempts = list(top_up.attempts.all())
    return TopUpFacts(
        state=TopUpState(top_up.state),
        order_ref=top_up.order_ref,
        mode="live" if top_up.mode == "live" else "test",
        total_minor=top_up.total_minor,
        currency=top_up.currency,
        created_at=top_up.created_at,
        expires_at=top_up.expires_at,
        attempts={attempt.payment_ref: PaymentStatus(attempt.status) for attempt in attempts},
        credited_ref=next((a.payment_ref for a in attempts if a.purchase_reference is not None), None),
        refunds=refund_facts(top_up),
        disputes=dispute_facts(top_up),
        pay_by=PayBy(top_up.pay_by),
    )


def purchase_reference(top_up: TopUp, payment_ref: str) -> UUID:
    """The same for the same payment, whoever asks and however often: the ledger's key against a second credit."""
    return uuid5(_PURCHASES, f"{top_up.gateway_code}:{top_up.mode}:{payment_ref}")


def _read_gateway(top_up: TopUp) -> Evidence:
    if top_up.order_ref is None:
        return None
    try:
        evidence = gateway_of(top_up).read(top_up.order_ref)
    except GatewayUnavailable as error:
        evidence = Unavailable(error.detail)
    if isinstance(evidence, Refused | Unavailable):
        logger.warning("top-up %s: not read: %s", top_up.public_id, evidence)
    return evidence


def _write(connection: psycopg.Connection[Any], top_up: TopUp, decision: TopUpDecision, now: datetime) -> None:
    for payment in decision.attempts:
        _save_attempt(top_up, payment, is_surplus=payment.payment_ref in decision.surplus_refs)
    if decision.credit is not None:
        credit_payment(connection, top_up, decision.credit.payment_ref, now)
        top_up.is_paid_late = decision.is_late
        keep_mandate(top_up, decision.credit, now)
    processed = [write_refund_change(connection, top_up, change, now) for change in decision.refunds]
    for dispute in decision.disputes:
        write_dispute(connection, top_up, dispute, now)
    for attempt in top_up.attempts.filter(payment_ref__in=decision.surplus_refs, status=PaymentStatus.CAPTURED):
        refund_surplus(top_up, attempt, now)
    if decision.state != top_up.state or decision.review_reason:
        logger.info("top-up %s: %s → %s %s", top_up.public_id, top_up.state, decision.state, decision.review_reason)
    was, top_up.state = top_up.state, decision.state
    top_up.review_reason = decision.review_reason or top_up.review_reason
    top_up.check_due_at = decision.check_due_at
    top_up.save(update_fields=["state", "is_paid_late", "review_reason", "paid_at", "check_due_at"])
    if TopUpState(was).is_open:
        close_order_later(top_up)
    if decision.credit is not None:
        # Last, since all organisations share the lock under which its number is drawn.
        issue_invoice(top_up, now)
    for refund in filter(None, processed):
        issue_credit_note(refund, now)
    for lost in top_up.disputes.filter(status=DisputeStatus.LOST) if decision.disputes else ():
        issue_credit_note(lost, now)
    refunded = [refund for refund in processed if refund is not None]
    record_settled(connection, top_up, now, was=was, is_credited_now=decision.credit is not None, refunds=refunded)


def _save_attempt(top_up: TopUp, payment: Payment, *, is_surplus: bool) -> None:
    if is_surplus and payment.status is PaymentStatus.CAPTURED:
        logger.error("top-up %s: %s was captured beside the credited payment", top_up.public_id, payment.payment_ref)
    _, is_new = PaymentAttempt.objects.update_or_create(
        top_up=top_up,
        gateway_code=top_up.gateway_code,
        mode=top_up.mode,
        payment_ref=payment.payment_ref,
        defaults={
            "status": payment.status,
            "method": payment.method,
            "method_detail": payment.method_detail,
            "bank_ref": payment.bank_ref,
            "amount_minor": payment.amount_minor,
            "currency": payment.currency,
            "error_code": payment.error_code,
            "error_reason": payment.error_reason,
            "error_source": payment.error_source,
            "error_step": payment.error_step,
            "error_description": payment.error_description,
            "created_at": payment.created_at,
            "is_surplus": is_surplus,
        },
    )
    if is_new:
        wake_parked(gateway_code=top_up.gateway_code, mode=top_up.mode, payment_ref=payment.payment_ref)


def credit_payment(connection: psycopg.Connection[Any], top_up: TopUp, payment_ref: str, now: datetime) -> None:
    """Credits, the payment they came from and the mail that says so: all in this one transaction.

    The caller holds the top-up's lock and saves the row. Raises PurchaseNotPosted.
    """
    reference = purchase_reference(top_up, payment_ref)
    for outcome in ledger.post_batch(connection, _credits_for(top_up, reference, now)):
        if not outcome.condition.is_effective:
            raise PurchaseNotPosted(f"top-up {top_up.public_id}, payment {payment_ref}: {outcome.condition.value}")
    top_up.attempts.filter(payment_ref=payment_ref).update(purchase_reference=reference)
    top_up.paid_at = now
    defer(SEND_TOP_UP_MAIL, top_up.id)


def _credits_for(top_up: TopUp, reference: UUID, now: datetime) -> list[Command]:
    """Bought credits with their bonus; for a plan's payment, the included credits of the month it brings."""
    if top_up.purpose == TopUpPurpose.PLAN:
        return [start_paid_period(top_up, reference, now)]
    use_coupon(top_up, now)
    purchase = Purchase(top_up.organisation_id, reference, top_up.credits_micro, top_up.amount_minor)
    if not top_up.bonus_micro:
        return [purchase]
    days = top_up.bonus_expires_after_days
    expires_at = None if days is None else now + timedelta(days=days)
    return [purchase, Grant(top_up.organisation_id, bonus_reference(reference), top_up.bonus_micro, expires_at)]
