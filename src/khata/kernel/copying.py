"""New rows into PostgreSQL by binary COPY, the fastest way it takes them."""

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg


def copy_rows(
    connection: psycopg.Connection[Any], statement: str, types: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Writes `rows` by `statement` (`copy … from stdin (format binary)`); `types` are its columns', in order.

    PostgreSQL takes in the first rows while the last are still being made: hand in an iterator that makes them. No
    rows cost nothing.
    """
    coming = iter(rows)
    if (first := next(coming, None)) is None:
        return
    with psycopg.Cursor(connection).copy(statement) as copy:
        copy.set_types(types)
        copy.write_row(first)
        for row in coming:
            copy.write_row(row)
