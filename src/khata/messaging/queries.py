"""Reads of messages, always of one organisation."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from khata.kernel.errors import NotFound
from khata.kernel.ids import public_id, shard_of
from khata.kernel.pages import PAGE_SIZE_DEFAULT, Page, page_of
from khata.messaging.configuration import home_region
from khata.messaging.core.dlt import error_words
from khata.messaging.core.life import MessageStatus
from khata.messaging.core.recipients import NotReachable, e164
from khata.messaging.core.segmentation import segment
from khata.messaging.details import MessageDetail as MessageDetail
from khata.messaging.details import TimelineStep as TimelineStep
from khata.messaging.models import CHANNEL_CODES, CHANNELS, ENCODINGS, REFS_SEPARATOR, Message
from khata.pricing.queries import rate_card

SEARCH_SCANNED_MAX = 10_000
"""How many messages one page of a search looks at: no index serves its filters, so a page may come back short."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CLOCKS_APART = timedelta(minutes=1)
"""An id's time is the web process's, `accepted_at` the database's, later by the wait for a lock."""
_NOT_SENT = (MessageStatus.SCHEDULED, MessageStatus.CANCELLED)


@dataclass(frozen=True, slots=True)
class SendQuote:
    """What a send would cost. Recipients are E.164 without repeats; `recipients_invalid` are as written."""

    encoding: str
    segments: int
    units_used: int
    units_left: int
    unicode_characters: tuple[str, ...]
    recipients: tuple[str, ...]
    recipients_invalid: tuple[str, ...]
    credits_micro: int


@dataclass(frozen=True, slots=True)
class MessageSummary:
    id: UUID
    accepted_at: datetime
    channel: str
    recipient: str
    status: MessageStatus
    segments: int
    credits_micro: int
    credits_captured_micro: int | None
    body: str
    error_detail: str
    scheduled_at: datetime | None = None

    @property
    def public_id(self) -> str:
        return public_id("msg", self.id)

    @property
    def channel_words(self) -> str:
        return "SMS" if self.channel == "sms" else "E-mail"


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Half-open in time: `created_after` ≤ accepted_at < `created_before`. `recipient` is E.164."""

    status: MessageStatus | None = None
    recipient: str | None = None
    reference: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None

    @property
    def is_sparse(self) -> bool:
        """Whether matches may be so rare that looking for a page of them could take for ever."""
        return (self.status, self.recipient, self.reference) != (None, None, None)


@dataclass(frozen=True, slots=True)
class MessageCounts:
    sent: int
    delivered: int
    failed: int


def price(*, recipients: Sequence[str], body: str) -> SendQuote:
    """Prices a send without sending it. An empty or unsendable body costs nothing and has no segments."""
    valid, invalid = _sort_recipients(recipients)
    try:
        cut = segment(body)
    except ValueError:
        return SendQuote("gsm7", 0, 0, 160, (), valid, invalid, 0)
    card = rate_card()
    rates = [card.rate_for("sms", number.removeprefix("+")) for number in valid]
    priced = tuple(number for number, rate in zip(valid, rates, strict=True) if rate is not None)
    unpriced = tuple(number for number, rate in zip(valid, rates, strict=True) if rate is None)
    return SendQuote(
        encoding=cut.encoding,
        segments=cut.segment_count,
        units_used=cut.units_used,
        units_left=cut.units_left,
        unicode_characters=cut.unicode_characters,
        recipients=priced,
        recipients_invalid=invalid + unpriced,
        credits_micro=sum(rate.credits_micro for rate in rates if rate is not None) * cut.segment_count,
    )


def message(*, organisation_id: int, message_id: UUID) -> MessageDetail:
    """Raises NotFound, for another organisation's message too."""
    row = _messages(organisation_id).filter(id=message_id).first()
    if row is None:
        raise NotFound
    return _detail(row)


def _detail(row: Message) -> MessageDetail:
    return MessageDetail(
        id=row.id,
        channel=CHANNELS[row.channel],
        recipient=row.recipient,
        sender=row.sender,
        body=row.body,
        status=MessageStatus(row.status),
        segments=row.segments,
        encoding=ENCODINGS[row.encoding],
        credits_micro=row.credits,
        credits_captured_micro=row.credits_captured,
        accepted_at=row.accepted_at,
        due_at=row.due_at,
        submitted_at=row.submitted_at,
        settled_at=row.settled_at,
        finished_at=row.finished_at,
        attempts=row.attempts,
        scheduled_at=row.scheduled_at,
        is_possible_duplicate=row.is_possible_duplicate,
        carrier=row.carrier or "",
        carrier_refs=_refs(row),
        error_code=row.error_code or "",
        error_detail=_error_detail(row),
        receipt_raw=row.receipt_raw or "",
        reference=row.reference,
        metadata=row.metadata,
        api_key_id=row.api_key_id,
        member_id=row.member_id,
        template_id=row.template_id,
    )


def _refs(row: Message) -> tuple[str, ...]:
    """An e-mail's reference is what proves a bounce: its sender must not know it."""
    if not row.carrier_refs or row.channel == CHANNEL_CODES["email"]:
        return ()
    return tuple(row.carrier_refs.split(REFS_SEPARATOR))


