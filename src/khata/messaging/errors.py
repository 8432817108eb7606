"""Conditions of sending. Every one of them means: nothing was sent and nothing was charged."""

from khata.kernel.errors import ErrorKind, KhataError


class InvalidRecipient(KhataError):
    """The recipient is not a mobile number a message can reach."""

    kind = ErrorKind.INVALID


class DestinationUnpriced(KhataError):
    """Messages to this destination are not sold here."""

    kind = ErrorKind.INVALID


class NoRoute(KhataError):
    """No carrier here takes messages to this recipient from this sender."""

    kind = ErrorKind.INVALID


class TemplateNotMatched(KhataError):
    """The message matches no template registered for its sender. `errors` says where it differs from the nearest."""


class CountryNotAllowed(KhataError):
    """The organisation does not send to this country. An owner can allow it: Settings, Countries."""

    kind = ErrorKind.FORBIDDEN


class MessageUnderWay(KhataError):
    """The message is on its way or its state is final: only what still waits can be cancelled."""

    kind = ErrorKind.CONFLICT


class InboundNumberTaken(KhataError):
    """This number belongs to another organisation."""

    kind = ErrorKind.CONFLICT


class RecipientOptedOut(KhataError):
    """This number was opted out: its owner asked for no more messages, or the organisation entered it."""

    kind = ErrorKind.REFUSED


class IdempotencyKeyInFlight(KhataError):
    """A request with this Idempotency-Key is being answered just now. Try again shortly."""

    kind = ErrorKind.CONFLICT


class IdempotencyKeyReused(KhataError):
    """This Idempotency-Key was used before with another request. Use a fresh one for a new request."""

    kind = ErrorKind.REFUSED


class RateLimited(KhataError):
    """Messages are sent faster than this organisation or API key may. Try again in a moment."""

    kind = ErrorKind.THROTTLED


class DestinationThrottled(KhataError):
    """Many more messages go to this destination than is usual. Somebody may be making your service send them."""

    kind = ErrorKind.THROTTLED


class SpendCapReached(KhataError):
    """The organisation's own cap on credits is reached: sending stops until the cap's next day or month."""

    kind = ErrorKind.FORBIDDEN
