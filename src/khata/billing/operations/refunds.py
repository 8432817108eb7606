"""Giving money back: credits are held first, then the gateway is asked, then they are captured or returned.

Between the steps nothing is held in memory: whatever dies, the row says what is due, and the gateway knows our receipt.
"""

import logging
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg

from khata.billing import queries
from khata.billing.core.checks import next_retry_at
from khata.billing.core.credited_life import credited_state, reversal_check_due_at
from khata.billing.core.purposes import TopUpPurpose
from khata.billing.core.refund_amounts import RefundShare, money_left, refundable, share_of
from khata.billing.core.refund_life import RefundOrigin, RefundState, refund_changes
from khata.billing.core.top_up_life import TopUpState
from khata.billing.errors import (
    AlreadyRefunded,
    IdempotencyKeyReused,
    PlanPaymentNotRefundable,
    RefundExceedsUnspent,
    TopUpDisputed,
    TopUpNotPaid,
)
from khata.billing.models import PaymentAttempt, Refund, TopUp
from khata.billing.operations.checks import BATCH_SIZE
from khata.billing.operations.deferral import SEND_REFUND, defer
from khata.billing.operations.invoices import issue_credit_note
from khata.billing.operations.orders import gateway_of
from khata.billing.operations.refund_bonuses import hold_bonus
from khata.billing.operations.refund_changes import move_refund, new_refund, refund_facts, write_refund_change
from khata.billing.operations.reversal_credits import ReversalNotPosted, bought, purchase_of, shares_given_back
from khata.billing.operations.settlement import facts_of
from khata.billing.operations.top_up_events import record_top_up
from khata.billing.queries import RefundRow
from khata.kernel.clock import utc_now
from khata.kernel.errors import InvalidRequest, NotFound, field_problem
from khata.kernel.money import money_text
from khata.kernel.transactions import in_transaction, needs_database
from khata.ledger import operations as ledger
from khata.ledger import queries as ledger_queries
from khata.ledger.core import Condition, HoldLot
from khata.payments import port, reversals
from khata.payments.errors import GatewayUnavailable
from khata.webhooks.operations import EventType

_FIRST_RETRY_AFTER = timedelta(minutes=2)
"""Whoever started it asks the gateway at once; the job is for those who died on the way."""
_TEXT_LENGTH_MAX = 255
_DISPUTED = (TopUpState.DISPUTED, TopUpState.REVERSED)

logger = logging.getLogger(__name__)


@needs_database
def start_refund(
    *, top_up_id: UUID, amount_minor: int | None, idempotency_key: str, reason: str, started_by: str
) -> RefundRow:
    """Refunds `amount_minor` (with tax) of a paid top-up; None for all that was paid and is not refunded yet.

    The same key, amount and reason give the same refund, however often. `started_by` is a member's or API key's
    public id. Where the gateway gave no answer the row comes back `requested` or `pending` and a job goes on with it.
    Raises NotFound, InvalidRequest, IdempotencyKeyReused, TopUpNotPaid, TopUpDisputed, AlreadyRefunded and
    RefundExceedsUnspent (`refundable` says how much can be).
    """
    _check(amount_minor, idempotency_key, reason)
    with in_transaction() as connection:
        top_up = TopUp.objects.select_for_update().filter(id=top_up_id).first()
        if top_up is None:
            raise NotFound
        row = top_up.refunds.filter(idempotency_key=idempotency_key).first()
        is_new = row is None
        if row is None:
            row = _hold(connection, top_up, amount_minor)
            row.idempotency_key, row.reason, row.started_by = idempotency_key, reason, started_by
            row.save(force_insert=True)
        elif (row.asked_minor, row.reason) != (amount_minor, reason):
            raise IdempotencyKeyReused
    if is_new:
        send_refund(refund_id=row.id)
    return queries.refund_for_anyone(refund_id=row.id)


@needs_database
def send_refund(*, refund_id: UUID) -> None:
    """Asks the gateway for a refund whose outcome is open: by our receipt, so that it is made once however often."""
    row = Refund.objects.select_related("top_up", "attempt").filter(id=refund_id, refund_ref=None).first()
    if row is None or not RefundState(row.state).is_open:
        return
    answer = _ask(row)
    with in_transaction() as connection:
        top_up = TopUp.objects.select_for_update().get(id=row.top_up_id)
        row = top_up.refunds.select_related("attempt").get(id=refund_id)
        # Meanwhile a settle may have found it in the gateway's list.
        if row.refund_ref is None and RefundState(row.state).is_open:
            _write_answer(connection, top_up, row, answer)


def send_due_refunds_later() -> int:
    """Defers each refund the gateway has not answered for and that is due again. Returns how many."""
    now = utc_now()
    with in_transaction():
        due = Refund.objects.select_for_update(skip_locked=True).filter(due_at__lte=now).order_by("due_at")
        ids = list(due.values_list("id", flat=True)[:BATCH_SIZE])
        Refund.objects.filter(id__in=ids).update(due_at=now + _FIRST_RETRY_AFTER)
        for refund_id in ids:
            defer(SEND_REFUND, refund_id)
    return len(ids)


