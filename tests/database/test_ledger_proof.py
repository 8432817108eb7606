"""`verify-ledger`: sound after honest work, and unsound as soon as one row of any ledger table was altered by hand."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from khata.kernel.clock import utc_now
from khata.kernel.transactions import in_transaction
from khata.ledger.core import (
    Capture,
    Condition,
    ExpireLots,
    Grant,
    HoldLot,
    Kind,
    PlaceHold,
    Purchase,
    RefundHold,
    Reverse,
    VoidHold,
    WalletStatus,
)
from khata.ledger.models import Transfer, Wallet
from khata.ledger.operations import post_batch, verify_ledger
from khata.tenancy.models import Organisation
from tests.owner import owner_connection

CREDIT = 1_000_000


@pytest.fixture
def worked(organisation: Organisation, give_credits: Callable[[int, int], None]) -> int:
    """An organisation with purchases, a grant, and holds that were captured, returned and left open."""
    id_ = organisation.id
    give_credits(id_, 100)
    first, second, third, fourth = (uuid.uuid4() for _ in range(4))
    with in_transaction() as raw:
        post_batch(
            raw,
            [
                Grant(id_, uuid.uuid4(), 3 * CREDIT, utc_now() + timedelta(days=1)),
                PlaceHold(id_, first, 5 * CREDIT),
                PlaceHold(id_, second, 2 * CREDIT),
                PlaceHold(id_, third, 2 * CREDIT),
                PlaceHold(id_, fourth, 4 * CREDIT),
                Capture(id_, first, 4 * CREDIT),
                VoidHold(id_, second),
                Capture(id_, third, 2 * CREDIT),
                ExpireLots(id_),
            ],
        )
    return id_


@pytest.fixture
def reversed_(organisation: Organisation) -> int:
    """An organisation with a refund (seq 2, 3), a reversal beyond its credits (6, 7), part of it repaid (9, 10)."""
    id_ = organisation.id
    bought, refund, message, dispute = (uuid.uuid4() for _ in range(4))
    with in_transaction() as raw:
        outcomes = post_batch(
            raw,
            [
                Purchase(id_, bought, 10 * CREDIT, 200),
                HoldLot(id_, refund, 2 * CREDIT, bought),
                RefundHold(id_, refund),
                PlaceHold(id_, message, 5 * CREDIT),
                Capture(id_, message, 5 * CREDIT),
                Reverse(id_, dispute, 8 * CREDIT, bought),
                Grant(id_, uuid.uuid4(), 4 * CREDIT),
            ],
        )
    assert {outcome.condition for outcome in outcomes} == {Condition.ACCEPTED}
    return id_


ALTERATIONS_OF_REVERSALS = [
    "update ledger_wallet set floor = floor - 1 where {mine}",
    "update ledger_wallet set status = 1 where {mine}",
    "update ledger_wallet set available = available + 1 where {mine}",
    "update ledger_lot set remaining = remaining + 1, is_open = true where {mine} and lot_id = 8",
    "update ledger_transfer set kind = 4, target = 5 where {mine} and seq = 3",
    "update ledger_transfer set amount = amount - 1 where {mine} and seq = 7",
    "update ledger_transfer set lot_id = 8 where {mine} and seq = 7",
    "update ledger_transfer set kind = 6, target = 6 where {mine} and seq = 7",
    "update ledger_transfer set amount = amount + 1 where {mine} and seq = 9",
    "update ledger_transfer set lot_id = 8 where {mine} and seq = 9",
    "update ledger_transfer set kind = 8 where {mine} and seq = 10",
    "delete from ledger_transfer where {mine} and seq >= 9",
]
ALTERATIONS = [
    "update ledger_wallet set available = available + 1 where {mine}",
    "update ledger_wallet set held = held + 1 where {mine}",
    "update ledger_wallet set floor = -1 where {mine}",
    "update ledger_wallet set last_seq = last_seq + 1 where {mine}",
    "update ledger_wallet set chain = '\\x00112233445566778899aabbccddeeff' where {mine}",
    "delete from ledger_wallet where {mine}",
    "update ledger_lot set remaining = remaining - 1 where {mine} and remaining > 0",
    "update ledger_lot set held = held - 1 where {mine} and held > 0",
    "update ledger_lot set amount = amount + 1 where {mine} and lot_id = 1",
    "update ledger_lot set price_minor = price_minor + 1 where {mine} and lot_id = 1",
    "update ledger_lot set expires_at = now() where {mine} and lot_id = 2",
    "update ledger_lot set origin = 2 where {mine} and lot_id = 1",
    "update ledger_lot set reference = gen_random_uuid() where {mine} and lot_id = 1",
    "delete from ledger_lot where {mine} and lot_id = 1",
    "update ledger_transfer set amount = amount + 1 where {mine} and seq = 3",
    "update ledger_transfer set kind = 2, source = 2 where {mine} and seq = 1",
    "update ledger_transfer set source = 5 where {mine} and seq = 3",
    "update ledger_transfer set target = 5 where {mine} and seq = 3",
    "update ledger_transfer set lot_id = 7 where {mine} and seq = 3",
    "update ledger_transfer set reference = gen_random_uuid() where {mine} and seq = 3",
    "update ledger_transfer set available_after = available_after + 1 where {mine} and seq = 3",
    "update ledger_transfer set at = at + interval '1 microsecond' where {mine} and seq = 3",
    "update ledger_transfer set seq = 99 where {mine} and seq = 3",
    "delete from ledger_transfer where {mine} and seq = 3",
    "delete from ledger_transfer where {mine} and seq = (select max(seq) from ledger_transfer where {mine})",
]


def test_honest_work_proves_sound(worked: int) -> None:
    proof = verify_ledger()
    assert (proof.is_sound, proof.problems) == (True, [])
    assert proof.organisations_count > 0
    assert proof.transfers_count >= 10


@pytest.mark.parametrize("alteration", ALTERATIONS)
def test_one_row_altered_by_hand_is_found_and_its_organisation_named(worked: int, alteration: str) -> None:
    with altered(worked, alteration):
        proof = verify_ledger()
        assert not proof.is_sound
        assert proof.organisation_ids_unsound == {worked}
        assert proof.problems
    assert verify_ledger().is_sound


def test_refunds_reversals_and_what_is_owed_prove_sound(reversed_: int) -> None:
    assert verify_ledger().problems == []
    wallet = Wallet.objects.get(organisation_id=reversed_)
    assert (wallet.available, wallet.floor, wallet.status) == (-CREDIT, -CREDIT, WalletStatus.FROZEN)
    kinds = Transfer.objects.filter(organisation_id=reversed_).order_by("seq").values_list("kind", flat=True)
    assert list(kinds)[5:] == [Kind.REVERSE, Kind.REVERSE, Kind.GRANT, Kind.CLEAR, Kind.REPAY]


@pytest.mark.parametrize("alteration", ALTERATIONS_OF_REVERSALS)
def test_one_row_of_a_reversal_altered_by_hand_is_found(reversed_: int, alteration: str) -> None:
    with altered(reversed_, alteration):
        proof = verify_ledger()
        assert proof.organisation_ids_unsound == {reversed_}
    assert verify_ledger().is_sound


@contextmanager
def altered(organisation_id: int, alteration: str) -> Iterator[None]:
    """Alters rows as somebody with the owner's password would, trigger off; puts the tables back afterwards."""
    tables = ("ledger_wallet", "ledger_lot", "ledger_transfer")
    mine = f"organisation_id = {organisation_id}"
    with owner_connection() as owner:
        kept = {table: owner.execute(f"select * from {table} where {mine}").fetchall() for table in tables}
        owner.execute("grant update, delete on ledger_transfer to current_user")
        owner.execute("alter table ledger_transfer disable trigger user")
        assert owner.execute(alteration.format(mine=mine)).rowcount > 0
        owner.commit()
        try:
            yield
        finally:
            for table in tables:
                owner.execute(f"delete from {table} where {mine}")
                holes = ", ".join(["%s"] * len(kept[table][0]))
                owner.cursor().executemany(f"insert into {table} values ({holes})", kept[table])
            owner.execute("alter table ledger_transfer enable trigger user")
            owner.execute("revoke update, delete on ledger_transfer from current_user")
            owner.commit()
