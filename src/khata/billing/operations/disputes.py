"""Writing what the gateway says of disputes: our row and its credits, in the caller's transaction."""

import logging
from datetime import datetime
from typing import Any

import psycopg

from khata.billing.core.dispute_life import DisputeFacts, DisputeMove, dispute_move, is_open
from khata.billing.core.refund_amounts import money_left, share_of
from khata.billing.models import Dispute as DisputeRow
from khata.billing.models import TopUp
from khata.billing.operations.reversal_credits import (
    bought,
    derived_reference,
    gateway_reference,
    post,
    purchase_of,
    shares_given_back,
)
from khata.ledger.core import Condition, HoldLot, Reverse, VoidHold
from khata.payments.reversals import Dispute, DisputeStatus

logger = logging.getLogger(__name__)


def dispute_facts(top_up: TopUp) -> dict[str, DisputeFacts]:
    rows = top_up.disputes.select_related("attempt")
    return {row.dispute_ref: DisputeFacts(row.attempt.payment_ref, DisputeStatus(row.status)) for row in rows}


def write_dispute(connection: psycopg.Connection[Any], top_up: TopUp, dispute: Dispute, now: datetime) -> None:
    """The caller holds the top-up's lock."""
    row = top_up.disputes.select_related("attempt").filter(dispute_ref=dispute.dispute_ref).first()
    before = DisputeStatus(row.status) if row else None
    row = row or _new_row(top_up, dispute)
    row.status = dispute.status
    row.respond_by = dispute.respond_by
    row.ended_at = None if is_open(dispute.status) else now
    row.save()
    _alert(top_up, row, dispute.status)
    if row.credits_micro:
        _move_credits(connection, top_up, row, dispute_move(before, dispute.status))


def _new_row(top_up: TopUp, dispute: Dispute) -> DisputeRow:
    reference = gateway_reference(
        "dispute", gateway_code=top_up.gateway_code, mode=top_up.mode, ref=dispute.dispute_ref
    )
    row = DisputeRow(
        top_up=top_up,
        attempt=top_up.attempts.get(payment_ref=dispute.payment_ref),
        gateway_code=top_up.gateway_code,
        mode=top_up.mode,
        dispute_ref=dispute.dispute_ref,
        amount_minor=dispute.amount_minor,
        currency=dispute.currency,
        reason_code=dispute.reason_code,
        created_at=dispute.created_at,
        reference=reference,
    )
    row.reversal_reference = derived_reference(row, "lost")
    row.credits_micro = _credits(top_up, row)
    return row


def _credits(top_up: TopUp, row: DisputeRow) -> int:
    """What the disputed part of a credited payment bought, less what was refunded of it already."""
    given_back = shares_given_back(top_up)
    amount_minor = min(row.amount_minor, money_left(bought(top_up), given_back))
    if row.attempt.purchase_reference is None or amount_minor <= 0:
        return 0
    return share_of(bought(top_up), given_back, amount_minor).credits_micro


def _move_credits(connection: psycopg.Connection[Any], top_up: TopUp, row: DisputeRow, move: DisputeMove) -> None:
    organisation_id, purchase = top_up.organisation_id, purchase_of(row.attempt)
    subject = f"dispute {row.dispute_ref}"
    give_back = VoidHold(organisation_id, row.reference)
    match move:
        case DisputeMove.HOLD:
            # Nothing may be left to hold: what was spent is asked for only if the dispute is lost.
            hold = HoldLot(organisation_id, row.reference, row.credits_micro, purchase, is_partial_enough=True)
            post(connection, subject, [hold], Condition.INSUFFICIENT_CREDITS)
        case DisputeMove.RETURN:
            post(connection, subject, [give_back], Condition.HOLD_MISSING)
        case DisputeMove.TAKE:
            taken = Reverse(organisation_id, row.reversal_reference, row.credits_micro, purchase)
            post(connection, subject, [give_back, taken], Condition.HOLD_MISSING)
        case DisputeMove.NONE:
            pass


def _alert(top_up: TopUp, row: DisputeRow, status: DisputeStatus) -> None:
    if status is DisputeStatus.LOST:
        logger.critical("top-up %s: dispute %s is lost, its credits are taken back", top_up.public_id, row.dispute_ref)
    elif is_open(status):
        logger.error(
            "top-up %s: dispute %s (%s) wants an answer by %s",
            top_up.public_id,
            row.dispute_ref,
            row.reason_code,
            row.respond_by,
        )
    else:
        logger.info("top-up %s: dispute %s is %s", top_up.public_id, row.dispute_ref, status)
