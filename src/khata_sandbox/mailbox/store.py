"""Every mail as it came, in one SQLite file. All work happens on one thread, which owns the connection."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from khata_sandbox.process import StartRefused

_T = TypeVar("_T")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS mails (
    id INTEGER PRIMARY KEY,
    received_at INTEGER NOT NULL,        -- milliseconds since 1970 UTC
    sender TEXT NOT NULL,                -- MAIL FROM
    octets BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS recipients (
    mail_id INTEGER NOT NULL REFERENCES mails (id),
    address TEXT NOT NULL COLLATE NOCASE -- RCPT TO
);
CREATE INDEX IF NOT EXISTS recipients_by_address ON recipients (address, mail_id);
CREATE INDEX IF NOT EXISTS recipients_by_mail ON recipients (mail_id);
CREATE TABLE IF NOT EXISTS records (
    name TEXT NOT NULL,                  -- lower case, no final dot
    text TEXT NOT NULL,
    PRIMARY KEY (name, text)
);
"""
_MAILS = """
SELECT id, received_at, sender, octets, (SELECT group_concat(address, ' ') FROM recipients WHERE mail_id = mails.id)
FROM mails
"""
_NEWEST = _MAILS + "ORDER BY id DESC LIMIT ?"
_NEWEST_TO = _MAILS + "WHERE id IN (SELECT mail_id FROM recipients WHERE address = ?) ORDER BY id DESC LIMIT ?"  # noqa: S608
_ONE = _MAILS + "WHERE id = ?"


@dataclass(frozen=True, slots=True)
class StoredMail:
    id: int
    received_at: int
    """Milliseconds since 1970 UTC."""
    sender: str
    """Of the envelope."""
    octets: bytes
    recipients: tuple[str, ...]
    """Of the envelope, so blind copies too."""


class MailStore:
    """Raises `StartRefused` when the folder holds no usable store."""

    def __init__(self, folder: Path) -> None:
        self._thread = ThreadPoolExecutor(1, "mail-store")
        try:
            self._database = self._thread.submit(_open, folder / "mailbox.sqlite3").result()
        except sqlite3.Error as error:
            self._thread.shutdown()
            raise StartRefused(f"The mail store in {folder} cannot be used: {error}.") from error

    async def add(self, sender: str, recipients: Sequence[str], octets: bytes) -> int:
        """Keeps one mail durably; returns its number. Raises `sqlite3.Error` when it cannot be kept."""
        return await self._do(lambda: self._insert(sender, recipients, octets))

    async def newest(self, recipient: str = "", limit: int = 100) -> list[StoredMail]:
        """Newest first; of one recipient (case does not matter) or of all."""
        if recipient:
            return await self._do(lambda: self._select(_NEWEST_TO, (recipient, limit)))
        return await self._do(lambda: self._select(_NEWEST, (limit,)))

    async def get(self, mail_id: int) -> StoredMail | None:
        found = await self._do(lambda: self._select(_ONE, (mail_id,)))
        return found[0] if found else None

    async def records(self) -> list[tuple[str, str]]:
        """The TXT records of DNS: names and texts."""
        return await self._do(
            lambda: self._database.execute("SELECT name, text FROM records ORDER BY rowid").fetchall()
        )

    async def add_record(self, name: str, text: str) -> None:
        await self._do(lambda: self._write("INSERT OR IGNORE INTO records VALUES (?, ?)", (name, text)))

    async def drop_records(self, name: str) -> None:
        await self._do(lambda: self._write("DELETE FROM records WHERE name = ?", (name,)))

    def close(self) -> None:
        self._thread.submit(self._database.close).result()
        self._thread.shutdown()

    async def _do(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _insert(self, sender: str, recipients: Sequence[str], octets: bytes) -> int:
        with self._database:
            received_at = time.time_ns() // 1_000_000
            cursor = self._database.execute("INSERT INTO mails VALUES (NULL, ?, ?, ?)", (received_at, sender, octets))
            mail_id = cursor.lastrowid or 0
            self._database.executemany("INSERT INTO recipients VALUES (?, ?)", [(mail_id, each) for each in recipients])
        return mail_id

    def _write(self, query: str, parameters: tuple[str, ...]) -> None:
        with self._database:
            self._database.execute(query, parameters)

    def _select(self, query: str, parameters: tuple[str | int, ...]) -> list[StoredMail]:
        rows = self._database.execute(query, parameters).fetchall()
        return [StoredMail(row[0], row[1], row[2], row[3], tuple((row[4] or "").split())) for row in rows]


def _open(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path)
    database.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;" + _SCHEMA)
    return database
