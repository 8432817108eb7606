"""What readers and their mail servers say of e-mails: bounces, complaints, unsubscribes. Each suppresses an address."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from khata.carriers.port import Feedback
from khata.kernel.arrays import array_texts
from khata.kernel.ids import shard_of
from khata.kernel.transactions import in_transaction, needs_database
from khata.mail.message_refs import MessageRef, read_ref
from khata.mail.models import SuppressionReason
from khata.mail.operations import NewSuppression, note_suppressions
from khata.messaging.rows import Connection

_RECIPIENTS = """
    select message.organisation_id, id, recipient
      from unnest(%s::smallint[], %s::bigint[], %s::uuid[]) as named (shard, organisation_id, id)
      join messaging_message message using (shard, organisation_id, id) where channel = 2
"""


def write_feedback(connection: Connection, news: Sequence[Feedback]) -> None:
    """In the caller's transaction. What names no e-mail of ours changes nothing."""
    named = [(ref, item) for item in news if (ref := read_ref("bounce", item.ref)) is not None]
    recipients = _recipients(connection, [ref for ref, _ in named])
    note_suppressions(
        connection,
        [
            NewSuppression(
                ref.organisation_id, recipients[ref], SuppressionReason(item.reason), item.detail, ref.message_id
            )
            for ref, item in named
            if ref in recipients
        ],
    )


@needs_database
def recipient_of(text: str) -> str | None:
    """Whom an unsubscribe reference is about; None for what is none of ours."""
    ref = read_ref("unsubscribe", text)
    if ref is None:
        return None
    with in_transaction() as connection:
        return _recipients(connection, [ref]).get(ref)


@needs_database
def unsubscribe(text: str) -> str | None:
    """Notes that the reader of an e-mail wants no more of them, however often it is said. Returns the address."""
    ref = read_ref("unsubscribe", text)
    if ref is None:
        return None
    with in_transaction() as connection:
        address = _recipients(connection, [ref]).get(ref)
        if address is not None:
            wish = NewSuppression(ref.organisation_id, address, SuppressionReason.UNSUBSCRIBE, "", ref.message_id)
            note_suppressions(connection, [wish])
    return address


def _recipients(connection: Connection, refs: Iterable[MessageRef]) -> dict[MessageRef, str]:
    keys: list[tuple[int, int, UUID]] = [(shard_of(ref.organisation_id), *ref) for ref in refs]
    if not keys:
        return {}
    rows = connection.execute(_RECIPIENTS, array_texts(keys, 3))
    return {MessageRef(organisation_id, id_): recipient for organisation_id, id_, recipient in rows}
