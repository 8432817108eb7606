"""Query values read as strictly as bodies: known names only, each once, each in one spelling."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
from litestar import Request

from khata.kernel.errors import FieldProblem, InvalidRequest, field_problem
from khata.kernel.ids import uuid_from_public
from khata.kernel.pages import PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX

Value = TypeVar("Value")

_ECHO_LENGTH_MAX = 200
"""How much of an unknown name is said back."""

_LIMIT = re.compile(r"[1-9][0-9]{0,2}")
_Instant = Annotated[datetime, msgspec.Meta(tz=True)]


@dataclass(frozen=True, slots=True)
class Query:
    """The values a call was given, by name. Every reader gives None (`limit`: the default) where there is none.

    Readers raise InvalidRequest, which names the value.
    """

    values: dict[str, str]

    def limit(self) -> int:
        text = self.values.get("limit", str(PAGE_SIZE_DEFAULT))
        if not _LIMIT.fullmatch(text) or int(text) > PAGE_SIZE_MAX:
            raise _refusal("limit", "out_of_range", f"A whole number from 1 to {PAGE_SIZE_MAX}.")
        return int(text)

    def cursor(self, read: Callable[[str], Value]) -> Value | None:
        """`read` makes a position of the text, or raises ValueError."""
        if (text := self.values.get("cursor")) is None:
            return None
        try:
            return read(text)
        except ValueError as error:
            raise _refusal("cursor", "invalid", "This cursor is not one of ours.") from error

    def before_id(self, prefix: str) -> UUID | None:
        """The cursor of rows whose public ids have this prefix."""
        return self.cursor(partial(uuid_from_public, prefix))

    def instant(self, name: str) -> datetime | None:
        if (text := self.values.get(name)) is None:
            return None
        try:
            at: datetime = msgspec.convert(text, _Instant)
            return at.astimezone(UTC)
        except (msgspec.ValidationError, OverflowError) as error:
            detail = "A time with its offset, like 2026-11-22T13:48:13Z (a + is written %2B in an address)."
            raise _refusal(name, "not_a_time", detail) from error

    def one_of(self, name: str, words: Mapping[str, Value]) -> Value | None:
        if (text := self.values.get(name)) is None:
            return None
        if text not in words:
            raise _refusal(name, "unsupported", f"One of {', '.join(words)}.")
        return words[text]


def read_query(request: Request[Any, Any, Any], *names: str) -> Query:
    """Raises InvalidRequest for a name that is not one of `names`, or is repeated."""
    pairs = list(request.query_params.multi_items())
    values = dict(pairs)
    problems: list[FieldProblem] = [
        field_problem(name[:_ECHO_LENGTH_MAX], "unknown_field", "This call has no such parameter.")
        for name in values
        if name not in names
    ]
    problems += [
        field_problem(name, "invalid_text", "It holds a NUL character.")
        for name in names
        if "\0" in values.get(name, "")
    ]
    if len(values) < len(pairs):
        problems.append(field_problem("query", "repeated", "Give each parameter once."))
    if problems:
        raise InvalidRequest(problems)
    return Query(values)


def _refusal(name: str, code: str, detail: str) -> InvalidRequest:
    return InvalidRequest([field_problem(name, code, detail)])