def _check(amount_minor: int | None, idempotency_key: str, reason: str) -> None:
    problems = []
    if amount_minor is not None and amount_minor <= 0:
        problems.append(field_problem("amount", "below_minimum", "The smallest refund is one paisa."))
    if not idempotency_key.isprintable() or not 0 < len(idempotency_key) <= _TEXT_LENGTH_MAX:
        detail = f"The idempotency key must be 1 to {_TEXT_LENGTH_MAX} printable characters."
        problems.append(field_problem("idempotency_key", "invalid", detail))
    if len(reason) > _TEXT_LENGTH_MAX or not reason.isprintable():
        detail = f"A reason is at most {_TEXT_LENGTH_MAX} printable characters."
        problems.append(field_problem("reason", "invalid", detail))
    if problems:
        raise InvalidRequest(problems)


def _hold(connection: psycopg.Connection[Any], top_up: TopUp, asked_minor: int | None) -> Refund:
    """A new row, its credits held. Raises what `start_refund` raises."""
    attempt = _credited_attempt(top_up)
    given_back = shares_given_back(top_up)
    left = money_left(bought(top_up), given_back)
    if left <= 0:
        raise AlreadyRefunded
    amount_minor = left if asked_minor is None else asked_minor
    if amount_minor > left:
        raise _exceeds(top_up, attempt, given_back)
    now = utc_now()
    share = share_of(bought(top_up), given_back, amount_minor)
    row = new_refund(top_up, attempt, share, RefundOrigin.ASKED, now, due_at=now + _FIRST_RETRY_AFTER)
    row.asked_minor = asked_minor
    if share.credits_micro:
        hold = HoldLot(top_up.organisation_id, row.reference, share.credits_micro, purchase_of(attempt))
        (outcome,) = ledger.post_batch(connection, [hold])
        if outcome.condition is Condition.INSUFFICIENT_CREDITS:
            raise _exceeds(top_up, attempt, given_back)
        if not outcome.condition.is_effective:
            raise ReversalNotPosted(f"refund of top-up {top_up.public_id}: {outcome.condition.value}")
    hold_bonus(connection, top_up, row)
    return row


def _credited_attempt(top_up: TopUp) -> PaymentAttempt:
    if top_up.purpose == TopUpPurpose.PLAN:
        raise PlanPaymentNotRefundable
    if top_up.state in _DISPUTED:
        raise TopUpDisputed
    attempt = top_up.attempts.filter(purchase_reference__isnull=False).first()
    if attempt is None:
        raise TopUpNotPaid
    return attempt


def _exceeds(top_up: TopUp, attempt: PaymentAttempt, given_back: list[RefundShare]) -> RefundExceedsUnspent:
    lot = ledger_queries.purchase_lot(organisation_id=top_up.organisation_id, purchase=purchase_of(attempt))
    most = refundable(bought(top_up), given_back, lot.remaining if lot else 0)
    return RefundExceedsUnspent(refundable=money_text(most))


def _ask(row: Refund) -> reversals.Refund | port.Refused | port.Unavailable | port.Unknown:
    request = reversals.RefundRequest(
        receipt=row.receipt,
        payment_ref=row.attempt.payment_ref,
        amount_minor=row.amount_minor,
        currency=row.top_up.currency,
        notes={"top_up": row.top_up.public_id},
    )
    try:
        return gateway_of(row.top_up).refund(request)
    except GatewayUnavailable as error:
        return port.Unavailable(error.detail)


def _write_answer(
    connection: psycopg.Connection[Any],
    top_up: TopUp,
    row: Refund,
    answer: reversals.Refund | port.Refused | port.Unavailable | port.Unknown,
) -> None:
    now = utc_now()
    if not isinstance(answer, reversals.Refund):
        logger.warning("refund %s: %s", row.public_id, answer)
    if isinstance(answer, port.Unavailable | port.Unknown):
        _wait(row, is_perhaps_done=isinstance(answer, port.Unknown))
        return
    processed = None
    if isinstance(answer, port.Refused):
        row.error_code = answer.code
        move_refund(connection, top_up, row, RefundState(row.state), RefundState.FAILED, now)
    else:
        mine = [facts for facts in refund_facts(top_up) if facts.refund_id == row.id]
        for change in refund_changes(mine, [answer]):
            processed = write_refund_change(connection, top_up, change, now)
    facts = facts_of(top_up)
    top_up.state = credited_state(facts) if TopUpState(top_up.state).is_credited else top_up.state
    top_up.check_due_at = reversal_check_due_at(facts, now)
    top_up.save(update_fields=["state", "check_due_at"])
    if processed is not None:
        # Last, since all organisations share the lock under which its number is drawn.
        issue_credit_note(processed, now)
        record_top_up(connection, top_up, now, [EventType.TOP_UP_REFUNDED])


def _wait(row: Refund, *, is_perhaps_done: bool) -> None:
    if is_perhaps_done:
        row.state = RefundState.PENDING
    row.due_at = next_retry_at(row.tries, utc_now())
    row.tries += 1
    row.save(update_fields=["state", "due_at", "tries"])
    if row.due_at is None:
        logger.critical("refund %s has no outcome after %s tries: look at the gateway", row.public_id, row.tries)
