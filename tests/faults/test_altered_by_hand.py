"""`khata verify-ledger` as operators run it: 0 on a ledger that lived, 1 once a single row was altered by hand."""

import pytest

from . import books, payer
from .running_demo import RunningDemo
from .senders import senders

MESSAGES_COUNT = 20
FIRST_ROW = {
    "ledger_wallet": "true",  # The demo has one organisation.
    "ledger_lot": "lot_id = 1",
    "ledger_transfer": "seq = 1",
}


@pytest.fixture(scope="module", autouse=True)
def life(demo: RunningDemo) -> None:
    """A top-up, and messages that were delivered."""
    payer.top_up(demo.ready, rupees=1_000)
    with senders(demo.ready, "life") as sending:
        sending.wait_for_more(MESSAGES_COUNT)
    books.wait_until_all_ended(demo, "life")


@pytest.mark.parametrize(
    ("table", "column"),
    [("ledger_wallet", "available"), ("ledger_lot", "remaining"), ("ledger_transfer", "amount")],
)
def test_one_altered_row_is_found_and_its_organisation_named(demo: RunningDemo, table: str, column: str) -> None:
    alter(demo, table, column, by=1)
    code, words = demo.verify_ledger()
    alter(demo, table, column, by=-1)
    assert code == 1, words
    assert demo.ready["organisation_id"] in words
    code, words = demo.verify_ledger()
    assert code == 0, words


def alter(demo: RunningDemo, table: str, column: str, *, by: int) -> None:
    """One row, as somebody with the owner's password would do it: past the trigger."""
    with demo.as_owner() as owner, owner.transaction():
        owner.execute("grant update on ledger_transfer to current_user")
        owner.execute("alter table ledger_transfer disable trigger user")
        changed = owner.execute(f"update {table} set {column} = {column} + {by} where {FIRST_ROW[table]}").rowcount
        owner.execute("alter table ledger_transfer enable trigger user")
        owner.execute("revoke update on ledger_transfer from current_user")
    assert changed == 1
