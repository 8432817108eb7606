"""Older and Newer over keyset pages: the address remembers where each page so far began."""

from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict

_DEPTH_MAX = 50


@dataclass(frozen=True, slots=True)
class Pager:
    """`trail` holds the cursors of the pages walked through, the present one last; empty on the first page."""

    trail: tuple[str, ...]
    kept: tuple[tuple[str, str], ...]
    """The filter's parameters, carried from page to page."""

    @property
    def before(self) -> str | None:
        return self.trail[-1] if self.trail else None

    @property
    def before_id(self) -> UUID | None:
        """`before` where rows go by id; a cursor that is none of ours begins at the newest."""
        try:
            return UUID(self.before) if self.before else None
        except ValueError:
            return None

    def older(self, cursor: str | None) -> str:
        return self._query((*self.trail, cursor)[-_DEPTH_MAX:]) if cursor else ""

    @property
    def newer(self) -> str:
        return self._query(self.trail[:-1]) if self.trail else ""

    def _query(self, trail: tuple[str, ...]) -> str:
        return "?" + urlencode([*self.kept, *(("before", cursor) for cursor in trail)])


def pager(query: QueryDict) -> Pager:
    kept = tuple((name, str(value)) for name, value in query.items() if name != "before" and value)
    return Pager(tuple(query.getlist("before")[-_DEPTH_MAX:]), kept)
