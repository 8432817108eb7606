"""The ceiling of the writer: nothing but COPY of the very same rows into tables of the same shape, batch by batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from bench.timing import Step

TABLES = {"ledger_transfer": "at", "messaging_message": "accepted_at"}
"""What an accepted message is made of: table → the column with its time."""

Connection = psycopg.Connection[Any]
Rows = Sequence[tuple[Any, ...]]


class BareCopy:
    """Rows written `since` then, kept to be copied again and again, each time into emptied tables of `name`."""

    def __init__(self, owner: Connection, name: str, *, since: datetime) -> None:
        self._owner = owner
        self._sources = [_read(owner, table, column, since, name) for table, column in TABLES.items()]
        self._done_count = self._rows_count = len(self._sources[0].rows)
        for source in self._sources:
            _create_table(owner, source)

    def step(self, batch_count: int) -> Step:
        """One batch, as one commit; rows that do not fill a batch are left out."""

        def prepare() -> None:
            if self._done_count + batch_count > self._rows_count:
                for source in self._sources:
                    self._owner.execute(sql.SQL("truncate {}").format(source.target))
                self._done_count = 0

        def run() -> int:
            with self._owner.transaction():
                for source in self._sources:
                    _copy(self._owner, source, source.rows[self._done_count : self._done_count + batch_count])
            self._done_count += batch_count
            return batch_count

        return Step(run, prepare)


@dataclass(frozen=True, slots=True)
class _Source:
    """`types` are OIDs; columns that hold nothing are left out."""

    table: str
    target: sql.Identifier
    columns: tuple[str, ...]
    types: tuple[int, ...]
    rows: Rows


def _read(owner: Connection, table: str, column: str, since: datetime, name: str) -> _Source:
    named = sql.SQL(", ").join(map(sql.Identifier, _columns(owner, table)))
    query = sql.SQL("select {} from {} where {} >= %s order by ctid")
    cursor = owner.cursor(binary=True)
    cursor.execute(query.format(named, sql.Identifier(table), sql.Identifier(column)), (since,))
    rows = cursor.fetchall()
    kept = [place for place, value in enumerate(rows[0]) if value is not None]
    described = cursor.description or []
    return _Source(
        table,
        sql.Identifier(f"{name}_{table}"),
        tuple(described[place].name for place in kept),
        tuple(described[place].type_code for place in kept),
        [tuple(row[place] for place in kept) for row in rows],
    )


def _columns(owner: Connection, table: str) -> list[str]:
    """All but those the server fills in by itself."""
    query = """select attname from pg_attribute
                where attrelid = %s::regclass and attnum > 0 and not attisdropped and attgenerated = ''"""
    return [name for (name,) in owner.execute(query, (table,))]


def _create_table(owner: Connection, source: _Source) -> None:
    """With indexes, checks and room in its pages; the original's triggers act on updates alone."""
    create = sql.SQL("create table {} (like {} including all)")
    owner.execute(create.format(source.target, sql.Identifier(source.table)))
    found = owner.execute("select unnest(reloptions) from pg_class where relname = %s", (source.table,)).fetchall()
    for (option,) in found:
        owner.execute(sql.SQL("alter table {} set ({})").format(source.target, sql.SQL(option)))


def _copy(owner: Connection, source: _Source, rows: Rows) -> None:
    columns = sql.SQL(", ").join(map(sql.Identifier, source.columns))
    statement = sql.SQL("copy {} ({}) from stdin (format binary)").format(source.target, columns)
    with owner.cursor().copy(statement) as copy:
        copy.set_types(source.types)
        for row in rows:
            copy.write_row(row)
