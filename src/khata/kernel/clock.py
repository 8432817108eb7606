"""The one place that asks what time it is. Pure cores take `now` as an argument instead."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    return datetime.now(UTC)


def rfc3339(at: datetime) -> str:
    """`2026-11-22T13:48:13.123456Z`."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
