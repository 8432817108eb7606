"""A refund's share of the bonus that came with the top-up: what is unspent of it goes with the bought credits.

Held, captured and returned beside them, under a reference of its own. What was spent of a bonus stays spent.
"""

from datetime import timedelta
from typing import Any

import psycopg

from khata.billing.core.refund_amounts import bonus_share
from khata.billing.core.refund_life import CreditsMove
from khata.billing.models import Refund, TopUp
from khata.billing.operations.offers import bonus_reference
from khata.billing.operations.reversal_credits import bought, derived_reference, post, purchase_of, shares_given_back
from khata.kernel.clock import utc_now
from khata.ledger import operations as ledger
from khata.ledger import queries as ledger_queries
from khata.ledger.core import Command, Grant, HoldLot, Kind, RefundHold, VoidHold


def hold_bonus(connection: psycopg.Connection[Any], top_up: TopUp, row: Refund) -> None:
    """Holds the share of a refund that is not among the rows yet, and notes it. The caller holds the top-up's lock."""
    if not top_up.bonus_micro or not row.credits_micro:
        return
    grant = bonus_reference(purchase_of(row.attempt))
    lot = ledger_queries.granted_lot(organisation_id=top_up.organisation_id, grant=grant)
    share = bonus_share(bought(top_up), top_up.bonus_micro, shares_given_back(top_up), row.credits_micro)
    amount = min(share, lot.remaining if lot else 0)
    if not amount:
        return
    reference = derived_reference(row, "bonus")
    hold = HoldLot(top_up.organisation_id, reference, amount, grant, origin=Kind.GRANT)
    (outcome,) = ledger.post_batch(connection, [hold])
    # A lot whose time has come has nothing to give, though its expiry may not be booked yet.
    if outcome.condition.is_effective:
        row.bonus_micro, row.bonus_reference = amount, reference


def move_bonus(connection: psycopg.Connection[Any], top_up: TopUp, row: Refund, move: CreditsMove) -> None:
    """Does with the bonus what is done with the credits."""
    if row.bonus_reference is None:
        return
    command = _command(top_up, row, move)
    if command is not None:
        post(connection, f"bonus of refund {row.public_id}", [command])


def _command(top_up: TopUp, row: Refund, move: CreditsMove) -> Command | None:
    assert row.bonus_reference is not None
    organisation_id = top_up.organisation_id
    match move:
        case CreditsMove.NONE:
            return None
        case CreditsMove.CAPTURE | CreditsMove.TAKE:
            return RefundHold(organisation_id, row.bonus_reference)
        case CreditsMove.RETURN:
            return VoidHold(organisation_id, row.bonus_reference)
        case CreditsMove.RESTORE:
            days = top_up.bonus_expires_after_days
            expires_at = None if days is None else utc_now() + timedelta(days=days)
            return Grant(organisation_id, derived_reference(row, "bonus restored"), row.bonus_micro, expires_at)
