"""Keyset pages: a page costs the same at row one and at row ten million, and never skips or repeats a row."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar
from uuid import UUID


class _HasId(Protocol):
    @property
    def id(self) -> UUID | int: ...


Row = TypeVar("Row")
RowWithId = TypeVar("RowWithId", bound=_HasId)

PAGE_SIZE_DEFAULT = 25
PAGE_SIZE_MAX = 100


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows in order, with the opaque cursor that continues them; None where there is nothing more."""

    rows: list[Row]
    next_cursor: str | None = None


def page_of(found: Sequence[RowWithId], limit: int) -> Page[RowWithId]:
    """The first `limit` of rows of which one more was asked for, so that it shows whether there is a next page.

    The cursor is the id of the page's last row.
    """
    page = list(found[:limit])
    return Page(page, next_cursor=str(page[-1].id) if len(found) > limit else None)
