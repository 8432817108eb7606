"""Reads of the numbers an organisation must not write to."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from khata.kernel.errors import NotFound
from khata.kernel.ids import public_id, shard_of
from khata.kernel.pages import PAGE_SIZE_DEFAULT, Page, page_of
from khata.messaging.models import OptOut


@dataclass(frozen=True, slots=True)
class OptOutRow:
    """`recipient` is E.164; `reason` is "" where none was given."""

    id: UUID
    recipient: str
    reason: str
    created_at: datetime

    @property
    def public_id(self) -> str:
        return public_id("opt", self.id)


def opt_outs(
    *, organisation_id: int, prefix: str = "", before_id: UUID | None = None, limit: int = PAGE_SIZE_DEFAULT
) -> Page[OptOutRow]:
    """Newest first, those whose number begins with `prefix`; `next_cursor` is the id to continue before."""
    rows = _opt_outs(organisation_id).order_by("-id")
    if prefix:
        rows = rows.filter(recipient__startswith=prefix)
    if before_id is not None:
        rows = rows.filter(id__lt=before_id)
    return page_of([_row(row) for row in rows[: limit + 1]], limit)


def opt_out(*, organisation_id: int, opt_out_id: UUID) -> OptOutRow:
    """Raises NotFound, for another organisation's too."""
    row = _opt_outs(organisation_id).filter(id=opt_out_id).first()
    if row is None:
        raise NotFound
    return _row(row)


def _opt_outs(organisation_id: int) -> QuerySet[OptOut]:
    return OptOut.objects.filter(shard=shard_of(organisation_id), organisation_id=organisation_id)


def _row(row: OptOut) -> OptOutRow:
    return OptOutRow(row.id, row.recipient, row.reason, row.created_at)
