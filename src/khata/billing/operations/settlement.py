"""The one settle: read the gateway, then decide and write under the top-up's lock.

Browser return, webhook, poller and people's "check again" all end here, in any order and number; the credit happens
once, and only for what the gateway itself reports captured.
"""

import logging
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import psycopg

from khata.billing import queries
from khata.billing.core.top_up_life import Evidence, TopUpDecision, TopUpFacts, TopUpState, decide
from khata.billing.models import PaymentAttempt, TopUp
from khata.billing.operations.deferral import SEND_TOP_UP_MAIL, SETTLE_TOP_UP, defer
from khata.billing.operations.orders import gateway_of
from khata.billing.queries import TopUpRow
from khata.kernel.clock import utc_now
from khata.kernel.errors import NotFound
from khata.kernel.transactions import in_transaction, needs_database
from khata.ledger import operations as ledger
from khata.ledger.core import Purchase
from khata.payments.errors import GatewayUnavailable
from khata.payments.port import Payment, PaymentStatus, Refused, Snapshot, Unavailable

_PURCHASES = uuid5(NAMESPACE_URL, "urn:khata:purchase")

logger = logging.getLogger(__name__)


class PurchaseNotPosted(RuntimeError):
    """The ledger did not take a purchase that must be possible: nothing was changed, and a person must look."""


@needs_database
def settle_top_up(*, top_up_id: UUID) -> TopUpRow:
    """Brings a top-up to what the gateway says now; without an answer it stays as it is. Raises NotFound."""
    settle(top_up_id)
    return queries.top_up_for_anyone(top_up_id=top_up_id)


def settle_top_up_later(*, top_up_id: UUID) -> None:
    """Defers `settle_top_up` in the caller's transaction."""
    defer(SETTLE_TOP_UP, top_up_id)


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
        _credit(connection, top_up, decision.credit)
        top_up.paid_at = now
        top_up.is_paid_late = decision.is_late
    if decision.state != top_up.state or decision.review_reason:
        logger.info("top-up %s: %s → %s %s", top_up.public_id, top_up.state, decision.state, decision.review_reason)
    top_up.state = decision.state
    top_up.review_reason = decision.review_reason or top_up.review_reason
    top_up.check_due_at = decision.check_due_at
    top_up.save(update_fields=["state", "is_paid_late", "review_reason", "paid_at", "check_due_at"])


def _save_attempt(top_up: TopUp, payment: Payment, *, is_surplus: bool) -> None:
    if is_surplus:
        logger.error("top-up %s: %s was captured beside the credited payment", top_up.public_id, payment.payment_ref)
    PaymentAttempt.objects.update_or_create(
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


def _credit(connection: psycopg.Connection[Any], top_up: TopUp, payment: Payment) -> None:
    """Credits, the payment they came from and the mail that says so: all in this one transaction."""
    reference = purchase_reference(top_up, payment.payment_ref)
    purchase = Purchase(
        organisation_id=top_up.organisation_id,
        reference=reference,
        amount=top_up.credits_micro,
        price_minor=top_up.amount_minor,
    )
    (outcome,) = ledger.post_batch(connection, [purchase])
    if not outcome.condition.is_effective:
        raise PurchaseNotPosted(f"top-up {top_up.public_id}, payment {payment.payment_ref}: {outcome.condition.value}")
    top_up.attempts.filter(payment_ref=payment.payment_ref).update(purchase_reference=reference)
    defer(SEND_TOP_UP_MAIL, top_up.id)
