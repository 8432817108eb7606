"""Webhook endpoints and deliveries in the words of the console."""

from khata.console.words import BAD, BUSY, CALM, OK, WARN, Badge, badge
from khata.webhooks.core.event_types import EventType
from khata.webhooks.core.retries import DeliveryState
from khata.webhooks.queries import AttemptRow, DeliveryRow, EndpointRow

EVENTS = {
    EventType.MESSAGE_SUBMITTED: "A carrier took a message",
    EventType.MESSAGE_DELIVERED: "A message was delivered",
    EventType.MESSAGE_UNDELIVERED: "A message could not be delivered",
    EventType.MESSAGE_FAILED: "No carrier took a message",
    EventType.MESSAGE_EXPIRED: "A message was not reported on in time",
    EventType.MESSAGE_CANCELLED: "A waiting message was cancelled",
    EventType.MESSAGE_UNKNOWN: "A carrier did not answer",
    EventType.MESSAGE_RECEIVED: "A message came in",
    EventType.TOP_UP_PAID: "A top-up was paid",
    EventType.TOP_UP_FAILED: "A top-up failed",
    EventType.TOP_UP_REFUNDED: "Money of a top-up went back",
    EventType.CREDITS_LOW: "Credits are low",
}

_DISABLED = {
    "switched_off": "Nothing is sent to it: somebody switched it off.",
    "gone": "Nothing is sent to it: it answered 410 Gone.",
    "failing": "Nothing is sent to it: for days every attempt had failed.",
}


def endpoint_badge(endpoint: EndpointRow) -> Badge:
    if endpoint.disabled_at is not None:
        return badge("Disabled", CALM if endpoint.disabled_reason == "switched_off" else BAD)
    return badge("Failing", WARN) if endpoint.failing_since is not None else badge("Enabled", OK)


def endpoint_sentence(endpoint: EndpointRow) -> str:
    """Why nothing is sent; "" while something is."""
    return _DISABLED.get(endpoint.disabled_reason, "")


def delivery_badge(delivery: DeliveryRow) -> Badge:
    match delivery.state:
        case DeliveryState.DELIVERED:
            return badge("Delivered", OK)
        case DeliveryState.FAILED:
            return badge("Failed", BAD)
        case DeliveryState.PENDING:
            return badge("Retrying", WARN) if delivery.attempts else badge("On its way", BUSY)


def attempt_words(attempt: AttemptRow | None) -> str:
    """`200 in 34 ms`, or why there was no answer."""
    if attempt is None:
        return ""
    if attempt.status_code is None:
        return attempt.error
    return f"{attempt.status_code} in {attempt.duration_ms:,} ms"
