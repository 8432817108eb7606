"""What an operator does about top-ups, reviews and differences: looks again, credits, closes, repairs."""

from datetime import timedelta
from uuid import UUID

from khata.billing.core.top_up_life import TopUpState
from khata.billing.errors import PaymentDoesNotFit, ReviewClosed
from khata.billing.models import OperatorDeed, PaymentAttempt, ReconciliationFinding, ReconciliationSubject, TopUp
from khata.billing.operations.invoices import issue_invoice
from khata.billing.operations.operator_actions import Deed, record, require_reason
from khata.billing.operations.reconciliation import reconcile_between
from khata.billing.operations.reconciliation_findings import note_finding
from khata.billing.operations.reconciliation_settlements import day_of, reconcile_day
from khata.billing.operations.refunds import start_refund
from khata.billing.operations.settlement import credit_payment, settle
from khata.billing.operations.top_up_events import record_top_up
from khata.billing.queries import RefundRow
from khata.kernel.clock import utc_now
from khata.kernel.errors import NotFound
from khata.kernel.ids import public_id
from khata.kernel.transactions import in_transaction, needs_database
from khata.payments.errors import GatewayUnavailable
from khata.payments.port import PaymentStatus
from khata.payments.registry import gateway
from khata.webhooks.operations import EventType

_REFUND_REASON_LENGTH_MAX = 255

_AROUND = timedelta(minutes=1)
"""A list is asked for by time: so much around the payment."""


@needs_database
def check_top_up(deed: Deed, *, top_up_id: UUID) -> bool:
    """Settles it now; whether the gateway answered. Raises NotFound."""
    top_up = _top_up(top_up_id)
    _record_about(deed, OperatorDeed.CHECK, top_up)
    return settle(top_up_id)


@needs_database
def refund_top_up(deed: Deed, *, top_up_id: UUID, amount_minor: int | None) -> RefundRow:
    """Starts a refund of `amount_minor` (with tax), None for all that is left. Raises what `start_refund` raises."""
    require_reason(deed)
    top_up = _top_up(top_up_id)
    refund = start_refund(
        top_up_id=top_up_id,
        amount_minor=amount_minor,
        idempotency_key=f"operator:{deed.action_id}",
        reason=" ".join(deed.reason.split())[:_REFUND_REASON_LENGTH_MAX],
        started_by=public_id("mem", deed.member_id),
    )
    facts = {"refund": refund.public_id, "amount_minor": refund.amount_minor, "credits_micro": refund.credits_micro}
    _record_about(deed, OperatorDeed.REFUND, top_up, facts)
    return refund


@needs_database
def credit_review(deed: Deed, *, top_up_id: UUID, payment_ref: str) -> None:
    """Credits a top-up under review for one of its payments, which the gateway must report captured, in full.

    Raises NotFound, InvalidRequest, GatewayUnavailable, ReviewClosed, PaymentDoesNotFit.
    """
    require_reason(deed)
    _top_up(top_up_id)
    if not settle(top_up_id):
        raise GatewayUnavailable("The payment gateway does not answer. Nothing was changed; try again shortly.")
    with in_transaction() as connection:
        top_up = TopUp.objects.select_for_update().get(id=top_up_id)
        facts = {
            "payment_ref": payment_ref,
            "review_reason": top_up.review_reason,
            "credits_micro": top_up.credits_micro,
        }
        if not _record_review(deed, OperatorDeed.CREDIT_REVIEW, top_up, facts):
            return
        if not may_be_credited(top_up, top_up.attempts.filter(payment_ref=payment_ref).first()):
            raise PaymentDoesNotFit
        now = utc_now()
        credit_payment(connection, top_up, payment_ref, now)
        top_up.state, top_up.check_due_at = TopUpState.PAID, None
        top_up.save(update_fields=["state", "paid_at", "check_due_at"])
        issue_invoice(top_up, now)
        record_top_up(connection, top_up, now, [EventType.TOP_UP_PAID])


@needs_database
def close_review(deed: Deed, *, top_up_id: UUID) -> None:
    """Ends a review without credits. Raises NotFound, InvalidRequest, ReviewClosed."""
    require_reason(deed)
    _top_up(top_up_id)
    with in_transaction():
        top_up = TopUp.objects.select_for_update().get(id=top_up_id)
        if _record_review(deed, OperatorDeed.CLOSE_REVIEW, top_up, {"review_reason": top_up.review_reason}):
            top_up.state = TopUpState.CANCELLED
            top_up.save(update_fields=["state"])


def may_be_credited(top_up: TopUp, payment: PaymentAttempt | None) -> bool:
    """Only a captured payment that is the top-up's own to the paisa, and never play money for real credits."""
    if payment is None or top_up.review_reason == "mode_differs":
        return False
    told = (payment.status, payment.amount_minor, payment.currency)
    return told == (PaymentStatus.CAPTURED, top_up.total_minor, top_up.currency)


@needs_database
def repair_finding(deed: Deed, *, finding_id: UUID) -> ReconciliationFinding:
    """Settles the top-up concerned and compares again; what matches now is closed. Raises NotFound, UnknownGateway."""
    finding = _finding(finding_id)
    top_up = finding.top_up
    organisation_id = top_up.organisation_id if top_up else None
    record(deed, OperatorDeed.REPAIR, organisation_id=organisation_id, subject=finding.ref)
    source = gateway(finding.gateway_code)
    if finding.subject == ReconciliationSubject.SETTLEMENTS:
        reconcile_day(source, day_of(finding.happened_at))
    else:
        reconcile_between(source, finding.happened_at - _AROUND, finding.happened_at + _AROUND)
    return _finding(finding_id)


@needs_database
def look_at_finding(deed: Deed, *, finding_id: UUID) -> None:
    """Closes a difference as looked at, with the reason as its note. Raises NotFound, InvalidRequest."""
    require_reason(deed)
    finding = _finding(finding_id)
    organisation_id = finding.top_up.organisation_id if finding.top_up else None
    with in_transaction():
        if record(deed, OperatorDeed.NOTE, organisation_id=organisation_id, subject=finding.ref):
            note_finding(finding_id, deed.reason.strip())


def _record_review(deed: Deed, what: OperatorDeed, top_up: TopUp, facts: dict[str, object]) -> bool:
    """Raises ReviewClosed where somebody else was faster."""
    is_new = _record_about(deed, what, top_up, facts)
    if is_new and top_up.state != TopUpState.REVIEW:
        raise ReviewClosed
    return is_new


def _record_about(deed: Deed, what: OperatorDeed, top_up: TopUp, facts: dict[str, object] | None = None) -> bool:
    return record(deed, what, organisation_id=top_up.organisation_id, subject=top_up.public_id, facts=facts)


def _top_up(top_up_id: UUID) -> TopUp:
    found = TopUp.objects.filter(id=top_up_id).first()
    if found is None:
        raise NotFound
    return found


def _finding(finding_id: UUID) -> ReconciliationFinding:
    found = ReconciliationFinding.objects.select_related("top_up").filter(id=finding_id).first()
    if found is None:
        raise NotFound
    return found
