"""What an operator does to organisations: each deed leaves its row in the audit trail, in its own transaction.

The id of a deed comes with its form. Sent twice it happens once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from khata.billing.errors import CreditsNotGiven, IdempotencyKeyReused
from khata.billing.models import OperatorAction, OperatorDeed
from khata.billing.operations.deferral import PROVE_LEDGER, RECONCILE_NOW, defer
from khata.kernel.clock import utc_now
from khata.kernel.credits import AMOUNT_MICRO_MAX
from khata.kernel.errors import InvalidRequest, field_problem
from khata.kernel.ids import public_organisation_id
from khata.kernel.transactions import in_transaction, needs_database
from khata.ledger import operations as ledger
from khata.ledger import queries as ledger_queries
from khata.ledger.core import Grant

REASON_LENGTH_MAX = 400


@dataclass(frozen=True, slots=True)
class Deed:
    """Who acts, why, and the id that makes it happen once."""

    action_id: UUID
    member_id: UUID
    reason: str = ""


@needs_database
def stop_sending(deed: Deed, *, organisation_id: int) -> None:
    """Accepts nothing new of the organisation, cancels what waits and settles the rest. Raises InvalidRequest."""
    _set_frozen(deed, organisation_id, is_frozen=True)


@needs_database
def allow_sending(deed: Deed, *, organisation_id: int) -> None:
    """Raises InvalidRequest."""
    _set_frozen(deed, organisation_id, is_frozen=False)


@needs_database
def give_credits(deed: Deed, *, organisation_id: int, amount_micro: int, expires_at: datetime | None = None) -> None:
    """A grant in the ledger; no money, no invoice. Raises InvalidRequest, CreditsNotGiven, IdempotencyKeyReused."""
    require_reason(deed)
    if not 0 < amount_micro <= AMOUNT_MICRO_MAX:
        raise InvalidRequest([field_problem("credits", "out_of_range", "Enter how many credits, above zero.")])
    if expires_at is not None and expires_at <= utc_now():
        raise InvalidRequest([field_problem("expires_on", "passed", "This day is over.")])
    facts = {"credits_micro": amount_micro, "expires_at": expires_at.isoformat() if expires_at else None}
    with in_transaction() as connection:
        if not record(deed, OperatorDeed.GRANT, organisation_id=organisation_id, facts=facts):
            return
        grant = Grant(organisation_id, deed.action_id, amount_micro, expires_at)
        (outcome,) = ledger.post_batch(connection, [grant])
        if not outcome.condition.is_effective:
            raise CreditsNotGiven(f"The ledger refused: {outcome.condition.value}. No credits were given.")


@needs_database
def reconcile_now(deed: Deed) -> None:
    """Defers a reconciliation over everything that may still change."""
    with in_transaction():
        if record(deed, OperatorDeed.RECONCILE):
            defer(RECONCILE_NOW, deed.action_id)


@needs_database
def prove_now(deed: Deed) -> None:
    """Defers a proof of the ledger."""
    with in_transaction():
        if record(deed, OperatorDeed.PROVE):
            defer(PROVE_LEDGER, deed.action_id)


def record(
    deed: Deed,
    what: OperatorDeed,
    *,
    organisation_id: int | None = None,
    subject: str = "",
    facts: Mapping[str, object] | None = None,
) -> bool:
    """Whether this deed is new, now written down. Raises IdempotencyKeyReused where its id was another deed's."""
    row, is_new = OperatorAction.objects.get_or_create(
        id=deed.action_id,
        defaults={
            "member_id": deed.member_id,
            "deed": what,
            "organisation_id": organisation_id,
            "subject": subject or (public_organisation_id(organisation_id) if organisation_id else ""),
            "reason": deed.reason.strip()[:REASON_LENGTH_MAX],
            "facts": dict(facts or {}),
        },
    )
    if (row.deed, row.organisation_id, row.member_id) != (what, organisation_id, deed.member_id):
        raise IdempotencyKeyReused
    return is_new


def require_reason(deed: Deed) -> None:
    """Raises InvalidRequest."""
    if not deed.reason.strip():
        raise InvalidRequest([field_problem("reason", "required", "Say why: it stays in the audit trail.")])


def _set_frozen(deed: Deed, organisation_id: int, *, is_frozen: bool) -> None:
    require_reason(deed)
    what = OperatorDeed.FREEZE if is_frozen else OperatorDeed.UNFREEZE
    with in_transaction():
        was_frozen = ledger_queries.balance(organisation_id=organisation_id).is_frozen
        facts = {"was_frozen": was_frozen, "is_frozen": is_frozen}
        if record(deed, what, organisation_id=organisation_id, facts=facts):
            (ledger.freeze_wallet if is_frozen else ledger.unfreeze_wallet)(organisation_id)
