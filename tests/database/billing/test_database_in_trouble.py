"""Settling while the database is locked or its connections are cut: refused as unavailable, and made up for, once."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import connection
from psycopg import sql

from khata.billing.operations import settle_top_up, start_top_up
from khata.billing.queries import TopUpRow, TopUpState
from khata.kernel.errors import DatabaseUnavailable
from khata.kernel.ids import new_uuid
from khata.ledger import queries as ledger
from khata.payments.port import PaymentStatus, Snapshot
from khata.tenancy.models import Organisation
from tests.database.billing.staged_gateway import StagedGateway

CREDITS = 5_000_000_000
DEADLINE_S = 40
"""Many times what a lock is waited for, and less than its holder would keep it."""


def available(top_up: TopUpRow) -> int:
    return ledger.balance(organisation_id=top_up.organisation_id).available


@contextmanager
def locked(table: str) -> Iterator[None]:
    """Somebody else keeps the whole table; let go in any case once the deadline is over."""
    with _own_connection() as other:
        other.execute(sql.SQL("lock table {} in share row exclusive mode").format(sql.Identifier(table)))
        release = threading.Timer(DEADLINE_S, other.cancel)
        release.start()
        try:
            yield
        finally:
            release.cancel()
            other.rollback()


def _own_connection() -> psycopg.Connection[Any]:
    settings = connection.settings_dict
    return psycopg.connect(
        dbname=settings["NAME"],
        user=settings["USER"],
        password=settings["PASSWORD"],
        host=settings["HOST"],
        port=settings["PORT"],
    )


def in_time(call: Any) -> Any:
    """What the call gave or raised; fails where it is still waiting at the deadline."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(call())
        except Exception as error:
            outcome.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(DEADLINE_S / 2)
    assert outcome, "it waits for the lock without end"
    return outcome[0]


@pytest.mark.parametrize("table", ["ledger_wallet", "billing_topup"])
def test_a_lock_held_too_long_refuses_the_settlement_and_leaves_it_to_the_next(
    top_up: TopUpRow, gateway: StagedGateway, table: str
) -> None:
    gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    with locked(table):
        assert isinstance(in_time(lambda: settle_top_up(top_up_id=top_up.id)), DatabaseUnavailable)
    assert available(top_up) == 0
    assert settle_top_up(top_up_id=top_up.id).state is TopUpState.PAID
    assert available(top_up) == CREDITS


def test_a_top_up_cannot_be_started_while_its_table_is_locked_and_its_key_stays_free(
    gateway: StagedGateway, organisation: Organisation
) -> None:
    key = str(new_uuid())

    def start() -> TopUpRow:
        return start_top_up(organisation_id=organisation.id, amount_minor=100_000, idempotency_key=key)

    with locked("billing_topup"):
        assert isinstance(in_time(start), DatabaseUnavailable)
    assert gateway.orders == {}, "the gateway hears of nothing that is not written"
    assert start().order_ref in gateway.orders


def test_a_connection_cut_while_the_gateway_is_read_costs_nothing(top_up: TopUpRow, gateway: StagedGateway) -> None:
    gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)

    def cut(snapshot: Snapshot) -> Snapshot:
        assert isinstance(connection.connection, psycopg.Connection)
        with _own_connection() as other:
            other.execute("select pg_terminate_backend(%s, 5000)", [connection.connection.info.backend_pid])
        return snapshot

    gateway.change = cut
    with pytest.raises(DatabaseUnavailable):
        settle_top_up(top_up_id=top_up.id)
    gateway.change = lambda snapshot: snapshot
    for _ in range(2):
        assert settle_top_up(top_up_id=top_up.id).state is TopUpState.PAID
    assert available(top_up) == CREDITS
