"""Messages for later: how far ahead, and from when on a message counts as one of now."""

from datetime import datetime, timedelta

from khata.kernel.errors import FieldProblem, field_problem

SCHEDULED_AHEAD_MAX = timedelta(days=30)


def time_to_come(scheduled_at: datetime | None, now: datetime) -> datetime | None:
    """None for what goes at once, also where its time has passed."""
    return scheduled_at if scheduled_at is not None and scheduled_at > now else None


def ahead_problem(scheduled_at: datetime, now: datetime) -> FieldProblem | None:
    if scheduled_at - now <= SCHEDULED_AHEAD_MAX:
        return None
    detail = f"A message is scheduled at most {SCHEDULED_AHEAD_MAX.days} days ahead."
    return field_problem("scheduled_at", "too_far_ahead", detail)
