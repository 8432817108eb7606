"""Reads of the ledger. Rows of numbers; what a reference means is known further up."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection
from django.db.models import QuerySet, Sum

from khata.kernel.arrays import array_texts
from khata.kernel.clock import utc_now
from khata.kernel.ids import shard_of
from khata.kernel.pages import PAGE_SIZE_DEFAULT, Page
from khata.ledger.core import Kind, WalletStatus
from khata.ledger.models import Lot, Transfer, Wallet

HISTORY_KINDS = (Kind.PURCHASE, Kind.GRANT, Kind.HOLD, Kind.VOID, Kind.EXPIRE, Kind.REVERSE)
"""Kinds that change what is available; a capture or refund only settles what a hold already took, and repaying what is
owed changes no balance."""

_INCOMING = (Kind.PURCHASE, Kind.GRANT, Kind.VOID)
_KINDS_BUT_HOLDS = (Kind.PURCHASE, Kind.GRANT, Kind.VOID, Kind.EXPIRE, Kind.REFUND, Kind.REVERSE)

_FROZEN = f"""
    select organisation_id from unnest(%s::smallint[], %s::bigint[]) as named (shard, organisation_id)
      join ledger_wallet using (shard, organisation_id)
     where status = {int(WalletStatus.FROZEN)}
"""  # noqa: S608 - its own number
_LAST_SEQ_BEFORE = """
    with recursive halving (low, high) as (
        select 0::bigint, last_seq from ledger_wallet where shard = %(shard)s and organisation_id = %(id)s
        union all
        select case when at < %(at)s then seq else low end, case when at < %(at)s then high else seq - 1 end
          from halving join ledger_transfer on shard = %(shard)s and organisation_id = %(id)s
                                           and seq = (low + high + 1) / 2
         where low < high
    )
    select low from halving where low = high
"""


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
class WalletRow:
    """Micro-credits as the wallet keeps them: lots whose expiry is due but not booked yet still count."""

    available: int
    held: int
    is_frozen: bool


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
    """opening + added + used + returned + expired + refunded + reversed = closing; the last three are negative or 0.

    A refund counts as used until it is certain, also where that comes after the period's end.
    """

    opening: int
    added: int
    used: int
    returned: int
    expired: int
    closing: int
    refunded: int = 0
    reversed: int = 0


@dataclass(frozen=True, slots=True)
class LotRow:
    """Of `amount`, `remaining` are unspent and `held` reserved; micro-credits."""

    amount: int
    remaining: int
    held: int


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


def wallets(*, organisation_ids: Collection[int]) -> dict[int, WalletRow]:
    """Several organisations' wallets in one read; an organisation without one is left out."""
    shards = {shard_of(organisation_id) for organisation_id in organisation_ids}
    rows = Wallet.objects.filter(shard__in=shards, organisation_id__in=organisation_ids)
    return {row.organisation_id: WalletRow(row.available, row.held, row.status == WalletStatus.FROZEN) for row in rows}


def frozen_among(open_connection: "psycopg.Connection[Any]", organisation_ids: Collection[int]) -> set[int]:
    """Those of these organisations whose sending is stopped, as the caller's transaction sees it."""
    named = array_texts([(shard_of(organisation_id), organisation_id) for organisation_id in organisation_ids], 2)
    return {row[0] for row in psycopg.Cursor(open_connection).execute(_FROZEN, named, prepare=True)}


def history(
    *,
    organisation_id: int,
    where: HistoryFilter | None = None,
    before_seq: int | None = None,
    limit: int = PAGE_SIZE_DEFAULT,
) -> Page[HistoryEntry]:
    """Newest first, by keyset on `seq`; `next_cursor` is the seq to continue before."""
    where = where or HistoryFilter()
    rows = _within(organisation_id, where).filter(kind__in=where.kinds).order_by("-seq")
    if before_seq is not None:
        rows = rows.filter(seq__lt=before_seq)
    found = list(rows[: limit + 1])
    entries = [
        HistoryEntry(row.seq, row.at, Kind(row.kind), row.reference, _signed(row), row.available_after)
        for row in found[:limit]
    ]
    return Page(entries, next_cursor=str(entries[-1].seq) if len(found) > limit else None)


def history_totals(*, organisation_id: int, where: HistoryFilter | None = None) -> HistoryTotals:
    """Sums over the filter's period (all kinds), with the balances at its two ends.

    Holds are by far the most and are not added up: they are what the two balances and the other kinds leave.
    """
    where = where or HistoryFilter()
    rows = _within(organisation_id, where).filter(kind__in=_KINDS_BUT_HOLDS)
    sums = {row["kind"]: row["total"] for row in rows.values("kind").annotate(total=Sum("amount"))}
    opening = _balance_at(organisation_id, where.created_after) if where.created_after else 0
    closing = _balance_at(organisation_id, where.created_before)
    added = sums.get(Kind.PURCHASE, 0) + sums.get(Kind.GRANT, 0)
    returned, expired = sums.get(Kind.VOID, 0), -sums.get(Kind.EXPIRE, 0)
    refunded, taken_back = -sums.get(Kind.REFUND, 0), -sums.get(Kind.REVERSE, 0)
    used = closing - opening - added - returned - expired - refunded - taken_back
    return HistoryTotals(opening, added, used, returned, expired, closing, refunded, taken_back)


def has_credits_come(*, organisation_id: int) -> bool:
    """Whether any were ever bought or given."""
    rows = Transfer.objects.filter(shard=shard_of(organisation_id), organisation_id=organisation_id)
    return rows.filter(kind__in=(Kind.PURCHASE, Kind.GRANT)).exists()


def purchase_lot(*, organisation_id: int, purchase: UUID) -> LotRow | None:
    """What became of the credits of one purchase; None where it was never booked."""
    return _lot(organisation_id, Kind.PURCHASE, purchase)


def granted_lot(*, organisation_id: int, grant: UUID) -> LotRow | None:
    """The same of a grant."""
    return _lot(organisation_id, Kind.GRANT, grant)


def _lot(organisation_id: int, origin: Kind, reference: UUID) -> LotRow | None:
    mine = Lot.objects.filter(shard=shard_of(organisation_id), organisation_id=organisation_id)
    row = mine.filter(origin=origin, reference=reference).first()
    return LotRow(row.amount, row.remaining, row.held) if row else None


def _within(organisation_id: int, where: HistoryFilter) -> QuerySet[Transfer]:
    """The transfers of a period, found by their `seq`: it rises with time, and every page is read along it."""
    rows = Transfer.objects.filter(shard=shard_of(organisation_id), organisation_id=organisation_id)
    if where.created_after:
        rows = rows.filter(seq__gt=_last_seq_before(organisation_id, where.created_after))
    if where.created_before:
        rows = rows.filter(seq__lte=_last_seq_before(organisation_id, where.created_before))
    return rows


def _balance_at(organisation_id: int, at: datetime | None) -> int:
    rows = Transfer.objects.filter(shard=shard_of(organisation_id), organisation_id=organisation_id)
    if at is not None:
        rows = rows.filter(seq__lte=_last_seq_before(organisation_id, at))
    return rows.order_by("-seq").values_list("available_after", flat=True).first() or 0


def _last_seq_before(organisation_id: int, at: datetime) -> int:
    """By halving, some thirty look-ups by primary key however long the history is; 0 where nothing is that old."""
    with connection.cursor() as cursor:
        cursor.execute(_LAST_SEQ_BEFORE, {"shard": shard_of(organisation_id), "id": organisation_id, "at": at})
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def _signed(row: Transfer) -> int:
    return row.amount if row.kind in _INCOMING else -row.amount
