"""The book to and from PostgreSQL: set-based reads under the wallets' locks, binary COPY and two UPDATEs out."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from khata.kernel.ids import shard_of
from khata.ledger.core import (
    Book,
    Capture,
    Command,
    Decision,
    Effects,
    ExpireLots,
    Grant,
    Kind,
    Lot,
    PlaceHold,
    Purchase,
    Transfer,
    VoidHold,
    Wallet,
    WalletStatus,
)
from khata.ledger.core.book import ROUTES, Draws

Connection = psycopg.Connection[Any]

_LOCK_WALLETS = """
    select wallet.organisation_id, available, held, floor, status, last_seq, chain
      from unnest(%s::smallint[], %s::bigint[]) as touched (shard, organisation_id)
      join ledger_wallet wallet using (shard, organisation_id)
     order by wallet.shard, wallet.organisation_id
       for update of wallet
"""
_LOAD_LOTS = """
    select lot.organisation_id, lot_id, origin, reference, amount, remaining, held, expires_at, price_minor
      from unnest(%s::smallint[], %s::bigint[]) as touched (shard, organisation_id)
      join ledger_lot lot using (shard, organisation_id)
     where is_open
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
_UPDATE_WALLETS = """
    update ledger_wallet wallet
       set available = new.available, held = new.held, last_seq = new.last_seq, chain = new.chain
      from unnest(%s::smallint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bytea[])
           as new (shard, organisation_id, available, held, last_seq, chain)
     where wallet.shard = new.shard and wallet.organisation_id = new.organisation_id
"""
_INSERT_OR_UPDATE_LOTS = """
    insert into ledger_lot (shard, organisation_id, lot_id, origin, reference, amount, remaining, held, expires_at,
                            price_minor, is_open)
    select *, remaining > 0 or held > 0
      from unnest(%s::smallint[], %s::bigint[], %s::bigint[], %s::smallint[], %s::uuid[], %s::bigint[], %s::bigint[],
                  %s::bigint[], %s::timestamptz[], %s::bigint[])
           as new (shard, organisation_id, lot_id, origin, reference, amount, remaining, held, expires_at, price_minor)
        on conflict (shard, organisation_id, lot_id)
        do update set remaining = excluded.remaining, held = excluded.held, is_open = excluded.is_open
"""

_EFFECT_KINDS: dict[type, tuple[Kind, ...]] = {
    Purchase: (Kind.PURCHASE,),
    Grant: (Kind.GRANT,),
    PlaceHold: (Kind.HOLD,),
    Capture: (Kind.HOLD, Kind.CAPTURE, Kind.VOID),
    VoidHold: (Kind.HOLD, Kind.CAPTURE, Kind.VOID),
}
"""Which earlier effects decide about a command."""


def lock_wallets(connection: Connection, organisation_ids: Iterable[int]) -> None:
    """Locks in the one order everybody locks in, and so lets one batch of an organisation through at a time."""
    connection.execute(_LOCK_WALLETS, _touched(organisation_ids), prepare=True)


def load_book(connection: Connection, commands: Sequence[Command]) -> tuple[Book, datetime]:
    """Locks the wallets touched, ascending, then reads their open lots and the effects already there.

    Returns the book and the database's time, which is the batch's `now`.
    """
    touched = _touched(command.organisation_id for command in commands)
    cursor = connection.cursor()
    wallets = {
        row[0]: Wallet(row[0], row[1], row[2], row[3], WalletStatus(row[4]), row[5], bytes(row[6]))
        for row in cursor.execute(_LOCK_WALLETS, touched, prepare=True)
    }
    lots = tuple(
        Lot(row[0], row[1], Kind(row[2]), *row[3:]) for row in cursor.execute(_LOAD_LOTS, touched, prepare=True)
    )
    effects = Effects(_load_effects(cursor, commands))
    # Read after the locks: a batch that waited must not carry a time from before the one it waited for.
    now = cursor.execute("select clock_timestamp()", prepare=True).fetchone()
    assert now is not None
    return Book(wallets, lots, effects), now[0]


def write_decision(connection: Connection, decision: Decision, now: datetime) -> None:
    """Makes the decision's rows; the caller's transaction makes them durable."""
    if not decision.transfers:
        return
    cursor = connection.cursor()
    _copy_transfers(cursor, decision.transfers, now)
    wallets = decision.wallets
    cursor.execute(
        _UPDATE_WALLETS,
        (
            [shard_of(w.organisation_id) for w in wallets],
            [w.organisation_id for w in wallets],
            [w.available for w in wallets],
            [w.held for w in wallets],
            [w.last_seq for w in wallets],
            [w.chain for w in wallets],
        ),
        prepare=True,
    )
    _write_lots(cursor, decision.lots)


def _touched(organisation_ids: Iterable[int]) -> tuple[list[int], list[int]]:
    distinct = sorted({(shard_of(id_), id_) for id_ in organisation_ids})
    return [shard for shard, _ in distinct], [id_ for _, id_ in distinct]


def _load_effects(cursor: "psycopg.Cursor[Any]", commands: Iterable[Command]) -> dict[tuple[int, Kind, UUID], Draws]:
    named = [
        (shard_of(command.organisation_id), command.organisation_id, kind, command.reference)
        for command in commands
        if not isinstance(command, ExpireLots) and not (isinstance(command, PlaceHold) and command.is_fresh)
        for kind in _EFFECT_KINDS[type(command)]
    ]
    found: defaultdict[tuple[int, Kind, UUID], list[tuple[int, int]]] = defaultdict(list)
    if named:
        columns = [list(column) for column in zip(*named, strict=True)]
        for row in cursor.execute(_LOAD_EFFECTS, columns, prepare=True):
            found[row[0], Kind(row[1]), row[2]].append((row[3], row[4]))
    return {key: tuple(draws) for key, draws in found.items()}


def _copy_transfers(cursor: "psycopg.Cursor[Any]", transfers: Iterable[Transfer], now: datetime) -> None:
    with cursor.copy(_COPY_TRANSFERS) as copy:
        copy.set_types(_TRANSFER_TYPES)
        for t in transfers:
            source, target = ROUTES[t.kind]
            copy.write_row(
                (
                    shard_of(t.organisation_id), t.organisation_id, t.seq, int(t.kind), int(source), int(target),
                    t.amount, t.lot_id, t.reference, t.available_after, now,
                )
            )  # fmt: skip


def _write_lots(cursor: "psycopg.Cursor[Any]", lots: Sequence[Lot]) -> None:
    if not lots:
        return
    cursor.execute(
        _INSERT_OR_UPDATE_LOTS,
        (
            [shard_of(lot.organisation_id) for lot in lots],
            [lot.organisation_id for lot in lots],
            [lot.lot_id for lot in lots],
            [int(lot.origin) for lot in lots],
            [lot.reference for lot in lots],
            [lot.amount for lot in lots],
            [lot.remaining for lot in lots],
            [lot.held for lot in lots],
            [lot.expires_at for lot in lots],
            [lot.price_minor for lot in lots],
        ),
        prepare=True,
    )
