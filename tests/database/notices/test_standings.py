"""What is read of many wallets at once is what adding up their transfers one by one would give."""

from datetime import datetime, timedelta

import pytest

from khata.kernel.clock import utc_now
from khata.kernel.credits import MICRO_PER_CREDIT
from khata.kernel.ids import shard_of
from khata.ledger.core import Kind
from khata.ledger.models import Transfer
from khata.ledger.operations import expire_due_lots, unfreeze_wallet
from khata.ledger.standings import emptied_at, expiring_lots, standing, standings, wallet_marks
from tests.cli.waiting import wait_until
from tests.conftest import World
from tests.database.notices.purse import Purse

LONG_AGO = timedelta(days=7)


def transfers(purse: Purse) -> list[Transfer]:
    mine = Transfer.objects.filter(shard=shard_of(purse.organisation_id), organisation_id=purse.organisation_id)
    return list(mine.order_by("seq"))


def used_credits(purse: Purse, since: datetime) -> int:
    return standing(organisation_id=purse.organisation_id, since=since).used // MICRO_PER_CREDIT


def available_credits(purse: Purse) -> int:
    return standing(organisation_id=purse.organisation_id, since=utc_now()).available // MICRO_PER_CREDIT


def added_up(purse: Purse, since: datetime) -> int:
    """Credits that messages took since, transfer by transfer."""
    taken = {Kind.HOLD: 1, Kind.VOID: -1}
    rows = [row for row in transfers(purse) if row.at >= since]
    return sum(row.amount * taken.get(Kind(row.kind), 0) for row in rows) // MICRO_PER_CREDIT


def test_use_counts_what_is_reserved_and_used_and_not_what_came_back(purse: Purse) -> None:
    purse.add(1_000)
    purse.use(30)
    returned = purse.reserve(500)
    purse.reserve(7)
    purse.return_all(returned)
    assert used_credits(purse, utc_now() - LONG_AGO) == 37


def test_use_since_any_instant_is_what_the_transfers_add_up_to(purse: Purse) -> None:
    purse.add(1_000)
    for credits in (1, 2, 3, 4):
        purse.use(credits)
    purse.add(100)
    purse.return_all(purse.reserve(50))
    purse.use(5)
    instants = [row.at for row in transfers(purse)]
    between = [instant + timedelta(microseconds=1) for instant in instants]
    for since in (*instants, *between, instants[0] - LONG_AGO, utc_now()):
        assert used_credits(purse, since) == added_up(purse, since)


def test_an_expiry_is_no_use(purse: Purse) -> None:
    purse.add(20)
    purse.give(80, expires_at=utc_now() + timedelta(milliseconds=500))
    wait_until(lambda: available_credits(purse) == 20, "what has expired is not available, booked or not")
    expire_due_lots()
    assert Kind.EXPIRE in {Kind(row.kind) for row in transfers(purse)}
    assert used_credits(purse, utc_now() - LONG_AGO) == 0


def test_money_that_went_back_is_no_use_whichever_way_it_went(purse: Purse) -> None:
    purchase = purse.add(1_000)
    purse.use(5)
    purse.refund(400, purchase)
    taken_at = transfers(purse)[-1].at
    assert used_credits(purse, utc_now() - LONG_AGO) == 5
    assert used_credits(purse, taken_at) == 0, "the refund's credits were taken before, their money went back after"
    purse.reverse(800, purchase)
    purse.add(1_000)
    unfreeze_wallet(purse.organisation_id)
    purse.use(7)
    assert available_credits(purse) == 1_000 - 5 - 400 - 800 + 1_000 - 7
    assert used_credits(purse, utc_now() - LONG_AGO) == 12


def test_the_highest_balance_after_an_addition_is_seen_even_when_it_is_gone(purse: Purse) -> None:
    purse.add(100)
    seen_seq = transfers(purse)[-1].seq
    purse.add(400)
    purse.use(499)
    (found,) = standings(seen={purse.organisation_id: seen_seq}, since=utc_now())
    assert (found.available, found.added_up_to) == (1 * MICRO_PER_CREDIT, 500 * MICRO_PER_CREDIT)
    (later,) = standings(seen={purse.organisation_id: found.last_seq}, since=utc_now())
    assert later.added_up_to == 0


def test_wallets_are_read_together_and_each_for_itself(world: World) -> None:
    mine, other = Purse(world.organisation.id), Purse(world.chens_organisation.id)
    mine.add(10)
    mine.use(4)
    other.add(30)
    found = standings(seen={mine.organisation_id: 0, other.organisation_id: 0}, since=utc_now() - LONG_AGO)
    assert {each.organisation_id: (each.available, each.used) for each in found} == {
        mine.organisation_id: (6 * MICRO_PER_CREDIT, 4 * MICRO_PER_CREDIT),
        other.organisation_id: (30 * MICRO_PER_CREDIT, 0),
    }


@pytest.mark.parametrize("limit", [1, 3, 1_000])
def test_every_wallet_is_on_one_page_and_only_one(world: World, limit: int) -> None:
    seen: list[int] = []
    while marks := wallet_marks(after_id=seen[-1] if seen else None, limit=limit):
        assert len(marks) <= limit
        seen += [organisation_id for organisation_id, _ in marks]
    assert len(seen) == len(set(seen))
    assert {world.organisation.id, world.chens_organisation.id} <= set(seen)


def test_the_instant_the_balance_came_down_to_zero_is_known(purse: Purse) -> None:
    purse.add(2)
    purse.use(1)
    seen_seq = transfers(purse)[-1].seq
    purse.use(1)
    emptied = next(row for row in transfers(purse) if row.seq > seen_seq and row.kind == Kind.HOLD)
    assert emptied_at(organisation_id=purse.organisation_id, after_seq=seen_seq) == emptied.at
    assert emptied_at(organisation_id=purse.organisation_id, after_seq=transfers(purse)[-1].seq) is None


def test_expiring_lots_come_soonest_first_page_by_page_and_without_empty_ones(purse: Purse) -> None:
    now = utc_now()
    for days in (9, 3, 6):
        purse.give(days, expires_at=now + timedelta(days=days))
    purse.use(3)
    mine, last = [], None
    while found := expiring_lots(after=now, until=now + timedelta(days=8), limit=1, after_lot=last):
        (last,) = found
        mine += [last] if last.organisation_id == purse.organisation_id else []
    assert [lot.remaining // MICRO_PER_CREDIT for lot in mine] == [6]
    assert mine[0].made_at < mine[0].expires_at == now + timedelta(days=6)
