"""Rate limits and spend caps, kept to under the wallet's lock: two processes cannot both use the last of an allowance.

Only what is accepted counts. An organisation without limits costs nothing here, not even a read.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from khata.kernel.credits import credits_text
from khata.kernel.errors import KhataError
from khata.messaging.core.allowance import Allowance, CapReached, Limits, RateReached, renew, take
from khata.messaging.errors import RateLimited, SpendCapReached
from khata.messaging.operations.requests import Entry
from khata.messaging.rows import Connection, Subject, load_allowances, write_allowances

Spending = dict[Subject, Allowance]
"""Allowances renewed and not yet used in this batch."""

_THE_ORGANISATION = UUID(int=0)
"""Stands for "no key" where a row's key names its API key."""


def keep_within_limits(
    connection: Connection, entries: Sequence[Entry]
) -> tuple[list[Entry], Spending, dict[int, KhataError]]:
    """The entries their limits let through, in order, and the refusals by place. Call it under the wallets' locks."""
    if not any(entry.asker.limits for entry in entries):
        return list(entries), {}, {}
    subjects = {subject: limits for entry in entries for subject, limits in _limits(entry)}
    now, kept = load_allowances(connection, subjects)
    today = {entry.organisation_id: _today(entry, now) for entry in entries}
    spending = {s: renew(kept.get(s), limits, now, today[s.organisation_id]) for s, limits in subjects.items()}
    allowed, refused, running = [], {}, dict(spending)
    for entry in entries:
        refusal = _take(running, entry)
        if refusal is None:
            allowed.append(entry)
        else:
            refused[entry.place] = refusal
    return allowed, spending, refused


def note_spending(connection: Connection, spending: Spending, accepted: Iterable[Entry]) -> None:
    """Writes what the accepted entries used."""
    if not spending:
        return
    used = dict(spending)
    for entry in accepted:
        _take(used, entry)
    write_allowances(connection, used)


def _limits(entry: Entry) -> Iterable[tuple[Subject, Limits]]:
    limits = entry.asker.limits
    if limits is None:
        return
    whole = Limits(limits.messages_per_minute_max, limits.credits_per_day_max, limits.credits_per_month_max)
    if whole != Limits():
        yield Subject(entry.organisation_id, _THE_ORGANISATION), whole
    if entry.asker.api_key_id is not None and limits.key_messages_per_minute_max is not None:
        yield Subject(entry.organisation_id, entry.asker.api_key_id), Limits(limits.key_messages_per_minute_max)


def _take(running: Spending, entry: Entry) -> KhataError | None:
    """Takes from all its subjects, or from none."""
    taken = {}
    for subject, limits in _limits(entry):
        left = take(running[subject], limits, entry.priced.credits)
        if isinstance(left, RateReached):
            return RateLimited(retry_after_s=left.retry_after_s)
        if isinstance(left, CapReached):
            return _cap_reached(left)
        taken[subject] = left
    running.update(taken)
    return None


def _cap_reached(reached: CapReached) -> SpendCapReached:
    return SpendCapReached(
        f"Your organisation's cap of {credits_text(reached.cap)} credits a {reached.period} stops this message.",
        period=reached.period,
        cap=credits_text(reached.cap),
        used=credits_text(reached.used),
    )


def _today(entry: Entry, now: datetime) -> date:
    zone = entry.asker.limits.time_zone if entry.asker.limits is not None else "UTC"
    return now.astimezone(ZoneInfo(zone)).date()
