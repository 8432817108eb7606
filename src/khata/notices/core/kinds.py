"""What a notice can be about."""

from enum import StrEnum


class NoticeKind(StrEnum):
    LOW = "low"
    EMPTY = "empty"
    EXPIRY = "expiry"
    WEBHOOK = "webhook"
