"""A worker's lease: while it is in force its worker may claim, and nobody else judges what it has claimed.

One row per worker, renewed in time, however slow a carrier is and however many messages are in hand.
"""

import secrets

from khata.kernel.transactions import in_transaction, needs_database
from khata.messaging.core.hand_over import LEASE_S
from khata.messaging.models import WorkerLease
from khata.messaging.rows import Connection

_RENEW = """
    insert into messaging_workerlease as lease (token, leased_until, unbroken_since)
    values (%(token)s, now() + make_interval(secs => %(lease_s)s), now())
        on conflict (token) do update
       set unbroken_since = case when lease.leased_until > now() then lease.unbroken_since else now() end,
           leased_until = excluded.leased_until
"""
_MAY_SWEEP = """
    select exists (select from messaging_workerlease
                    where token = %(token)s and leased_until > now()
                      and unbroken_since <= now() - make_interval(secs => %(lease_s)s))
"""
_FORGET = "delete from messaging_workerlease where leased_until < now() - make_interval(secs => %(lease_s)s)"


def new_lease_token() -> int:
    """For one worker's life."""
    return secrets.randbits(62)


@needs_database
def renew_lease(*, token: int) -> None:
    """Takes the lease, or prolongs it to LEASE_S from now."""
    with in_transaction() as connection:
        connection.execute(_RENEW, {"token": token, "lease_s": LEASE_S})


@needs_database
def end_lease(*, token: int) -> None:
    """What is still in hand may be swept at once."""
    WorkerLease.objects.filter(token=token).delete()


def may_sweep(connection: Connection, *, token: int) -> bool:
    """Whether this worker has been able to renew for as long as any lease lasts.

    Then every other living worker could, too: after an outage of the database nobody is judged for its silence.
    """
    row = connection.execute(_MAY_SWEEP, {"token": token, "lease_s": LEASE_S}).fetchone()
    assert row is not None
    return bool(row[0])


def forget_lapsed_leases(connection: Connection) -> None:
    connection.execute(_FORGET, {"lease_s": LEASE_S})
