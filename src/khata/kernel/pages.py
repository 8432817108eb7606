"""Keyset pages: a page costs the same at row one and at row ten million, and never skips or repeats a row."""

from dataclasses import dataclass
from typing import Generic, TypeVar

Row = TypeVar("Row")

PAGE_SIZE_DEFAULT = 25
PAGE_SIZE_MAX = 100


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows in order, with the opaque cursor that continues them; None where there is nothing more."""

    rows: list[Row]
    next_cursor: str | None = None
