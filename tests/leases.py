"""Leases of workers, as young or old as a test needs them."""

from khata.messaging.models import WorkerLease
from khata.messaging.operations import new_lease_token, renew_lease

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
