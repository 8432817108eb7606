"""Addresses that must not be written to: noted, and lifted by the organisation's people."""

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from khata.kernel.clock import utc_now
from khata.kernel.errors import NotFound
from khata.kernel.ids import new_uuid, shard_of
from khata.mail.models import Suppression, SuppressionReason
from khata.mail.queries import Connection

DETAIL_LENGTH_MAX = 500

_NOTE = """
    insert into mail_suppression (shard, organisation_id, address, reason, detail, message_id, created_at, id)
    values (%s, %s, %s, %s, %s, %s, %s, %s)
        on conflict (shard, organisation_id, address)
        do update set reason = excluded.reason, detail = excluded.detail, message_id = excluded.message_id,
                      created_at = excluded.created_at
        where mail_suppression.reason = 'unsubscribe' and excluded.reason <> 'unsubscribe'
"""


class NewSuppression(NamedTuple):
    organisation_id: int
    address: str
    reason: SuppressionReason
    detail: str
    message_id: UUID | None


def note_suppressions(connection: Connection, suppressions: Iterable[NewSuppression]) -> None:
    """In the caller's transaction, each once: the first of a kind stays as it is."""
    now = utc_now()
    # In the order of their key, which everybody locks in.
    ordered = sorted(
        suppressions, key=lambda each: (shard_of(each.organisation_id), each.organisation_id, each.address.lower())
    )
    rows = [
        (
            shard_of(each.organisation_id), each.organisation_id, each.address.lower(), each.reason.value,
            each.detail[:DETAIL_LENGTH_MAX], each.message_id, now, new_uuid(),
        )
        for each in ordered
    ]  # fmt: skip
    if rows:
        connection.cursor().executemany(_NOTE, rows)


def lift_suppression(*, organisation_id: int, suppression_id: UUID) -> None:
    """Its address may be written to again. Raises NotFound."""
    if not Suppression.objects.filter(organisation_id=organisation_id, id=suppression_id).delete()[0]:
        raise NotFound
