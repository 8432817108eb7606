"""Database transactions: one door call = one operation = one transaction, and no network inside one."""

import select
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

import psycopg
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from khata.kernel.errors import DatabaseUnavailable

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_POOL = "pool"
"""The option of Django's that makes a connection one of a pool."""


class NetworkInsideTransaction(AssertionError):
    """A driver was called while a database transaction was open."""


@contextmanager
def in_transaction() -> Iterator[psycopg.Connection[Any]]:
    """Opens a transaction (or joins the open one) and yields the psycopg connection under it."""
    with transaction.atomic():
        connection.ensure_connection()
        yield cast("psycopg.Connection[Any]", connection.connection)


def forbid_inside_transaction() -> None:
    """Called by whoever dispatches to a driver: locks must never wait for a far end."""
    if connection.in_atomic_block:
        raise NetworkInsideTransaction


def with_pooled_connection(call: Callable[[], Result]) -> Result:
    """Runs `call` on this thread and gives its connection back to the pool, whatever happened."""
    try:
        return call()
    finally:
        connection.close()


def with_own_connection(call: Callable[[], Result]) -> Result:
    """Runs `call` on a thread that writes batch after batch: its connection is no pool's and stays open.

    Borrowing one, which asks the server each time whether it still lives, costs a small batch a tenth of its time. On
    this connection statements that are prepared go by one plan for any length of their arrays; whoever decides to
    prepare one sees to it that there is such a plan (docs/decisions/0015-rows-change-in-place.md).
    Raises what `call` raises, and DatabaseUnavailable.
    """
    if _POOL in connection.settings_dict["OPTIONS"]:
        connections[DEFAULT_DB_ALIAS] = _connection_of_its_own()
    elif connection.connection is not None and _is_lost(connection.connection):
        connection.close()
    with database_required():
        return call()


def close_own_connection() -> None:
    """Ends what `with_own_connection` began on this thread."""
    connection.close()


@contextmanager
def read_snapshot() -> Iterator[psycopg.Connection[Any]]:
    """A read-only, repeatable-read connection of its own: it joins nobody's transaction and nobody joins it."""
    settings = connection.settings_dict
    with psycopg.connect(
        dbname=settings["NAME"],
        user=settings["USER"],
        password=settings["PASSWORD"],
        host=settings["HOST"],
        port=settings["PORT"],
        options=settings["OPTIONS"]["options"],
    ) as snapshot:
        snapshot.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        snapshot.read_only = True
        yield snapshot


@contextmanager
def database_required() -> Iterator[None]:
    """Turns "the database is away" into a refusal a door can answer, and drops the broken connection."""
    try:
        yield
    except (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError) as error:
        connection.close()
        raise DatabaseUnavailable from error


def needs_database(operation: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Decorates an operation whose caller must hear `DatabaseUnavailable` instead of a driver's exception."""

    @wraps(operation)
    def guarded(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        with database_required():
            return operation(*args, **kwargs)

    return guarded


def _connection_of_its_own() -> BaseDatabaseWrapper:
    """The same database, outside the pool."""
    made = connections.create_connection(DEFAULT_DB_ALIAS)
    options = {name: value for name, value in made.settings_dict["OPTIONS"].items() if name != _POOL}
    options["options"] += " -c plan_cache_mode=force_generic_plan"
    made.settings_dict = {**made.settings_dict, "OPTIONS": options}
    return made


def _is_lost(kept: psycopg.Connection[Any]) -> bool:
    """Seen without a round trip: on a connection at rest the server speaks only to say goodbye."""
    if kept.closed:
        return True
    waiting = select.poll()
    waiting.register(kept, select.POLLIN)
    return bool(waiting.poll(0))
