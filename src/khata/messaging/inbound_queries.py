"""Reads of messages from phones: an organisation's own, and for the operator those that are nobody's."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from khata.kernel.errors import NotFound
from khata.kernel.ids import public_id, public_organisation_id, shard_of
from khata.kernel.pages import PAGE_SIZE_DEFAULT, Page, page_of
from khata.messaging.models import InboundMessage, InboundNumber


@dataclass(frozen=True, slots=True)
class InboundRow:
    """`keyword` is "stop", "start" or "help" where the text is such a word, else ""."""

    id: UUID
    sender: str
    """The phone: E.164 where the carrier's form could be read so."""
    recipient: str
    body: str
    keyword: str
    carrier: str
    received_at: datetime

    @property
    def public_id(self) -> str:
        return public_id("inb", self.id)


@dataclass(frozen=True, slots=True)
class InboundNumberRow:
    number: str
    organisation_id: int
    created_at: datetime

    @property
    def public_organisation_id(self) -> str:
        return public_organisation_id(self.organisation_id)


def inbound_messages(
    *, organisation_id: int, sender: str | None = None, before_id: UUID | None = None, limit: int = PAGE_SIZE_DEFAULT
) -> Page[InboundRow]:
    """Newest first, of one phone or of all; `next_cursor` is the id to continue before."""
    rows = _of(organisation_id)
    return _page(rows if sender is None else rows.filter(sender=sender), before_id, limit)


def inbound_message(*, organisation_id: int, inbound_id: UUID) -> InboundRow:
    """Raises NotFound, for another organisation's too."""
    row = _of(organisation_id).filter(id=inbound_id).first()
    if row is None:
        raise NotFound
    return _row(row)


def unmatched_messages(*, before_id: UUID | None = None, limit: int = PAGE_SIZE_DEFAULT) -> Page[InboundRow]:
    """For the operator: sent to numbers that are no organisation's, by phones nobody wrote to from there."""
    return _page(InboundMessage.objects.filter(organisation_id=None), before_id, limit)


def inbound_numbers() -> list[InboundNumberRow]:
    """For the operator: whose number is whose."""
    rows = InboundNumber.objects.order_by("number")
    return [InboundNumberRow(row.number, row.organisation_id, row.created_at) for row in rows]


def _of(organisation_id: int) -> QuerySet[InboundMessage]:
    return InboundMessage.objects.filter(shard=shard_of(organisation_id), organisation_id=organisation_id)


def _page(rows: QuerySet[InboundMessage], before_id: UUID | None, limit: int) -> Page[InboundRow]:
    rows = rows.order_by("-id")
    if before_id is not None:
        rows = rows.filter(id__lt=before_id)
    return page_of([_row(row) for row in rows[: limit + 1]], limit)


def _row(row: InboundMessage) -> InboundRow:
    return InboundRow(row.id, row.sender, row.recipient, row.body, row.keyword, row.carrier, row.received_at)
