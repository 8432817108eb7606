"""Proof of the ledger: every stored figure is derived again from the transfers, and every difference is named."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from khata.kernel.clock import utc_now
from khata.kernel.ids import public_organisation_id, shard_of
from khata.kernel.transactions import database_required, read_snapshot
from khata.ledger.core import CHAIN_START, Account, Kind, Lot, Transfer, WalletStatus, extend_chain
from khata.ledger.core.book import OWED_LOT_ID, ROUTES

_WALLETS = "select organisation_id, shard, available, held, floor, status, last_seq, chain from ledger_wallet"
_LOTS = """select organisation_id, shard, lot_id, origin, reference, amount, remaining, held, expires_at, price_minor
             from ledger_lot"""
_TRANSFERS = """select organisation_id, shard, seq, kind, source, target, amount, lot_id, reference, available_after, at
                  from ledger_transfer order by organisation_id, seq"""
_FETCH_COUNT = 5_000
_KINDS = frozenset(kind.value for kind in Kind)
PROBLEMS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class LedgerProof:
    """The result of one proof. `problems` are sentences, each naming its organisation; at most PROBLEMS_MAX."""

    is_sound: bool
    problems: list[str]
    organisation_ids_unsound: frozenset[int]
    organisations_count: int
    transfers_count: int
    proved_at: datetime


def prove_ledger() -> LedgerProof:
    """Reads all ledger tables in one repeatable-read transaction and replays every organisation."""
    with database_required(), read_snapshot() as raw:
        return prove_on(raw)


def prove_on(raw: "psycopg.Connection[Any]") -> LedgerProof:
    """The same on a snapshot (`read_snapshot`) that is open already."""
    replays = {row[0]: _Replay(row) for row in raw.execute(_WALLETS).fetchall()}
    problems: list[tuple[int, str]] = []
    for row in raw.execute(_LOTS).fetchall():
        if (replay := replays.get(row[0])) is None:
            problems.append((row[0], f"lot {row[2]} has no wallet"))
        else:
            replay.add_lot(row)
    count = 0
    for row in _stream(raw):
        count += 1
        if (replay := replays.get(row[0])) is None:
            problems.append((row[0], f"transfer {row[2]} has no wallet"))
        else:
            replay.add_transfer(row)
    for organisation_id, replay in replays.items():
        replay.close()
        problems.extend((organisation_id, problem) for problem in replay.problems)
    return LedgerProof(
        is_sound=not problems,
        problems=[f"{public_organisation_id(id_)}: {text}" for id_, text in problems[:PROBLEMS_MAX]],
        organisation_ids_unsound=frozenset(id_ for id_, _ in problems),
        organisations_count=len(replays),
        transfers_count=count,
        proved_at=utc_now(),
    )


def _stream(raw: "psycopg.Connection[Any]") -> Iterator[tuple[Any, ...]]:
    with raw.cursor(name="ledger_proof") as cursor:
        cursor.itersize = _FETCH_COUNT
        yield from cursor.execute(_TRANSFERS)


@dataclass(slots=True)
class _Parts:
    """A lot as replayed."""

    stored: Lot
    remaining: int = 0
    held: int = 0
    is_made: bool = False


@dataclass(slots=True)
class _Replay:
    """One organisation's wallet, derived again transfer by transfer."""

    wallet: tuple[Any, ...]
    problems: list[str] = field(default_factory=list)
    lots: dict[int, _Parts] = field(default_factory=dict)
    holds: dict[tuple[UUID, int], int] = field(default_factory=dict)
    available: int = 0
    held: int = 0
    owed: int = 0
    """What was taken beyond all lots and not cleared since."""
    repaid: int = 0
    """Taken from lots to pay what is owed, not yet matched by what was cleared: 0 but between the two."""
    seq: int = 0
    chain: bytes = CHAIN_START

    def __post_init__(self) -> None:
        if self.wallet[1] != shard_of(self.wallet[0]):
            self.problems.append("wallet lies in a foreign shard")

    def add_lot(self, row: tuple[Any, ...]) -> None:
        lot = Lot(row[0], row[2], Kind(row[3]), *row[4:])
        self.lots[lot.lot_id] = _Parts(lot)
        if row[1] != shard_of(row[0]):
            self.problems.append(f"lot {lot.lot_id} lies in a foreign shard")

    def add_transfer(self, row: tuple[Any, ...]) -> None:
        organisation_id, shard, seq, kind, source, target, amount, lot_id, reference, available_after, at = row
        if (
            kind not in _KINDS
            or (source, target) != ROUTES[Kind(kind)]
            or amount <= 0
            or shard != shard_of(organisation_id)
        ):
            self.problems.append(f"transfer {seq} is not a balanced entry of its kind")
            return
        transfer = Transfer(organisation_id, seq, Kind(kind), amount, lot_id, reference, available_after)
        if seq != self.seq + 1:
            self.problems.append(f"transfer {seq} follows {self.seq}: the sequence has a gap")
        self.seq = seq
        self._move(transfer)
        if available_after != self.available:
            self.problems.append(f"transfer {seq} says {available_after} is available, replay says {self.available}")
        made = self.lots[lot_id].stored if lot_id == seq and lot_id in self.lots else None
        self.chain = extend_chain(self.chain, transfer, at, made)

    def close(self) -> None:
        _, _, available, held, floor, status, last_seq, chain = self.wallet
        self._expect("available", available, self.available)
        self._expect("held", held, self.held)
        self._expect("held by open holds", held, sum(self.holds.values()))
        self._expect("last_seq", last_seq, self.seq)
        in_lots = sum(parts.remaining for parts in self.lots.values())
        self._expect("available in lots less what is owed", available, in_lots - self.owed)
        self._expect("floor", floor, -self.owed)
        if available < floor or held < 0:
            self.problems.append("wallet is below its floor")
        if self.owed and status != WalletStatus.FROZEN:
            self.problems.append("wallet owes credits and is not frozen")
        if self.repaid:
            self.problems.append(f"{self.repaid} more was repaid than cleared of what is owed")
        if bytes(chain) != self.chain:
            self.problems.append("the chain over its transfers is broken: a row was changed, removed or inserted")
        for lot_id, parts in self.lots.items():
            if not parts.is_made:
                self.problems.append(f"lot {lot_id} was made by no transfer")
            self._expect(f"lot {lot_id} remaining", parts.stored.remaining, parts.remaining)
            self._expect(f"lot {lot_id} held", parts.stored.held, parts.held)

    def _move(self, transfer: Transfer) -> None:
        if transfer.lot_id == OWED_LOT_ID:
            self._move_owed(transfer)
            return
        parts = self.lots.get(transfer.lot_id)
        if parts is None:
            self.problems.append(f"transfer {transfer.seq} names lot {transfer.lot_id}, which does not exist")
            parts = _Parts(
                Lot(transfer.organisation_id, transfer.lot_id, Kind.GRANT, transfer.reference, 0, 0, 0, None, 0)
            )
        source, target = ROUTES[transfer.kind]
        for account, amount in ((source, -transfer.amount), (target, transfer.amount)):
            if account is Account.AVAILABLE:
                self.available += amount
                parts.remaining += amount
            elif account is Account.HELD:
                self.held += amount
                parts.held += amount
        self._check_kind(transfer, parts)
        if parts.remaining < 0 or parts.held < 0 or self.available < -self.owed:
            self.problems.append(f"transfer {transfer.seq} takes more than there was")

    def _move_owed(self, transfer: Transfer) -> None:
        """Only a reversal takes what no lot has, and only what was repaid is cleared."""
        sign = {Kind.REVERSE: +1, Kind.CLEAR: -1}.get(transfer.kind)
        if sign is None:
            self.problems.append(f"transfer {transfer.seq} takes from no lot")
            return
        self.owed += sign * transfer.amount
        self.available -= sign * transfer.amount
        if transfer.kind is Kind.CLEAR:
            self.repaid -= transfer.amount
        if self.owed < 0:
            self.problems.append(f"transfer {transfer.seq} clears more than was owed")

    def _check_kind(self, transfer: Transfer, parts: _Parts) -> None:
        hold = (transfer.reference, transfer.lot_id)
        match transfer.kind:
            case Kind.PURCHASE | Kind.GRANT:
                parts.is_made = True
                lot = parts.stored
                if (lot.lot_id, lot.origin, lot.amount, lot.reference) != (
                    transfer.seq, transfer.kind, transfer.amount, transfer.reference,
                ):  # fmt: skip
                    self.problems.append(f"transfer {transfer.seq} and the lot it made do not agree")
            case Kind.HOLD:
                self.holds[hold] = self.holds.get(hold, 0) + transfer.amount
            case Kind.CAPTURE | Kind.VOID | Kind.REFUND:
                self.holds[hold] = self.holds.get(hold, 0) - transfer.amount
                if self.holds[hold] < 0:
                    self.problems.append(f"transfer {transfer.seq} settles more than was held for it")
                elif not self.holds[hold]:
                    del self.holds[hold]
            case Kind.REPAY:
                self.repaid += transfer.amount
            case Kind.CLEAR:
                self.problems.append(f"transfer {transfer.seq} clears what no lot owes")
            case Kind.EXPIRE | Kind.REVERSE:
                pass

    def _expect(self, name: str, stored: int, derived: int) -> None:
        if stored != derived:
            self.problems.append(f"{name} is stored as {stored}, replay says {derived}")
