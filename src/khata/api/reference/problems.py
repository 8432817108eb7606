"""Every refusal a program may meet: its code, status, meaning, and what to do about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import msgspec

from khata.api.problems import status_of
from khata.api.reference.examples import PROBLEM_EXTRAS
from khata.kernel.errors import ErrorKind, KhataError

_OTHER_DOORS = ("khata.cli.", "khata.console.", "khata.callbacks.", "khata.workers.")
"""They answer people and operators, not programs."""

_REQUEST_ID = "req_4f8a0c2e6b1d9375a8c4e0f2"


class FieldProblem(msgspec.Struct):
    """One thing wrong with one field."""

    field: str
    code: str
    detail: str


class Problem(msgspec.Struct, omit_defaults=True):
    """A refusal (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[FieldProblem] | msgspec.UnsetType = msgspec.UNSET
    organisation: str | msgspec.UnsetType = msgspec.UNSET
    balance: str | msgspec.UnsetType = msgspec.UNSET
    required: str | msgspec.UnsetType = msgspec.UNSET
    top_up_url: str | msgspec.UnsetType = msgspec.UNSET
    scope: str | msgspec.UnsetType = msgspec.UNSET
    missing: list[str] | msgspec.UnsetType = msgspec.UNSET
    refundable: str | msgspec.UnsetType = msgspec.UNSET
    top_up_id: str | msgspec.UnsetType = msgspec.UNSET
    retry_after_s: int | msgspec.UnsetType = msgspec.UNSET
    period: Literal["hour", "day", "month"] | msgspec.UnsetType = msgspec.UNSET
    cap: str | msgspec.UnsetType = msgspec.UNSET
    used: str | msgspec.UnsetType = msgspec.UNSET
    country: str | msgspec.UnsetType = msgspec.UNSET
    destination: str | msgspec.UnsetType = msgspec.UNSET
    most: int | msgspec.UnsetType = msgspec.UNSET


@dataclass(frozen=True, slots=True)
class Refusal:
    """A code with all it may mean: two domains may refuse by the same one."""

    code: str
    status: int
    meanings: tuple[str, ...]
    advice: str

    @property
    def title(self) -> str:
        return self.code.replace("_", " ").capitalize()


SLIP = Refusal(
    "internal_error",
    500,
    ("Something went wrong on our side.",),
    "Repeat the request with the same Idempotency-Key; where that does not help, tell the operator the `request_id`.",
)

_WRONG_METHOD = Refusal(
    "method_not_allowed",
    405,
    ("This address does not know that method.",),
    "`Allow` in the answer names those that it knows.",
)
_ADVICE: dict[ErrorKind, str] = {
    ErrorKind.INVALID: "Correct the request: as it is, it will always be refused.",
    ErrorKind.REFUSED: "Change what the sentence names, then ask again.",
    ErrorKind.UNPAID: "Top up (`top_up_url` leads there), then repeat the request; its Idempotency-Key is still free.",
    ErrorKind.UNAUTHENTICATED: "Send `Authorization: Bearer` and a live API key; owners make keys in the console.",
    ErrorKind.FORBIDDEN: "Ask an owner of the organisation, or the operator: repeating does not help.",
    ErrorKind.MISSING: "Check the address and the id. What belongs to another organisation is not found either.",
    ErrorKind.CONFLICT: "Read how things stand now, then decide; with `Retry-After`, repeat the request after that.",
    ErrorKind.THROTTLED: "Repeat the same request after `Retry-After` seconds; its Idempotency-Key is still free.",
    ErrorKind.UNAVAILABLE: "Repeat the same request after `Retry-After` seconds, with the same Idempotency-Key.",
    ErrorKind.MISCONFIGURED: "Tell the operator: this installation is not set up for it.",
    ErrorKind.UNSUPPORTED: "Ask for something that is supported.",
}


@cache
def refusals() -> dict[str, Refusal]:
    """By code, in its order. An error whose module nobody has imported cannot be raised, and is not here."""
    found = {SLIP.code: SLIP, _WRONG_METHOD.code: _WRONG_METHOD}
    for error in _below(KhataError):
        if error.__module__.startswith("khata.") and not error.__module__.startswith(_OTHER_DOORS):
            found[error.code()] = refusal_of(error, found.get(error.code()))
    return dict(sorted(found.items()))


def refusal_of(error: type[KhataError], before: Refusal | None = None) -> Refusal:
    meaning = " ".join((error.__doc__ or "").split("\n\n")[0].split())
    meanings = before.meanings if before else ()
    if meaning not in meanings:
        meanings = (*meanings, meaning)
    return Refusal(error.code(), status_of(error), meanings, _ADVICE[error.kind])


def example_of(refusal: Refusal) -> dict[str, Any]:
    """The document a program would get."""
    return {
        "type": f"/v1/docs/errors/{refusal.code}",
        "title": refusal.title,
        "status": refusal.status,
        "detail": refusal.meanings[0],
        "code": refusal.code,
        "request_id": _REQUEST_ID,
        **PROBLEM_EXTRAS.get(refusal.code, {}),
    }


def _below(error: type[KhataError]) -> Iterator[type[KhataError]]:
    for subclass in error.__subclasses__():
        yield subclass
        yield from _below(subclass)
