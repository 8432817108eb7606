"""Columns of rows as PostgreSQL's array literals: a set-based statement takes one for each column.

The database driver can adapt lists itself, looking at each element and its type in Python; for the few types here a
join is several times faster, and these lists are part of every commit.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID


def array_text(values: Iterable[int | UUID | datetime | bytes | None]) -> str:
    """For a parameter written `%s::bigint[]` (or `uuid[]`, …), which says what the elements are."""
    return "{" + ",".join(map(_element, values)) + "}"


def array_texts(rows: Iterable[tuple[int | UUID | datetime | bytes | None, ...]], width: int) -> list[str]:
    """One array for each of `width` columns; no rows make empty arrays."""
    columns = list(zip(*rows, strict=True))
    return [array_text(column) for column in columns] if columns else ["{}"] * width


def _element(value: int | UUID | datetime | bytes | None) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, datetime):
        return f'"{value.isoformat()}"'
    if isinstance(value, bytes):
        return f'"\\\\x{value.hex()}"'
    return str(value)
