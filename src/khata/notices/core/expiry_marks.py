"""How long before a lot expires its organisation is told."""

from datetime import datetime, timedelta

MARKS_DAYS = (30, 7, 1)
"""Largest first."""


def mark_due(*, made_at: datetime, expires_at: datetime, now: datetime) -> int | None:
    """The last mark that has passed, in days before the expiry; None where none has, or where the lot has expired.

    Marks that lay in the past when the lot was made do not count, and of several that passed unseen only the last one
    does: nobody needs two mails at once.
    """
    if now >= expires_at:
        return None
    passed = (days for days in MARKS_DAYS if made_at < expires_at - timedelta(days=days) <= now)
    return min(passed, default=None)
