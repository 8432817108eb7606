"""Conditions of sending. Every one of them means: nothing was sent and nothing was charged."""

from khata.kernel.errors import ErrorKind, KhataError


class InvalidRecipient(KhataError):
    """The recipient is not a mobile number a message can reach."""

    kind = ErrorKind.INVALID


class DestinationUnpriced(KhataError):
    """Messages to this destination are not sold here."""

    kind = ErrorKind.INVALID


class IdempotencyKeyInFlight(KhataError):
    """A request with this Idempotency-Key is being answered just now. Try again shortly."""

    kind = ErrorKind.CONFLICT


class IdempotencyKeyReused(KhataError):
    """This Idempotency-Key was used before with another request. Use a fresh one for a new request."""

    kind = ErrorKind.REFUSED


class RateLimited(KhataError):
    """Messages are sent faster than this organisation or API key may. Try again in a moment."""

    kind = ErrorKind.THROTTLED


class SpendCapReached(KhataError):
    """The organisation's own cap on credits is reached: sending stops until the cap's next day or month."""

    kind = ErrorKind.FORBIDDEN
