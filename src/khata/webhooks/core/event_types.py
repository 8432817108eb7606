"""What customers' programs can be told of. The names are the wire's: they never change."""

from enum import StrEnum


class EventType(StrEnum):
    MESSAGE_SUBMITTED = "message.submitted"
    MESSAGE_DELIVERED = "message.delivered"
    MESSAGE_UNDELIVERED = "message.undelivered"
    MESSAGE_FAILED = "message.failed"
    MESSAGE_EXPIRED = "message.expired"
    MESSAGE_CANCELLED = "message.cancelled"
    MESSAGE_UNKNOWN = "message.unknown"
    MESSAGE_RECEIVED = "message.received"
    TOP_UP_PAID = "top_up.paid"
    TOP_UP_FAILED = "top_up.failed"
    TOP_UP_REFUNDED = "top_up.refunded"
    CREDITS_LOW = "credits.low"
    WEBHOOK_TEST = "webhook.test"


CHOOSABLE = tuple(kind for kind in EventType if kind is not EventType.WEBHOOK_TEST)
"""A test goes to the endpoint that is tested, whatever it wants."""
