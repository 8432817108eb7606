"""The ledger on PostgreSQL: exact under races, append-only for whoever asks, and nothing without its transaction."""

import os
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db import connection

from khata.kernel.ids import shard_of
from khata.kernel.transactions import in_transaction, with_pooled_connection
from khata.ledger import queries
from khata.ledger.core import Capture, Command, Condition, Outcome, PlaceHold, Purchase, VoidHold
from khata.ledger.operations import freeze_wallet, post_batch, unfreeze_wallet
from khata.tenancy.models import Organisation
from tests.owner import owner_connection

GiveCredits = Callable[[int, int], None]
CREDIT = 1_000_000


def post(*commands: Command) -> list[Condition]:
    with in_transaction() as raw:
        return [outcome.condition for outcome in post_batch(raw, commands)]


def post_on_thread(*commands: Command) -> list[Condition]:
    return with_pooled_connection(lambda: post(*commands))


def test_two_hundred_parallel_holds_on_fifty_credits_accept_exactly_fifty(
    organisation: Organisation, give_credits: GiveCredits
) -> None:
    give_credits(organisation.id, 50)
    with ThreadPoolExecutor(16) as threads:
        holds = [PlaceHold(organisation.id, uuid.uuid4(), CREDIT) for _ in range(200)]
        conditions = [condition for (condition,) in threads.map(post_on_thread, holds)]
    assert conditions.count(Condition.ACCEPTED) == 50
    assert conditions.count(Condition.INSUFFICIENT_CREDITS) == 150
    balance = queries.balance(organisation_id=organisation.id)
    assert (balance.available, balance.held) == (0, 50 * CREDIT)


def test_a_hundred_parallel_settlements_of_one_hold_have_one_winner(
    organisation: Organisation, give_credits: GiveCredits
) -> None:
    give_credits(organisation.id, 5)
    hold = uuid.uuid4()
    post(PlaceHold(organisation.id, hold, CREDIT))
    commands = [Capture(organisation.id, hold, CREDIT), VoidHold(organisation.id, hold)] * 50
    with ThreadPoolExecutor(16) as threads:
        conditions = [condition for (condition,) in threads.map(post_on_thread, commands)]
    assert conditions.count(Condition.ACCEPTED) == 1
    assert queries.balance(organisation_id=organisation.id).held == 0


def test_one_payment_reference_credits_once_however_often_it_is_posted(organisation: Organisation) -> None:
    purchase = Purchase(organisation.id, uuid.uuid4(), 5_000 * CREDIT, 100_000)
    with ThreadPoolExecutor(16) as threads:
        conditions = [condition for (condition,) in threads.map(post_on_thread, [purchase] * 50)]
    assert conditions.count(Condition.ACCEPTED) == 1
    assert conditions.count(Condition.ALREADY_DONE) == 49
    assert queries.balance(organisation_id=organisation.id).available == 5_000 * CREDIT


def test_crossing_batches_over_two_wallets_never_deadlock(
    organisation: Organisation, world: "object", give_credits: GiveCredits
) -> None:
    other: Organisation = world.chens_organisation  # type: ignore[attr-defined]
    for id_ in (organisation.id, other.id):
        give_credits(id_, 1_000)

    def cross(turn: int) -> list[Condition]:
        ids = [organisation.id, other.id][:: 1 if turn % 2 else -1]
        return post_on_thread(*[PlaceHold(id_, uuid.uuid4(), CREDIT) for id_ in ids])

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(cross, range(200)))
    assert all(answer == [Condition.ACCEPTED, Condition.ACCEPTED] for answer in answers)


def test_a_rolled_back_transaction_leaves_nothing(organisation: Organisation, give_credits: GiveCredits) -> None:
    give_credits(organisation.id, 5)

    class Abandoned(Exception):
        pass

    with pytest.raises(Abandoned), in_transaction() as raw:
        outcomes: list[Outcome] = post_batch(raw, [PlaceHold(organisation.id, uuid.uuid4(), CREDIT)])
        assert outcomes[0].condition is Condition.ACCEPTED
        raise Abandoned
    balance = queries.balance(organisation_id=organisation.id)
    assert (balance.available, balance.held) == (5 * CREDIT, 0)


@pytest.mark.parametrize(
    "statement",
    [
        "update ledger_transfer set amount = amount + 1 where organisation_id = %s",
        "delete from ledger_transfer where organisation_id = %s",
        "truncate ledger_transfer",
    ],
)
def test_transfers_cannot_be_changed_by_the_runtime_role_nor_by_the_owner(
    organisation: Organisation, give_credits: GiveCredits, statement: str
) -> None:
    give_credits(organisation.id, 5)
    parameters = (organisation.id,) if "%s" in statement else None
    with pytest.raises(psycopg.errors.InsufficientPrivilege), psycopg.connect(os.environ["DATABASE_URL"]) as raw:
        raw.execute(statement, parameters)
    with pytest.raises(psycopg.errors.RestrictViolation), owner_connection() as owner:
        owner.execute("grant update, delete, truncate on ledger_transfer to current_user")
        owner.execute(statement, parameters)


def test_the_database_itself_refuses_a_negative_wallet(organisation: Organisation) -> None:
    with pytest.raises(psycopg.errors.CheckViolation), owner_connection() as owner:
        owner.execute(
            "update ledger_wallet set available = -1 where shard = %s and organisation_id = %s",
            (shard_of(organisation.id), organisation.id),
        )


def test_a_frozen_wallet_refuses_holds_until_it_is_unfrozen(
    organisation: Organisation, give_credits: GiveCredits
) -> None:
    give_credits(organisation.id, 5)
    freeze_wallet(organisation.id)
    assert post(PlaceHold(organisation.id, uuid.uuid4(), CREDIT)) == [Condition.WALLET_FROZEN]
    unfreeze_wallet(organisation.id)
    assert post(PlaceHold(organisation.id, uuid.uuid4(), CREDIT)) == [Condition.ACCEPTED]


def test_no_ledger_column_is_a_float_or_a_decimal() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select table_name, column_name from information_schema.columns"
            " where table_name like 'ledger_%%' and data_type in ('numeric', 'real', 'double precision', 'money')"
        )
        assert cursor.fetchall() == []
