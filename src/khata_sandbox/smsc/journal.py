"""The journal: every submit_sm, every receipt and every inbound message, in one SQLite file.

Tests read here what the outside world saw.

Rows are buffered for at most `WRITE_EVERY_S` and then committed together by one thread that owns the connection.
Reads go through the same thread after the rows buffered so far, so they always see what happened before them.
"""

import asyncio
import json
import sqlite3
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any, Final

from khata_sandbox.process import StartRefused
from khata_sandbox.smsc.content import Content
from khata_sandbox.smsc.inbound import Inbound
from khata_sandbox.smsc.numbers import MessageState
from khata_sandbox.smsc.pdu import ShortMessage, Tlv
from khata_sandbox.smsc.receipts import Receipt

WRITE_EVERY_S: Final = 0.02
BUFFERED_MAX: Final = 100_000
"""Rows that may wait for a slow disk before the message centre takes no more messages."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS submits (
    id INTEGER PRIMARY KEY,
    received_at INTEGER NOT NULL,        -- milliseconds since 1970 UTC, as every _at here
    system_id TEXT NOT NULL,
    message_id TEXT UNIQUE,              -- NULL when refused
    status INTEGER NOT NULL,             -- the command_status decided, 0 = accepted
    is_answered INTEGER NOT NULL,        -- 0 when the answer is withheld on purpose
    state INTEGER NOT NULL,              -- message_state it comes to
    source TEXT NOT NULL,
    source_ton INTEGER NOT NULL,
    destination TEXT NOT NULL,
    phone TEXT NOT NULL,                 -- the destination's digits
    data_coding INTEGER NOT NULL,
    esm_class INTEGER NOT NULL,
    registered_delivery INTEGER NOT NULL,
    udh BLOB NOT NULL,
    octets BLOB NOT NULL,                -- without the udh
    text TEXT NOT NULL,
    part_ref INTEGER, part_number INTEGER, part_count INTEGER,
    tlvs TEXT NOT NULL,                  -- JSON: [[tag, "hex"], ...]
    faults TEXT NOT NULL DEFAULT ''      -- that struck, between commas
);
CREATE INDEX IF NOT EXISTS submits_by_phone ON submits (phone, id);
CREATE TABLE IF NOT EXISTS receipts (
    id INTEGER PRIMARY KEY,
    message_id TEXT NOT NULL,
    state INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    answered_at INTEGER,                 -- NULL while it still has to be sent
    answer_status INTEGER,
    told_id TEXT,                        -- as the receipt spells it; NULL: as message_id
    error_code INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS receipts_by_message ON receipts (message_id);
CREATE TABLE IF NOT EXISTS inbound (
    id INTEGER PRIMARY KEY,
    system_id TEXT NOT NULL,
    phone TEXT NOT NULL,
    destination TEXT NOT NULL,
    data_coding INTEGER NOT NULL,
    udh BLOB NOT NULL,
    octets BLOB NOT NULL,
    text TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    answered_at INTEGER,                 -- NULL while it still has to be sent
    answer_status INTEGER
);
CREATE INDEX IF NOT EXISTS inbound_by_phone ON inbound (phone, id);
"""
_ADDED: Final = (
    ("submits", "faults", "TEXT NOT NULL DEFAULT ''"),
    ("receipts", "told_id", "TEXT"),
    ("receipts", "error_code", "INTEGER NOT NULL DEFAULT 0"),
)
"""Columns that a journal begun by an earlier release does not have yet."""
_INSERT_SUBMIT = f"INSERT INTO submits VALUES (NULL{', ?' * 21})"  # noqa: S608 - only question marks are added
_INSERT_RECEIPT = "INSERT INTO receipts VALUES (?, ?, ?, ?, NULL, NULL, ?, ?)"
_INSERT_INBOUND = f"INSERT INTO inbound VALUES ({'?, ' * 9}NULL, NULL)"  # noqa: S608 - only question marks are added
_ANSWER_RECEIPT = "UPDATE receipts SET answered_at = ?, answer_status = ? WHERE id = ?"
_ANSWER_INBOUND = "UPDATE inbound SET answered_at = ?, answer_status = ? WHERE id = ?"
_PENDING = """
SELECT r.id, r.message_id, coalesce(r.told_id, r.message_id) AS told_id, s.source, s.destination, s.text, r.state,
       r.error_code, s.received_at AS submitted_at, r.due_at
FROM receipts r JOIN submits s USING (message_id) WHERE r.answered_at IS NULL AND s.system_id = ? ORDER BY r.due_at
"""
_PENDING_INBOUND = """
SELECT id, system_id, phone, destination, data_coding, udh, octets, text, sent_at
FROM inbound WHERE answered_at IS NULL AND system_id = ? ORDER BY id
"""
_LAST_DELIVERY_ID = """
SELECT coalesce(max(id), 0) AS last FROM (SELECT id FROM receipts UNION ALL SELECT id FROM inbound)
"""

Row = dict[str, Any]
Delivery = Receipt | Inbound
"""What a deliver_sm carries."""


@dataclass(frozen=True, slots=True)
class Submit:
    """One submit_sm and what was decided about it."""

    received_at: int
    system_id: str
    message_id: str | None
    status: int
    is_answered: bool
    state: MessageState
    message: ShortMessage
    content: Content
    faults: Sequence[str] = ()
    """The names of those that struck."""


