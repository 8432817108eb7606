"""The ledger's side of refunds and disputes: which credits they concern, and the commands that move them.

Everything here runs in the caller's transaction, under the top-up's lock.
"""

from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import psycopg

from khata.billing.core.refund_amounts import Bought, RefundShare
from khata.billing.core.refund_life import RefundOrigin, RefundState
from khata.billing.models import Dispute, PaymentAttempt, Refund, TopUp
from khata.ledger import operations as ledger
from khata.ledger.core import Command, Condition

_REFERENCES = uuid5(NAMESPACE_URL, "urn:khata:reversal")


class ReversalNotPosted(RuntimeError):
    """The ledger did not take what a refund or dispute must do: nothing was changed, and a person must look."""


def bought(top_up: TopUp) -> Bought:
    return Bought(top_up.total_minor, top_up.tax_minor, top_up.credits_micro)


def shares_given_back(top_up: TopUp, *, is_known_there: bool = False) -> list[RefundShare]:
    """The shares of this top-up's refunds that did not fail; with `is_known_there`, of those the gateway has."""
    rows = top_up.refunds.exclude(state=RefundState.FAILED).exclude(origin=RefundOrigin.SURPLUS)
    if is_known_there:
        rows = rows.filter(refund_ref__isnull=False)
    rows = rows.filter(attempt__purchase_reference__isnull=False)
    return [RefundShare(row.amount_minor, row.tax_minor, row.credits_micro) for row in rows]


def purchase_of(attempt: PaymentAttempt) -> UUID:
    """The ledger's reference of the purchase a credited payment made."""
    assert attempt.purchase_reference is not None
    return attempt.purchase_reference


def derived_reference(row: Refund | Dispute, what: str) -> UUID:
    """Another reference of the same row: one effect, one reference."""
    return uuid5(_REFERENCES, f"{what}:{row.reference}")


def gateway_reference(kind: str, *, gateway_code: str, mode: str, ref: str) -> UUID:
    """The same for the same thing at the gateway, whoever asks and however often."""
    return uuid5(_REFERENCES, f"{kind}:{gateway_code}:{mode}:{ref}")


def post(connection: psycopg.Connection[Any], subject: str, commands: list[Command], *allowed: Condition) -> None:
    """Posts commands that must take effect, or end in a condition allowed here. Raises ReversalNotPosted."""
    for command, outcome in zip(commands, ledger.post_batch(connection, commands), strict=True):
        if not outcome.condition.is_effective and outcome.condition not in allowed:
            raise ReversalNotPosted(f"{subject}: {type(command).__name__}: {outcome.condition.value}")
