"""Periods of the history, found by halving and summed by difference, agree with a plain walk over the transfers."""

import random
import uuid
from datetime import datetime, timedelta

import pytest

from khata.kernel.ids import shard_of
from khata.kernel.transactions import in_transaction
from khata.ledger.core import Capture, Command, Grant, Kind, PlaceHold, Purchase, VoidHold
from khata.ledger.models import Transfer
from khata.ledger.operations import post_batch
from khata.ledger.queries import HistoryFilter, history, history_totals
from khata.ledger.standings import standing
from khata.tenancy.models import Organisation

CREDIT = 1_000_000
_SIGNS = {Kind.PURCHASE: 1, Kind.GRANT: 1, Kind.VOID: 1, Kind.HOLD: -1, Kind.EXPIRE: -1, Kind.REVERSE: -1}


@pytest.fixture
def lived(organisation: Organisation) -> int:
    """An organisation with some fifty batches behind it."""
    chance, held = random.Random(1), []
    commands: list[Command]
    for _ in range(50):
        reference = uuid.uuid4()
        commands = [PlaceHold(organisation.id, reference, chance.randint(1, 3) * CREDIT)]
        if chance.random() < 0.3:
            commands = [
                chance.choice(
                    (
                        Purchase(organisation.id, uuid.uuid4(), 9 * CREDIT, 1),
                        Grant(organisation.id, uuid.uuid4(), 5 * CREDIT),
                    )
                )
            ]
        elif held and chance.random() < 0.6:
            first = held.pop(0)
            commands.append(chance.choice((VoidHold(organisation.id, first), Capture(organisation.id, first, CREDIT))))
        with in_transaction() as raw:
            outcomes = post_batch(raw, commands)
        if isinstance(commands[0], PlaceHold) and outcomes[0].condition.is_effective:
            held.append(reference)
    return organisation.id


def transfers(organisation_id: int) -> list[Transfer]:
    rows = Transfer.objects.filter(shard=shard_of(organisation_id), organisation_id=organisation_id)
    return list(rows.order_by("seq"))


def instants(organisation_id: int) -> list[datetime]:
    """The edges of the history, some of its own instants, and moments just beside them."""
    ats = [row.at for row in transfers(organisation_id)]
    chosen = [ats[0], ats[-1], *random.Random(2).sample(ats, 6)]
    tick = timedelta(microseconds=1)
    return sorted({at + beside for at in chosen for beside in (-tick, timedelta(), tick)})


def test_a_period_holds_exactly_the_transfers_of_its_time(lived: int) -> None:
    edges = instants(lived)
    for after, before in [(None, None), *zip(edges, edges[5:], strict=False), (edges[-1], edges[0])]:
        where = HistoryFilter(created_after=after, created_before=before)
        seen = [entry.seq for entry in history(organisation_id=lived, where=where, limit=100).rows]
        assert seen == [
            row.seq
            for row in reversed(transfers(lived))
            if row.kind in _SIGNS and (after is None or row.at >= after) and (before is None or row.at < before)
        ]


def test_totals_are_what_the_transfers_add_up_to(lived: int) -> None:
    edges = instants(lived)
    for after, before in [(None, None), (edges[3], None), (None, edges[-4]), *zip(edges, edges[7:], strict=False)]:
        totals = history_totals(organisation_id=lived, where=HistoryFilter(created_after=after, created_before=before))
        rows = [r for r in transfers(lived) if (not after or r.at >= after) and (not before or r.at < before)]
        sums = {kind: sum(row.amount for row in rows if row.kind == kind) for kind in Kind}
        assert totals.used == -sums[Kind.HOLD]
        assert totals.returned == sums[Kind.VOID]
        assert totals.added == sums[Kind.PURCHASE] + sums[Kind.GRANT]
        assert totals.closing - totals.opening == sum(sign * sums[kind] for kind, sign in _SIGNS.items())


def test_what_was_used_since_an_instant_is_holds_less_what_came_back(lived: int) -> None:
    for since in instants(lived):
        later = [row for row in transfers(lived) if row.at >= since]
        held = sum(row.amount for row in later if row.kind == Kind.HOLD)
        returned = sum(row.amount for row in later if row.kind == Kind.VOID)
        assert standing(organisation_id=lived, since=since).used == held - returned


def test_a_wallet_that_never_moved_has_an_empty_history(organisation: Organisation) -> None:
    now = datetime.now().astimezone()
    where = HistoryFilter(created_after=now - timedelta(days=1), created_before=now)
    assert history(organisation_id=organisation.id, where=where).rows == []
    assert history_totals(organisation_id=organisation.id, where=where).closing == 0
    assert standing(organisation_id=organisation.id, since=now).used == 0
