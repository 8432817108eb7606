"""A writer's own connection stays open from batch to batch, and is made anew where the server let it go."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection

from khata.kernel.errors import DatabaseUnavailable
from khata.kernel.transactions import close_own_connection, in_transaction, with_own_connection

DEADLINE_S = 60.0


@pytest.fixture
def writer() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as thread:
        yield thread
        thread.submit(close_own_connection).result()


def ask_backend(writer: ThreadPoolExecutor) -> int:
    return writer.submit(with_own_connection, backend_id).result()


def backend_id() -> int:
    with in_transaction() as psycopg_connection:
        return psycopg_connection.info.backend_pid


def end_backend(id_: int) -> None:
    """Until it is gone."""
    give_up_at = time.monotonic() + DEADLINE_S
    with connection.cursor() as cursor:
        cursor.execute("select pg_terminate_backend(%s)", [id_])
        while cursor.execute("select from pg_stat_activity where pid = %s", [id_]).fetchone() is not None:
            assert time.monotonic() < give_up_at, "the backend did not end"


def test_the_next_batch_finds_the_connection_of_the_last_one(writer: ThreadPoolExecutor) -> None:
    assert ask_backend(writer) == ask_backend(writer)


def test_a_connection_lost_between_batches_is_made_anew_before_the_next_one(writer: ThreadPoolExecutor) -> None:
    lost = ask_backend(writer)
    end_backend(lost)
    assert ask_backend(writer) != lost


def test_a_connection_lost_in_the_middle_of_a_batch_is_a_refusal_and_the_next_batch_has_another(
    writer: ThreadPoolExecutor,
) -> None:
    def lose() -> None:
        with in_transaction() as psycopg_connection:
            psycopg_connection.execute("select pg_terminate_backend(pg_backend_pid())")

    lost = ask_backend(writer)
    with pytest.raises(DatabaseUnavailable):
        writer.submit(with_own_connection, lose).result()
    assert ask_backend(writer) != lost


def test_a_database_that_is_away_is_a_refusal_whatever_asked_it(writer: ThreadPoolExecutor) -> None:
    def ask() -> None:
        raise OperationalError

    with pytest.raises(DatabaseUnavailable):
        writer.submit(with_own_connection, ask).result()
