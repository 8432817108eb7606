"""Database transactions: one door call = one operation = one transaction, and no network inside one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

import psycopg
from django.db import InterfaceError, OperationalError, connection, transaction

from khata.kernel.errors import DatabaseUnavailable

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


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
