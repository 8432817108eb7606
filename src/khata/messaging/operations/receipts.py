"""Delivery receipts: matched by the carrier's id and applied by rank. Early ones wait, foreign ones go."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from khata.carriers.port import Receipt
from khata.kernel.clock import utc_now
from khata.kernel.transactions import in_transaction, needs_database
from khata.ledger.core import Command
from khata.ledger.operations import post_batch
from khata.messaging.core.hand_over import settling_command
from khata.messaging.core.life import MessageStatus, may_become, part_status, status_of_parts
from khata.messaging.core.routes import Policy
from khata.messaging.hand_over_rows import Change, LockedMessage, write_changes
from khata.messaging.models import ParkedReceipt
from khata.messaging.operations.routes import policies_of
from khata.messaging.operations.settling import settle_each
from khata.messaging.parts_rows import (
    Part,
    copy_receipts,
    delete_parts,
    find_receipts,
    lock_named,
    mark_parts,
    take_receipts,
)
from khata.messaging.rows import Connection

PARKED_MAX = timedelta(hours=72)
"""How long a receipt that fits nothing is kept: it may be early; after that it is foreign."""

_Parts = dict[tuple[str, str], Part]
"""By carrier and its id."""


@needs_database
def apply_parked_receipts(*, limit: int = 1_000) -> int:
    """Applies parked receipts whose part is known by now, oldest first. Returns how many were taken."""
    with in_transaction() as connection:
        found = find_receipts(connection, limit=limit)
    return settle_each(found, _apply)


@needs_database
def drop_foreign_receipts() -> int:
    """Receipts that fitted nothing for PARKED_MAX. Returns how many went."""
    return ParkedReceipt.objects.filter(received_at__lt=utc_now() - PARKED_MAX).delete()[0]


def write_receipts(connection: Connection, receipts: Sequence[Receipt]) -> list[Command]:
    """Applies receipts, or parks those whose part is not known, in the caller's transaction.

    Returns what the caller posts to settle the credits.
    """
    if not receipts:
        return []
    messages, known = lock_named(connection, receipts)
    parts = {(part.carrier, part.carrier_ref): part for part in known}
    marked, counted = _mark(receipts, parts)
    policies = policies_of(connection, {message.route_id for message in messages.values()})
    changes = list(_changes(messages, parts | marked, counted, policies))
    write_changes(connection, changes)
    ended = {message.id for message, _ in changes}
    mark_parts(connection, [part for part in marked.values() if part.message_id not in ended])
    delete_parts(connection, ended)
    copy_receipts(connection, [receipt for receipt in receipts if _named_by(receipt) not in parts])
    return _commands(changes)


def _apply(connection: Connection, found: Sequence[tuple[int, int]]) -> int:
    receipts = take_receipts(connection, [id_ for _, id_ in found])
    post_batch(connection, write_receipts(connection, receipts))
    return len(receipts)


def _mark(receipts: Iterable[Receipt], parts: _Parts) -> tuple[_Parts, dict[UUID, Receipt]]:
    """The parts that get their final state, the first one winning, and the last receipt that counted per message."""
    marked: _Parts = {}
    counted: dict[UUID, Receipt] = {}
    for receipt in receipts:
        name = _named_by(receipt)
        part = marked.get(name) or parts.get(name)
        status = part_status(receipt.state)
        if part is None or status is None or part.status.is_final:
            continue
        marked[name] = part._replace(status=status, error_code=receipt.error_code)
        counted[part.message_id] = receipt
    return marked, counted


def _changes(
    messages: dict[UUID, LockedMessage], parts: _Parts, counted: dict[UUID, Receipt], policies: Mapping[int, Policy]
) -> Iterable[tuple[LockedMessage, Change]]:
    """For the messages whose last part has its final state now."""
    parts_of: defaultdict[UUID, list[Part]] = defaultdict(list)
    for part in parts.values():
        parts_of[part.message_id].append(part)
    for id_, receipt in counted.items():
        message = messages[id_]
        change = _change(message, parts_of[id_], receipt, policies[message.route_id])
        if change is not None:
            yield message, change


def _change(message: LockedMessage, parts: Sequence[Part], receipt: Receipt, policy: Policy) -> Change | None:
    # In doubt, a segment whose answer was lost may still be out; otherwise every submission's part is here.
    if message.status is MessageStatus.UNKNOWN and len(parts) < message.segments:
        return None
    status = status_of_parts([part.status for part in parts])
    if status is None or not may_become(message.status, status):
        return None
    used = policy.credits_used(status, message.credits, message.segments, message.segments)
    captured = used if message.is_held else None
    if status is MessageStatus.DELIVERED:
        return Change(status, receipt.received_at, captured=captured)
    return Change(
        status,
        receipt.received_at,
        captured=captured,
        error_code=next((part.error_code for part in parts if part.status is status and part.error_code), None),
        error_detail=_sentence(status),
        receipt_raw=receipt.raw,
    )


def _commands(ended: Iterable[tuple[LockedMessage, Change]]) -> list[Command]:
    """Credits that were held for this report: what is reported on was taken, even where the answer was in doubt."""
    held = [(message, change.captured) for message, change in ended if change.captured is not None]
    return [settling_command(message.organisation_id, message.id, used) for message, used in held]


def _named_by(receipt: Receipt) -> tuple[str, str]:
    return receipt.carrier, receipt.carrier_ref


def _sentence(status: MessageStatus) -> str:
    if status is MessageStatus.EXPIRED:
        return "The carrier could not reach the phone in time."
    return "The carrier could not deliver the message."
