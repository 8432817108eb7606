"""Conditions only a program's request can have."""

from khata.kernel.errors import ErrorKind, KhataError


class MalformedJson(KhataError):
    """The body is not one JSON object in UTF-8 (or it is nested too deeply, or repeats a name)."""

    kind = ErrorKind.INVALID


class MalformedRequest(KhataError):
    """The request's headers contradict themselves."""

    kind = ErrorKind.INVALID


class BodyTooLarge(KhataError):
    """The body is larger than this call takes."""

    kind = ErrorKind.INVALID


class UnsupportedMediaType(KhataError):
    """Send the body as application/json."""

    kind = ErrorKind.INVALID


class IdempotencyKeyMissing(KhataError):
    """This call needs an Idempotency-Key header: a fresh text of your own for each new top-up or refund."""

    kind = ErrorKind.INVALID


class InvalidIdempotencyKey(KhataError):
    """An Idempotency-Key is 1 to 255 printable ASCII characters."""

    kind = ErrorKind.INVALID


STATUS_EXCEPTIONS: dict[type[KhataError], int] = {
    MalformedJson: 400,
    MalformedRequest: 400,
    BodyTooLarge: 413,
    UnsupportedMediaType: 415,
    IdempotencyKeyMissing: 400,
    InvalidIdempotencyKey: 400,
}
"""Where HTTP has a more exact status than the kind's."""
