"""What is known about the work at hand: said once, then part of every log line that this work causes.

The facts of a request or a task are one dictionary. Threads and tasks copy the context they start in, so they see the
same dictionary, and what they note is there for whoever opened it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from khata.kernel.ids import random_word

REQUEST_ID = "request_id"

_FACTS: ContextVar[dict[str, str] | None] = ContextVar("facts", default=None)


@contextmanager
def about(**given: str) -> Iterator[Mapping[str, str]]:
    """Opens the facts of one piece of work: nothing of what was known outside, only what is given and noted inside."""
    token = _FACTS.set(given)
    try:
        yield given
    finally:
        _FACTS.reset(token)


def note(**given: str) -> None:
    """Adds to the facts of the work at hand; where none were opened there is nothing to add to."""
    known = _FACTS.get()
    if known is not None:
        known.update(given)


def facts() -> Mapping[str, str]:
    """Ids in their public form (`req_…`, `org_…`, `msg_…`); empty outside any work."""
    return _FACTS.get() or {}


def new_request_id() -> str:
    return f"req_{random_word():016x}{random_word() >> 32:08x}"


def request_id() -> str:
    """The request's at hand; a fresh one where there is none, so that an answer always names one."""
    return facts().get(REQUEST_ID) or new_request_id()