@dataclass(slots=True)
class _Buffer:
    submits: list[tuple[Any, ...]] = field(default_factory=list)
    receipts: list[tuple[Any, ...]] = field(default_factory=list)
    inbound: list[tuple[Any, ...]] = field(default_factory=list)
    receipt_answers: list[tuple[Any, ...]] = field(default_factory=list)
    inbound_answers: list[tuple[Any, ...]] = field(default_factory=list)


class Journal:
    """Raises `StartRefused` when the folder holds no usable journal. Belongs to one event loop."""

    def __init__(self, folder: Path) -> None:
        self._thread = ThreadPoolExecutor(1, "journal")
        self._has_rows = asyncio.Event()
        self._buffer = _Buffer()
        self._failure: sqlite3.Error | None = None
        try:
            self._database = self._thread.submit(_open, folder / "smsc.sqlite3").result()
        except sqlite3.Error as error:
            self._thread.shutdown()
            raise StartRefused(f"The journal in {folder} cannot be used: {error}.") from error

    @property
    def is_full(self) -> bool:
        return len(self._buffer.submits) >= BUFFERED_MAX

    def add_submit(self, submit: Submit) -> None:
        self._buffer.submits.append(_submit_row(submit))
        self._has_rows.set()

    def add_receipt(self, receipt: Receipt) -> None:
        self._buffer.receipts.append(_receipt_row(receipt))
        self._has_rows.set()

    def add_inbound(self, inbound: Inbound) -> None:
        self._buffer.inbound.append(astuple(inbound))
        self._has_rows.set()

    def add_answer(self, delivery: Delivery, answered_at: int, status: int) -> None:
        buffer = self._buffer
        answers = buffer.receipt_answers if isinstance(delivery, Receipt) else buffer.inbound_answers
        answers.append((answered_at, status, delivery.id))
        self._has_rows.set()

    async def read(self, query: str, parameters: tuple[Any, ...] = ()) -> list[Row]:
        """The rows a SELECT finds, everything added before included."""
        written = asyncio.wrap_future(self._write_buffered())
        rows = self._thread.submit(self._select, query, parameters)
        await asyncio.shield(written)
        return await asyncio.wrap_future(rows)

    async def pending_receipts(self, system_id: str) -> list[Receipt]:
        """Receipts of earlier runs that this system has not confirmed yet."""
        rows = await self.read(_PENDING, (system_id,))
        return [Receipt(**row | {"state": MessageState(row["state"])}) for row in rows]

    async def pending_inbound(self, system_id: str) -> list[Inbound]:
        return [Inbound(**row) for row in await self.read(_PENDING_INBOUND, (system_id,))]

    async def last_delivery_id(self) -> int:
        """Receipts and inbound messages are numbered together."""
        return int((await self.read(_LAST_DELIVERY_ID))[0]["last"])

    async def write_forever(self) -> None:
        """Commits what is added. Ends only with an error: a journal that cannot be kept stops the message centre."""
        while True:
            await self._has_rows.wait()
            await asyncio.sleep(WRITE_EVERY_S)
            self._has_rows.clear()
            await asyncio.shield(asyncio.wrap_future(self._write_buffered()))

    def close(self) -> None:
        """Commits what is left. Raises `sqlite3.Error` when that fails."""
        written = self._write_buffered()
        self._thread.submit(self._database.close)
        self._thread.shutdown()
        written.result()

    def _write_buffered(self) -> Future[None]:
        buffer, self._buffer = self._buffer, _Buffer()
        return self._thread.submit(self._write, buffer)

    def _write(self, buffer: _Buffer) -> None:
        if self._failure:  # rows are missing from here on, so nothing later may look complete
            raise self._failure
        try:
            with self._database:
                self._database.executemany(_INSERT_SUBMIT, buffer.submits)
                self._database.executemany(_INSERT_RECEIPT, buffer.receipts)
                self._database.executemany(_INSERT_INBOUND, buffer.inbound)
                self._database.executemany(_ANSWER_RECEIPT, buffer.receipt_answers)
                self._database.executemany(_ANSWER_INBOUND, buffer.inbound_answers)
        except sqlite3.Error as error:
            self._failure = error
            raise

    def _select(self, query: str, parameters: tuple[Any, ...]) -> list[Row]:
        with closing(self._database.execute(query, parameters)) as cursor:
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]


def _open(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path)
    database.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;" + _SCHEMA)
    for table, column, kind in _ADDED:
        if column not in {row[1] for row in database.execute(f"PRAGMA table_info({table})")}:
            database.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
    return database


def _submit_row(submit: Submit) -> tuple[Any, ...]:
    message, content, part = submit.message, submit.content, submit.content.part
    return (
        submit.received_at,
        submit.system_id,
        submit.message_id,
        submit.status,
        submit.is_answered,
        submit.state,
        message.source,
        message.source_ton,
        message.destination,
        message.destination.lstrip("+"),
        message.data_coding,
        message.esm_class,
        message.registered_delivery,
        content.udh,
        content.octets,
        content.text,
        part and part.ref,
        part and part.number,
        part and part.count,
        _tlvs_json(message.tlvs) if message.tlvs else "[]",
        ",".join(submit.faults),
    )


def _receipt_row(receipt: Receipt) -> tuple[Any, ...]:
    return (
        receipt.id,
        receipt.message_id,
        receipt.state,
        receipt.due_at,
        receipt.told_id,
        receipt.error_code,
    )


def _tlvs_json(tlvs: tuple[Tlv, ...]) -> str:
    return json.dumps([[tag, value.hex()] for tag, value in tlvs])
