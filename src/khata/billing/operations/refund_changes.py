"""Writing what the gateway says of refunds: our row, its credits and its credit note, in the caller's transaction."""

import logging
from datetime import datetime
from typing import Any

import psycopg

from khata.billing.core.refund_amounts import RefundShare, money_left, share_of
from khata.billing.core.refund_life import (
    CreditsMove,
    RefundChange,
    RefundFacts,
    RefundOrigin,
    RefundState,
    credits_move,
)
from khata.billing.models import PaymentAttempt, Refund, TopUp
from khata.billing.operations.deferral import SEND_REFUND, defer
from khata.billing.operations.refund_bonuses import hold_bonus, move_bonus
from khata.billing.operations.reversal_credits import (
    bought,
    derived_reference,
    gateway_reference,
    post,
    purchase_of,
    shares_given_back,
)
from khata.kernel.ids import new_uuid, public_id
from khata.ledger.core import Command, Purchase, RefundHold, Reverse, VoidHold

STARTED_BY_GATEWAY, STARTED_BY_US = "gateway", "khata"

logger = logging.getLogger(__name__)


def refund_facts(top_up: TopUp) -> tuple[RefundFacts, ...]:
    rows = top_up.refunds.select_related("attempt").order_by("id")
    return tuple(
        RefundFacts(
            refund_id=row.id,
            payment_ref=row.attempt.payment_ref,
            refund_ref=row.refund_ref,
            receipt=row.receipt,
            amount_minor=row.amount_minor,
            state=RefundState(row.state),
            origin=RefundOrigin(row.origin),
            bank_ref=row.bank_ref,
        )
        for row in rows
    )


def write_refund_change(
    connection: psycopg.Connection[Any], top_up: TopUp, change: RefundChange, now: datetime
) -> Refund | None:
    """The row if it is processed just now and so wants a credit note. The caller holds the top-up's lock."""
    row = _row_of(top_up, change, now)
    before = None if change.refund_id is None else RefundState(row.state)
    if (row.amount_minor, top_up.currency) != (change.refund.amount_minor, change.refund.currency):
        logger.critical("refund %s: the gateway says another amount: %s", row.public_id, change.refund)
    row.refund_ref = change.refund.refund_ref
    row.bank_ref = change.refund.bank_ref or row.bank_ref
    row.receipt = row.receipt or change.refund.receipt
    return move_refund(connection, top_up, row, before, change.state, now)


def move_refund(
    connection: psycopg.Connection[Any],
    top_up: TopUp,
    row: Refund,
    before: RefundState | None,
    after: RefundState,
    now: datetime,
) -> Refund | None:
    """Saves the row in its new state and moves its credits. Returns as `write_refund_change`."""
    move = credits_move(RefundOrigin(row.origin), before, after)
    if move is CreditsMove.TAKE:
        hold_bonus(connection, top_up, row)
    row.state = after
    row.due_at = row.due_at if after.is_open and row.refund_ref is None else None
    row.ended_at = None if after.is_open else row.ended_at if before is after else now
    row.save()
    if before is not after:
        level = logging.ERROR if after is RefundState.FAILED else logging.INFO
        logger.log(level, "refund %s of top-up %s: %s → %s", row.public_id, top_up.public_id, before, after)
    if row.credits_micro and (command := _command(top_up, row, move)) is not None:
        post(connection, f"refund {row.public_id}", [command])
    move_bonus(connection, top_up, row, move)
    is_processed_now = after is RefundState.PROCESSED and before is not after
    return row if is_processed_now and row.attempt.purchase_reference is not None else None


def refund_surplus(top_up: TopUp, attempt: PaymentAttempt, now: datetime) -> None:
    """A row and a job that give a payment back which was captured beside the credited one; once, and in full."""
    rows = list(attempt.refunds.all())
    given_back = sum(row.amount_minor for row in rows if row.state != RefundState.FAILED)
    left = attempt.amount_minor - given_back
    if left <= 0 or any(row.origin == RefundOrigin.SURPLUS for row in rows):
        return
    row = new_refund(
        top_up, attempt, RefundShare(left, 0, 0), RefundOrigin.SURPLUS, now, reason="Paid twice", due_at=now
    )
    row.started_by = STARTED_BY_US
    row.save(force_insert=True)
    defer(SEND_REFUND, row.id)


def new_refund(
    top_up: TopUp,
    attempt: PaymentAttempt,
    share: RefundShare,
    origin: RefundOrigin,
    now: datetime,
    *,
    reason: str = "",
    due_at: datetime | None = None,
) -> Refund:
    """A row of ours, not saved yet: its receipt and its ledger's reference are its own id."""
    id_ = new_uuid()
    return Refund(
        id=id_,
        top_up=top_up,
        attempt=attempt,
        origin=origin,
        amount_minor=share.amount_minor,
        tax_minor=share.tax_minor,
        credits_micro=share.credits_micro,
        gateway_code=top_up.gateway_code,
        mode=top_up.mode,
        receipt=public_id("rfnd", id_),
        reason=reason,
        reference=id_,
        created_at=now,
        due_at=due_at,
    )


def _row_of(top_up: TopUp, change: RefundChange, now: datetime) -> Refund:
    if change.refund_id is not None:
        return top_up.refunds.select_related("attempt").get(id=change.refund_id)
    refund = change.refund
    attempt = top_up.attempts.get(payment_ref=refund.payment_ref)
    logger.warning("top-up %s: %s was refunded at the gateway itself", top_up.public_id, refund.payment_ref)
    is_failed = change.state is RefundState.FAILED
    share = RefundShare(refund.amount_minor, 0, 0) if is_failed else _share(top_up, attempt, refund.amount_minor)
    row = new_refund(top_up, attempt, share, RefundOrigin.GATEWAY, now)
    row.started_by = STARTED_BY_GATEWAY
    row.receipt = refund.receipt
    row.reference = gateway_reference("refund", gateway_code=row.gateway_code, mode=row.mode, ref=refund.refund_ref)
    row.created_at = refund.created_at
    return row


def _share(top_up: TopUp, attempt: PaymentAttempt, amount_minor: int) -> RefundShare:
    """Of what is left as the gateway sees it: a refund of ours it has not heard of is going to be refused."""
    given_back = shares_given_back(top_up, is_known_there=True)
    if attempt.purchase_reference is None or amount_minor > money_left(bought(top_up), given_back):
        return RefundShare(amount_minor, 0, 0)
    return share_of(bought(top_up), given_back, amount_minor)


def _command(top_up: TopUp, row: Refund, move: CreditsMove) -> Command | None:
    organisation_id = top_up.organisation_id
    match move:
        case CreditsMove.NONE:
            return None
        case CreditsMove.CAPTURE:
            return RefundHold(organisation_id, row.reference)
        case CreditsMove.RETURN:
            return VoidHold(organisation_id, row.reference)
        case CreditsMove.TAKE:
            return Reverse(organisation_id, row.reference, row.credits_micro, purchase_of(row.attempt))
        case CreditsMove.RESTORE:
            # Bought again with the money that came back.
            price_minor = row.amount_minor - row.tax_minor
            return Purchase(organisation_id, derived_reference(row, "restored"), row.credits_micro, price_minor)
