"""The book to and from PostgreSQL: set-based reads under the wallets' locks, binary COPY and two UPDATEs out."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from khata.kernel.arrays import array_texts
from khata.kernel.copying import copy_rows
from khata.kernel.ids import shard_of
from khata.ledger.core import (
    Book,
    Capture,
    Command,
    Effects,
    ExpireLots,
    Grant,
    HoldLot,
    Kind,
    Lot,
    PlaceHold,
    Purchase,
    RefundHold,
    Reverse,
    Transfer,
    VoidHold,
    Wallet,
    WalletStatus,
)
from khata.ledger.core.book import ROUTES, Draws

Connection = psycopg.Connection[Any]
Wallets = Mapping[int, Wallet]
"""Locked, by organisation."""

_LOCK_WALLETS = """
    select wallet.organisation_id, available, held, floor, status, last_seq, chain
      from unnest(%s::smallint[], %s::bigint[]) as touched (shard, organisation_id)
      join ledger_wallet wallet using (shard, organisation_id)
     order by wallet.shard, wallet.organisation_id
       for update of wallet
"""
# With the time: it is read after the locks, since a batch that waited must not carry an instant from before the one it
# waited for.
_LOAD_LOTS = """
    select clock_timestamp(), lot.organisation_id, lot_id, origin, reference, amount, remaining, held, expires_at,
           price_minor
      from (select) as always left join (
           unnest(%s::smallint[], %s::bigint[]) as touched (shard, organisation_id)
           join ledger_lot lot using (shard, organisation_id)) on is_open
"""
_LOAD_EFFECTS = """
    select named.organisation_id, named.kind, named.reference, lot_id, amount
      from unnest(%s::smallint[], %s::bigint[], %s::smallint[], %s::uuid[])
           as named (shard, organisation_id, kind, reference)
      join ledger_transfer transfer using (shard, organisation_id, kind, reference)
     order by transfer.seq
"""
_COPY_TRANSFERS = """
    copy ledger_transfer (shard, organisation_id, seq, kind, source, target, amount, lot_id, reference,
                          available_after, at) from stdin (format binary)
"""
_TRANSFER_TYPES = ("int2", "int8", "int8", "int2", "int2", "int2", "int8", "int8", "uuid", "int8", "timestamptz")
_WRITE_WALLETS_AND_LOTS = """
    with written as (
        update ledger_wallet wallet
           set available = new.available, held = new.held, floor = new.floor, status = new.status,
               last_seq = new.last_seq, chain = new.chain
          from unnest(%s::smallint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::smallint[],
                      %s::bigint[], %s::bytea[])
               as new (shard, organisation_id, available, held, floor, status, last_seq, chain)
         where wallet.shard = new.shard and wallet.organisation_id = new.organisation_id)
    insert into ledger_lot (shard, organisation_id, lot_id, origin, reference, amount, remaining, held, expires_at,
                            price_minor, is_open)
    select *, remaining > 0 or held > 0
      from unnest(%s::smallint[], %s::bigint[], %s::bigint[], %s::smallint[], %s::uuid[], %s::bigint[], %s::bigint[],
                  %s::bigint[], %s::timestamptz[], %s::bigint[])
           as new (shard, organisation_id, lot_id, origin, reference, amount, remaining, held, expires_at, price_minor)
        on conflict (shard, organisation_id, lot_id)
        do update set remaining = excluded.remaining, held = excluded.held, is_open = excluded.is_open
