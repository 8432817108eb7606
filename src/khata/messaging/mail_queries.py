"""Reads of what e-mails have besides a message's row."""

from dataclasses import dataclass
from uuid import UUID

from khata.kernel.ids import shard_of
from khata.messaging.models import MailContent


@dataclass(frozen=True, slots=True)
class MailShown:
    """What an e-mail has besides its text."""

    subject: str
    html: str
    files: tuple[tuple[str, int], ...]
    """Names and sizes in bytes."""
    has_unsubscribe: bool


def mail(*, organisation_id: int, message_id: UUID) -> MailShown | None:
    """None for what is no e-mail of this organisation."""
    row = MailContent.objects.filter(
        shard=shard_of(organisation_id), organisation_id=organisation_id, message_id=message_id
    ).first()
    if row is None:
        return None
    files = tuple((file["name"], file["bytes"]) for file in row.files)
    return MailShown(row.subject, row.html, files, row.has_unsubscribe)
