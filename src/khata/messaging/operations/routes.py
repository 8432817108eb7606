"""The routes in force, and every version of their policies: written once, never changed.

What is configured is written by whoever first accepts a message. A message keeps its version, and a version's policy
can be remembered for as long as the process lives.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from threading import Lock

from django.db import transaction

from khata.kernel.transactions import in_transaction, needs_database
from khata.messaging.core.routes import ChargeOn, Policy, Route, RouteTable
from khata.messaging.rows import Connection

_WRITE = """
    insert into messaging_routeversion (name, charge_on, receipt_wait_h, kept_per_segment, is_safe_to_resend)
    values (%s, %s, %s, %s, %s) on conflict do nothing
"""
_READ = """
    select id, name, charge_on, receipt_wait_h, kept_per_segment, is_safe_to_resend
      from messaging_routeversion order by id
"""

_Version = tuple[str, Policy]


class _Routes:
    """What this process knows: filled by the composition root and by what was read since."""

    def __init__(self) -> None:
        self.configured: tuple[Route, ...] = (Route("default", ()),)
        self.in_force: RouteTable | None = None
        self.policies: Mapping[int, Policy] = {}
        self.lock = Lock()


_KNOWN = _Routes()


def configure_routes(routes: Iterable[Route]) -> None:
    """Says which routes there are from now on, in the order they are tried. Called by the composition root."""
    with _KNOWN.lock:
        _KNOWN.configured, _KNOWN.in_force = tuple(routes), None


def configured_routes() -> tuple[Route, ...]:
    return _KNOWN.configured


@needs_database
def routes_in_force() -> RouteTable:
    """The configured routes with the versions of their policies, which are written if they are new."""
    known = _KNOWN.in_force
    if known is not None:
        return known
    configured = _KNOWN.configured
    with in_transaction() as connection:
        table = RouteTable(_written(connection, configured))
        # Not before: a version written in a transaction that is undone does not exist.
        transaction.on_commit(partial(_keep, configured, table))
    return table


def policies_of(connection: Connection, route_ids: Iterable[int]) -> Mapping[int, Policy]:
    """The policies of these versions, among others."""
    if not set(route_ids) <= _KNOWN.policies.keys():
        _KNOWN.policies = {id_: policy for id_, (_, policy) in _read(connection).items()}
    return _KNOWN.policies


def _written(connection: Connection, routes: Sequence[Route]) -> list[Route]:
    ids = _ids(connection)
    new = {(route.name, route.policy) for route in routes} - ids.keys()
    # In one order, so that two processes starting together never wait for each other in a circle.
    for name, policy in sorted(new, key=lambda version: version[0]):
        values = (name, policy.charge_on, policy.receipt_wait_h, policy.kept_per_segment, policy.is_safe_to_resend)
        connection.execute(_WRITE, values)
    ids = _ids(connection) if new else ids
    return [replace(route, version=ids[route.name, route.policy]) for route in routes]


def _ids(connection: Connection) -> dict[_Version, int]:
    return {version: id_ for id_, version in _read(connection).items()}


def _read(connection: Connection) -> dict[int, _Version]:
    return {
        row[0]: (row[1], Policy(ChargeOn(row[2]), row[3], row[4], row[5])) for row in connection.execute(_READ)
    }  # fmt: skip


def _keep(configured: tuple[Route, ...], table: RouteTable) -> None:
    with _KNOWN.lock:
        if _KNOWN.configured is configured:
            _KNOWN.in_force = table