"""

_WALLET_WIDTH, _LOT_WIDTH = 8, 10
_ROUTES = {kind: (int(kind), int(source), int(target)) for kind, (source, target) in ROUTES.items()}

_LIFE_OF_A_HOLD = (Kind.HOLD, Kind.CAPTURE, Kind.VOID, Kind.REFUND)
_EFFECT_KINDS: dict[type, tuple[Kind, ...]] = {
    Purchase: (Kind.PURCHASE,),
    Grant: (Kind.GRANT,),
    PlaceHold: (Kind.HOLD,),
    Capture: _LIFE_OF_A_HOLD,
    VoidHold: _LIFE_OF_A_HOLD,
    RefundHold: _LIFE_OF_A_HOLD,
    HoldLot: (Kind.HOLD,),
    Reverse: (Kind.REVERSE,),
}
"""Which earlier effects decide about a command."""


def lock_wallets(connection: Connection, organisation_ids: Iterable[int]) -> Wallets:
    """Locks in the one order everybody locks in, and so lets one batch of an organisation through at a time."""
    rows = psycopg.Cursor(connection).execute(_LOCK_WALLETS, _touched(organisation_ids), prepare=True)
    return {row[0]: Wallet(row[0], row[1], row[2], row[3], WalletStatus(row[4]), row[5], row[6]) for row in rows}


def load_book(connection: Connection, wallets: Wallets, commands: Sequence[Command]) -> tuple[Book, datetime]:
    """What the commands are decided on: the locked `wallets`, their open lots and the effects already there.

    Returns the book and the database's time, which is the batch's `now`.
    """
    cursor = psycopg.Cursor(connection)
    rows = cursor.execute(_LOAD_LOTS, _touched(wallets), prepare=True).fetchall()
    lots = tuple(Lot(row[1], row[2], Kind(row[3]), *row[4:]) for row in rows if row[1] is not None)
    return Book(wallets, lots, Effects(_load_effects(cursor, commands))), rows[0][0]


def copy_transfers(connection: Connection, transfers: Iterable[Transfer], now: datetime) -> None:
    rows = (
        (
            shard_of(t.organisation_id), t.organisation_id, t.seq, *_ROUTES[t.kind],
            t.amount, t.lot_id, t.reference, t.available_after, now,
        )
        for t in transfers
    )  # fmt: skip
    copy_rows(connection, _COPY_TRANSFERS, _TRANSFER_TYPES, rows)


def write_balances(connection: Connection, wallets: Sequence[Wallet], lots: Sequence[Lot]) -> None:
    """Of wallets and lots as they stand after a batch; lots may be new."""
    if wallets:
        columns = array_texts(map(_wallet_columns, wallets), _WALLET_WIDTH)
        columns += array_texts(map(_lot_columns, lots), _LOT_WIDTH)
        psycopg.Cursor(connection).execute(_WRITE_WALLETS_AND_LOTS, columns, prepare=True)


def _touched(organisation_ids: Iterable[int]) -> list[str]:
    return array_texts(sorted({(shard_of(id_), id_) for id_ in organisation_ids}), 2)


def _load_effects(cursor: "psycopg.Cursor[Any]", commands: Iterable[Command]) -> dict[tuple[int, Kind, UUID], Draws]:
    named = [
        (shard_of(command.organisation_id), command.organisation_id, int(kind), command.reference)
        for command in commands
        if not isinstance(command, ExpireLots) and not (isinstance(command, PlaceHold) and command.is_fresh)
        for kind in _EFFECT_KINDS[type(command)]
    ]
    found: defaultdict[tuple[int, Kind, UUID], list[tuple[int, int]]] = defaultdict(list)
    if named:
        for row in cursor.execute(_LOAD_EFFECTS, array_texts(named, 4)):
            found[row[0], Kind(row[1]), row[2]].append((row[3], row[4]))
    return {key: tuple(draws) for key, draws in found.items()}


def _wallet_columns(wallet: Wallet) -> tuple[int | bytes, ...]:
    return (
        shard_of(wallet.organisation_id), wallet.organisation_id, wallet.available, wallet.held, wallet.floor,
        int(wallet.status), wallet.last_seq, wallet.chain,
    )  # fmt: skip


def _lot_columns(lot: Lot) -> tuple[int | UUID | datetime | None, ...]:
    return (
        shard_of(lot.organisation_id), lot.organisation_id, lot.lot_id, int(lot.origin), lot.reference, lot.amount,
        lot.remaining, lot.held, lot.expires_at, lot.price_minor,
    )  # fmt: skip
