"""Leases of workers, as young or old as a test needs them, and all messages there are: taken, released or put off.

A worker takes a limited number at once, oldest first, and other tests leave messages behind: it is asked until
nothing is left. What they left may come due at any moment, too.
"""

from datetime import timedelta

from khata.kernel.clock import utc_now
from khata.messaging.core.life import MessageStatus
from khata.messaging.hand_over_rows import ClaimedMessage
from khata.messaging.models import Message, WorkerLease
from khata.messaging.operations import (
    claim_messages,
    new_lease_token,
    release_scheduled,
    renew_lease,
    sweep_overdue,
)
from khata.webhooks.operations import claim_deliveries
from khata.webhooks.rows import ClaimedDelivery

LONG_AGO = "2026-01-01T00:00:00Z"


def lease() -> int:
    """The token of a worker that has just come."""
    token = new_lease_token()
    renew_lease(token=token)
    return token


def old_lease() -> int:
    """The token of a worker that has been there long enough to judge others."""
    token = lease()
    WorkerLease.objects.filter(token=token).update(unbroken_since=LONG_AGO)
    return token


def let_run_out(token: int) -> None:
    WorkerLease.objects.filter(token=token).update(leased_until=LONG_AGO)


def claim_all(route: str | None = None) -> list[ClaimedMessage]:
    """Whatever is due, other tests' messages too, under the lease of a worker that has just come."""
    token = lease()
    claims = iter(lambda: claim_messages(token=token, limit=1_000, route=route), [])
    return [message for claim in claims for message in claim]


def claim_all_deliveries() -> list[ClaimedDelivery]:
    """Every webhook that is due, other tests' too."""
    claims = iter(lambda: claim_deliveries(busy={}, limit=1_000), [])
    return [delivery for claim in claims for delivery in claim]


def sweep_all(token: int) -> int:
    """Whatever is overdue, other tests' messages too. Returns how many were."""
    return sum(iter(lambda: sweep_overdue(token=token), 0))


def release_all() -> int:
    """Whatever scheduled message is due, other tests' too. Returns how many were."""
    return sum(iter(lambda: release_scheduled(limit=1_000), 0))


def put_all_off() -> None:
    """Other tests' messages wait for another day: none comes due while a test looks at what is due."""
    waiting = Message.objects.filter(status__in=(MessageStatus.SCHEDULED, MessageStatus.ACCEPTED))
    waiting.update(due_at=utc_now() + timedelta(days=1))