def messages(
    *,
    organisation_id: int,
    limit: int = PAGE_SIZE_DEFAULT,
    before_id: UUID | None = None,
    status: MessageStatus | None = None,
) -> Page[MessageSummary]:
    """Newest first, by keyset on the id (its time comes first); `next_cursor` is the id to continue before."""
    rows = _messages(organisation_id).order_by("-id")
    if before_id is not None:
        rows = rows.filter(id__lt=before_id)
    if status is not None:
        rows = rows.filter(status=status)
    return page_of([_summary(row) for row in rows[: limit + 1]], limit)


def search_messages(
    *, organisation_id: int, where: MessageFilter, before_id: UUID | None = None, limit: int = PAGE_SIZE_DEFAULT
) -> Page[MessageDetail]:
    """Newest first; `next_cursor` is the id to continue before.

    A sparse search ends its page after SEARCH_SCANNED_MAX messages: it may hold fewer than `limit`, or none, and still
    have a next one.
    """
    rows = _in_period(_messages(organisation_id), where).order_by("-id")
    if before_id is not None:
        rows = rows.filter(id__lt=before_id)
    last_scanned = _last_scanned(rows) if where.is_sparse else None
    if last_scanned is not None:
        rows = rows.filter(id__gte=last_scanned)
    found = list(_matching(rows, where)[: limit + 1])
    following = found[limit - 1].id if len(found) > limit else last_scanned
    return Page([_detail(row) for row in found[:limit]], next_cursor=None if following is None else str(following))


def messages_by_id(*, organisation_id: int, ids: Collection[UUID]) -> dict[UUID, MessageSummary]:
    """Those of `ids` that are this organisation's messages."""
    return {row.id: _summary(row) for row in _messages(organisation_id).filter(id__in=list(ids))}


def details_by_id(*, organisation_id: int, ids: Collection[UUID]) -> list[MessageDetail]:
    """The same whole, in no order."""
    return [_detail(row) for row in _messages(organisation_id).filter(id__in=list(ids))]


def counts_since(*, organisation_id: int, since: datetime) -> MessageCounts:
    """Messages accepted since an instant, but for what is scheduled or cancelled, and what became of them."""
    lost = (MessageStatus.UNDELIVERED, MessageStatus.FAILED, MessageStatus.EXPIRED)
    counts = (
        _messages(organisation_id)
        .filter(id__gte=_first_id_at(since))
        .aggregate(
            sent=Count("id", filter=~Q(status__in=_NOT_SENT)),
            delivered=Count("id", filter=Q(status=MessageStatus.DELIVERED)),
            failed=Count("id", filter=Q(status__in=lost)),
        )
    )
    return MessageCounts(**counts)


def _messages(organisation_id: int) -> QuerySet[Message]:
    return Message.objects.filter(shard=shard_of(organisation_id), organisation_id=organisation_id)


def _in_period(rows: QuerySet[Message], where: MessageFilter) -> QuerySet[Message]:
    """By id, which the primary key finds, a little wider than asked."""
    if where.created_after is not None:
        rows = rows.filter(id__gte=_first_id_at(where.created_after, -_CLOCKS_APART))
    if where.created_before is not None:
        rows = rows.filter(id__lt=_first_id_at(where.created_before, _CLOCKS_APART))
    return rows


def _last_scanned(rows: QuerySet[Message]) -> UUID | None:
    """Where one page's search ends; None where all is within reach."""
    ids = rows.values_list("id", flat=True)[SEARCH_SCANNED_MAX - 1 : SEARCH_SCANNED_MAX]
    return next(iter(ids), None)


def _matching(rows: QuerySet[Message], where: MessageFilter) -> QuerySet[Message]:
    wanted = {
        "status": where.status,
        "recipient": where.recipient,
        "reference": where.reference,
        "accepted_at__gte": where.created_after,
        "accepted_at__lt": where.created_before,
    }
    return rows.filter(**{field: value for field, value in wanted.items() if value is not None})


def _first_id_at(at: datetime, shift: timedelta = timedelta()) -> UUID:
    """The smallest UUIDv7 of that millisecond: ids are in time order, so the primary key finds the day."""
    since_epoch = (at - _EPOCH + shift) // timedelta(milliseconds=1)
    return UUID(int=max(since_epoch, 0) << 80)


def _sort_recipients(recipients: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    valid: dict[str, None] = {}
    invalid: list[str] = []
    home = home_region()
    for text in recipients:
        try:
            valid[e164(text, home)] = None
        except NotReachable:
            invalid.append(text)
    return tuple(valid), tuple(invalid)


def _summary(row: Message) -> MessageSummary:
    return MessageSummary(
        id=row.id,
        accepted_at=row.accepted_at,
        channel=CHANNELS[row.channel],
        recipient=row.recipient,
        status=MessageStatus(row.status),
        segments=row.segments,
        credits_micro=row.credits,
        credits_captured_micro=row.credits_captured,
        body=row.body,
        error_detail=_error_detail(row),
        scheduled_at=row.scheduled_at,
    )


def _error_detail(row: Message) -> str:
    return error_words(row.error_code or "", row.recipient) or row.error_detail or ""
