"""Which statements the server keeps a plan for: those whose tables do not outgrow it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from khata.kernel.transactions import close_own_connection, in_transaction, with_own_connection
from khata.messaging.operations import Acceptance, Accepted, SendRequest, accept_batch
from khata.tenancy.models import Organisation
from khata.tenancy.operations import api_key_digest, create_api_key

FAST_TABLES = ("ledger_transfer", "messaging_message", "messaging_awaitedpart", "messaging_idempotencykey")
"""They gain a row with every message. A plan made while one was small would read it whole later on."""
COUNTS = """
    select statement, generic_plans, custom_plans from pg_prepared_statements
     where statement not like '%pg_prepared_statements%'
"""


@pytest.fixture
def plans(organisation: Organisation, give_credits: Callable[[int, int], None]) -> dict[str, tuple[int, int]]:
    """What a writer's connection has prepared after a batch: (by the kept plan, planned anew), by statement."""
    give_credits(organisation.id, 10)
    _, text = create_api_key(organisation_id=organisation.id, name="Key", created_by=None, mode="test")
    asked = Acceptance(
        SendRequest("+919812345678", "Hello"), api_key_digest=api_key_digest(text), idempotency_key="once"
    )
    with ThreadPoolExecutor(1) as thread:
        (answer,) = thread.submit(with_own_connection, partial(accept_batch, [asked])).result()
        rows = thread.submit(with_own_connection, read_counts).result()
        thread.submit(close_own_connection).result()
    assert isinstance(answer, Accepted)
    return rows


def read_counts() -> dict[str, tuple[int, int]]:
    with in_transaction() as connection:
        return {statement: (kept, anew) for statement, kept, anew in connection.execute(COUNTS)}


def test_a_writer_goes_by_kept_plans_from_its_first_batch_on(plans: dict[str, tuple[int, int]]) -> None:
    assert set(plans.values()) == {(1, 0)}
    for table in ("ledger_wallet", "ledger_lot", "tenancy_apikey"):
        assert any(table in statement for statement in plans), table


def test_no_plan_is_kept_for_a_table_that_grows_with_every_message(plans: dict[str, tuple[int, int]]) -> None:
    assert not [statement for statement in plans if any(table in statement for table in FAST_TABLES)]
