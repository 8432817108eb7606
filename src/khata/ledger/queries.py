"""Reads of the ledger. Rows of numbers; what a reference means is known further up."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet, Sum

from khata.kernel.clock import utc_now
from khata.kernel.ids import shard_of
from khata.kernel.pages import PAGE_SIZE_DEFAULT, Page
from khata.ledger.core import Kind, WalletStatus
from khata.ledger.models import Lot, Transfer, Wallet

HISTORY_KINDS = (Kind.PURCHASE, Kind.GRANT, Kind.HOLD, Kind.VOID, Kind.EXPIRE)
"""Kinds that change what is available; a capture only settles what a hold already took."""

_INCOMING = (Kind.PURCHASE, Kind.GRANT, Kind.VOID)


@dataclass(frozen=True, slots=True)
class ExpiringCredits:
    amount: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Balance:
    """Micro-credits. `available` leaves out lots whose time has passed but whose expiry is not booked yet."""

    available: int
    held: int
    is_frozen: bool
    purchased: int
    granted: int
    expiring: tuple[ExpiringCredits, ...]


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One line of Credit History. `credits` is signed; `balance_after` is exact at that moment."""

    seq: int
    at: datetime
    kind: Kind
    reference: UUID
    credits: int
    balance_after: int


@dataclass(frozen=True, slots=True)
class HistoryTotals:
    """opening + added + used + returned + expired = closing; `used` and `expired` are negative or 0."""

    opening: int
    added: int
    used: int
    returned: int
    expired: int
    closing: int


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """Half-open in time: `created_after` ≤ at < `created_before`."""

    kinds: tuple[Kind, ...] = HISTORY_KINDS
    created_after: datetime | None = None
    created_before: datetime | None = None


def balance(*, organisation_id: int) -> Balance:
    wallet = Wallet.objects.get(shard=shard_of(organisation_id), organisation_id=organisation_id)
    now = utc_now()
    lots = list(
        Lot.objects.filter(
            shard=shard_of(organisation_id), organisation_id=organisation_id, is_open=True, remaining__gt=0
        ).order_by("expires_at")
    )
    live = [lot for lot in lots if lot.expires_at is None or lot.expires_at > now]
    return Balance(
        available=wallet.available - sum(lot.remaining for lot in lots) + sum(lot.remaining for lot in live),
        held=wallet.held,
        is_frozen=wallet.status == WalletStatus.FROZEN,
        purchased=sum(lot.remaining for lot in live if lot.origin == Kind.PURCHASE),
        granted=sum(lot.remaining for lot in live if lot.origin == Kind.GRANT),
        expiring=tuple(ExpiringCredits(lot.remaining, lot.expires_at) for lot in live if lot.expires_at is not None),
    )


def history(
    *,
    organisation_id: int,
    where: HistoryFilter | None = None,
    before_seq: int | None = None,
    limit: int = PAGE_SIZE_DEFAULT,
) -> Page[HistoryEntry]:
    """Newest first, by keyset on `seq`; `next_cursor` is the seq to continue before."""
    where = where or HistoryFilter()
    rows = _transfers(organisation_id, where).filter(kind__in=where.kinds).order_by("-seq")
    if before_seq is not None:
        rows = rows.filter(seq__lt=before_seq)
    found = list(rows[: limit + 1])
    entries = [
        HistoryEntry(row.seq, row.at, Kind(row.kind), row.reference, _signed(row), row.available_after)
        for row in found[:limit]
    ]
    return Page(entries, next_cursor=str(entries[-1].seq) if len(found) > limit else None)


def history_totals(*, organisation_id: int, where: HistoryFilter | None = None) -> HistoryTotals:
    """Sums over the filter's period (all kinds), with the balances at its two ends."""
    where = where or HistoryFilter()
    sums = {
        row["kind"]: row["total"]
        for row in _transfers(organisation_id, where).values("kind").annotate(total=Sum("amount"))
    }
    return HistoryTotals(
        opening=_balance_at(organisation_id, where.created_after) if where.created_after else 0,
        added=sums.get(Kind.PURCHASE, 0) + sums.get(Kind.GRANT, 0),
        used=-sums.get(Kind.HOLD, 0),
        returned=sums.get(Kind.VOID, 0),
        expired=-sums.get(Kind.EXPIRE, 0),
        closing=_balance_at(organisation_id, where.created_before),
    )


def captured_since(*, organisation_id: int, since: datetime) -> int:
    """Micro-credits used (not merely held) since an instant."""
    where = HistoryFilter(created_after=since)
    total = _transfers(organisation_id, where).filter(kind=Kind.CAPTURE).aggregate(total=Sum("amount"))["total"]
    return int(total or 0)


def _transfers(organisation_id: int, where: HistoryFilter) -> QuerySet[Transfer]:
    rows = Transfer.objects.filter(shard=shard_of(organisation_id), organisation_id=organisation_id)
    if where.created_after:
        rows = rows.filter(at__gte=where.created_after)
    if where.created_before:
        rows = rows.filter(at__lt=where.created_before)
    return rows


def _balance_at(organisation_id: int, at: datetime | None) -> int:
    rows = _transfers(organisation_id, HistoryFilter(created_before=at))
    last = rows.order_by("-seq").values_list("available_after", flat=True).first()
    return last or 0


def _signed(row: Transfer) -> int:
    return row.amount if row.kind in _INCOMING else -row.amount
