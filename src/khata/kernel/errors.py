"""What can be said no to, and how: one class per condition, never an HTTP status."""

import re
from enum import StrEnum
from typing import Any, ClassVar


class ErrorKind(StrEnum):
    """How a door answers; `api/problems.py` maps kinds to statuses, the console maps them to sentences."""

    INVALID = "invalid"
    """The request itself cannot be understood or accepted."""
    REFUSED = "refused"
    """Understood, and refused by a rule of ours."""
    UNPAID = "unpaid"
    """Refused for lack of credits."""
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    MISSING = "missing"
    CONFLICT = "conflict"
    THROTTLED = "throttled"
    """Too much at once; `retry_after_s` in the error's facts says how long to wait."""
    UNAVAILABLE = "unavailable"
    """Certainly not done; may be tried again."""
    MISCONFIGURED = "misconfigured"
    UNSUPPORTED = "unsupported"


class KhataError(Exception):
    """Base of every condition an operation can refuse with.

    A subclass's name is its condition (`InsufficientCredits`), its code is that name in snake case
    (`insufficient_credits`), its docstring is the default message. `extra` holds facts a program can
    use (for example `required` and `balance`), already fit for JSON.
    """

    kind: ClassVar[ErrorKind] = ErrorKind.REFUSED

    def __init__(self, detail: str | None = None, **extra: Any) -> None:
        self.detail = detail or (type(self).__doc__ or type(self).__name__).strip().splitlines()[0]
        self.extra = extra
        super().__init__(self.detail)

    @classmethod
    def code(cls) -> str:
        """The stable name programs match on."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


class InvalidRequest(KhataError):
    """The request is not valid."""

    kind = ErrorKind.INVALID

    def __init__(self, errors: "list[FieldProblem]", detail: str | None = None) -> None:
        super().__init__(detail or "; ".join(f"{e['field']}: {e['detail']}" for e in errors), errors=errors)
        self.errors = errors


FieldProblem = dict[str, str]
"""`{"field", "code", "detail"}`: one thing wrong with one field."""


def field_problem(field: str, code: str, detail: str) -> FieldProblem:
    return {"field": field, "code": code, "detail": detail}


class NotFound(KhataError):
    """There is no such thing here."""

    kind = ErrorKind.MISSING


class DatabaseUnavailable(KhataError):
    """The database does not answer. Try again shortly, with the same Idempotency-Key: nothing happens twice."""

    kind = ErrorKind.UNAVAILABLE
