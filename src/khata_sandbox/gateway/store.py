"""The gateway's own store: one SQLite file, so that it runs alone and keeps everything through a crash."""

# ruff: noqa: S608 - statements are built from the names of rows and columns; what users send is only ever bound.

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from khata_sandbox.gateway.customer_rows import Customer, Token
from khata_sandbox.gateway.link_rows import PaymentLink, QrCode
from khata_sandbox.gateway.rows import Delivery, Event, Knob, Order, Payment, Refund, Row, Session
from khata_sandbox.gateway.settlement_rows import Dispute, Downtime, Settlement
from khata_sandbox.process import StartRefused
from khata_sandbox.switches import Switch

AnyRow = TypeVar("AnyRow", bound=Row)
Value = str | int | float | None

TABLES: dict[type[Any], str] = {
    Order: "orders",
    Session: "sessions",
    Payment: "payments",
    Refund: "refunds",
    PaymentLink: "payment_links",
    QrCode: "qr_codes",
    Customer: "customers",
    Token: "tokens",
    Settlement: "settlements",
    Dispute: "disputes",
    Downtime: "downtimes",
    Event: "events",
    Delivery: "deliveries",
    Switch: "fault_switches",
    Knob: "knobs",
}

INDEXES = (
    "CREATE INDEX IF NOT EXISTS orders_by_receipt ON orders (receipt)",
    "CREATE INDEX IF NOT EXISTS payments_by_order ON payments (order_id)",
    "CREATE INDEX IF NOT EXISTS payments_by_session ON payments (session_id)",
    "CREATE INDEX IF NOT EXISTS payments_by_phone_token ON payments (phone_token)",
    "CREATE INDEX IF NOT EXISTS payments_by_status ON payments (status)",
    "CREATE INDEX IF NOT EXISTS sessions_by_phone_token ON sessions (phone_token)",
    "CREATE INDEX IF NOT EXISTS refunds_by_payment ON refunds (payment_id)",
    "CREATE INDEX IF NOT EXISTS refunds_by_status ON refunds (status)",
    "CREATE INDEX IF NOT EXISTS payments_by_settlement ON payments (settlement_id, is_captured)",
    "CREATE INDEX IF NOT EXISTS refunds_by_settlement ON refunds (settlement_id, status)",
    "CREATE INDEX IF NOT EXISTS payment_links_by_code ON payment_links (code)",
    "CREATE INDEX IF NOT EXISTS payment_links_by_status ON payment_links (status)",
    "CREATE INDEX IF NOT EXISTS qr_codes_by_code ON qr_codes (code)",
    "CREATE INDEX IF NOT EXISTS payments_by_qr_code ON payments (qr_code_id)",
    "CREATE INDEX IF NOT EXISTS tokens_by_customer ON tokens (customer_id)",
    "CREATE INDEX IF NOT EXISTS disputes_by_payment ON disputes (payment_id)",
    "CREATE INDEX IF NOT EXISTS events_by_state ON events (state, next_try_at)",
    "CREATE INDEX IF NOT EXISTS deliveries_by_event ON deliveries (event_id)",
)


class Store:
    """Rows in, rows out. One connection, used from one thread: every write is one short transaction."""

    def __init__(self, data_dir: Path) -> None:
        """Raises StartRefused when the folder holds the records of another version."""
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._connection = sqlite3.connect(data_dir / "gateway.sqlite3", isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        try:
            with self.transaction():
                self._create_tables(data_dir)
        except StartRefused:
            self.close()
            raise

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or none of it. Never awaited inside, so no other request can come between."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def save(self, row: Row) -> None:
        """Inserts the row, or replaces the one with its id."""
        names = [field.name for field in fields(row)]
        updates = ", ".join(f"{name} = excluded.{name}" for name in names[1:])
        self._connection.execute(
            f"INSERT INTO {TABLES[type(row)]} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))}) "
            f"ON CONFLICT (id) DO UPDATE SET {updates}",
            [getattr(row, name) for name in names],
        )

    def get(self, row_type: type[AnyRow], row_id: str) -> AnyRow | None:
        return self.first(row_type, "id = ?", row_id)

    def first(self, row_type: type[AnyRow], condition: str, *values: Value) -> AnyRow | None:
        """The newest row that fits."""
        found = self.select(row_type, condition, *values, limit=1)
        return found[0] if found else None

    def select(
        self, row_type: type[AnyRow], condition: str, *values: Value, limit: int = -1, skip: int = 0
    ) -> list[AnyRow]:
        """Newest first. `condition` is SQL written here in the code; what users send only ever arrives in `values`."""
        statement = f"SELECT * FROM {TABLES[row_type]} WHERE {condition} ORDER BY seq DESC LIMIT ? OFFSET ?"
        names = [field.name for field in fields(row_type)]
        found = self._connection.execute(statement, (*values, limit, skip)).fetchall()
        return [row_type(**{name: row[name] for name in names}) for row in found]

    def count(self, row_type: type[Row], condition: str, *values: Value) -> int:
        statement = f"SELECT count(*) FROM {TABLES[row_type]} WHERE {condition}"
        return int(self._connection.execute(statement, values).fetchone()[0])

    def delete(self, row_type: type[Row], condition: str, *values: Value) -> None:
        self._connection.execute(f"DELETE FROM {TABLES[row_type]} WHERE {condition}", values)

    def clear(self, row_types: Sequence[type[Row]]) -> None:
        for row_type in row_types:
            self._connection.execute(f"DELETE FROM {TABLES[row_type]}")

    def _create_tables(self, data_dir: Path) -> None:
        for row_type, table in TABLES.items():
            self._connection.execute(f"CREATE TABLE IF NOT EXISTS {table} ({_columns(row_type)})")
            found = {str(column["name"]) for column in self._connection.execute(f"PRAGMA table_info({table})")}
            if found != {"seq", *(field.name for field in fields(row_type))}:
                raise StartRefused(
                    f"The data folder {data_dir} holds the records of another version of this gateway: "
                    "name another folder, or delete this one to start afresh."
                )
        for index in INDEXES:
            self._connection.execute(index)


def _columns(row_type: type[Row]) -> str:
    """`seq` keeps the order of insertion; the other columns are the row's fields, typed by SQLite as it goes."""
    names = [field.name for field in fields(row_type)]
    return ", ".join(["seq INTEGER PRIMARY KEY AUTOINCREMENT", "id TEXT NOT NULL UNIQUE", *names[1:]])
