"""The ledger's laws: credits are neither made nor lost, whatever is asked of it and however it is cut into batches."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from khata.ledger.core import (
    CHAIN_START,
    Book,
    Capture,
    Command,
    Condition,
    Decision,
    Effects,
    ExpireLots,
    Grant,
    HoldLot,
    Kind,
    Lot,
    PlaceHold,
    Purchase,
    RefundHold,
    Reverse,
    Transfer,
    VoidHold,
    Wallet,
    WalletStatus,
    apply_batch,
)
from khata.ledger.core.book import OWED_LOT_ID

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ORGANISATIONS = (1, 2)


def uuid(number: int) -> UUID:
    return UUID(int=number)


def empty_book(status: WalletStatus = WalletStatus.ACTIVE) -> Book:
    return Book({id_: Wallet(id_, 0, 0, 0, status, 0, CHAIN_START) for id_ in ORGANISATIONS})


def after(book: Book, decision: Decision) -> Book:
    """The book a database would give back after the decision was written."""
    wallets = dict(book.wallets) | {wallet.organisation_id: wallet for wallet in decision.wallets}
    lots = {(lot.organisation_id, lot.lot_id): lot for lot in (*book.lots, *decision.lots)}
    draws = {key: list(value) for key, value in book.effects.draws.items()}
    for transfer in decision.transfers:
        key = (transfer.organisation_id, transfer.kind, transfer.reference)
        draws.setdefault(key, []).append((transfer.lot_id, transfer.amount))
    return Book(wallets, tuple(lots.values()), Effects({key: tuple(value) for key, value in draws.items()}))


organisation_ids = st.sampled_from((*ORGANISATIONS, 99))
references = st.integers(1, 6).map(uuid)
amounts = st.integers(0, 40)
origins = st.sampled_from((Kind.PURCHASE, Kind.GRANT))
expiries = st.sampled_from((None, NOW - timedelta(seconds=1), NOW, NOW + timedelta(days=1), NOW + timedelta(days=9)))
commands = st.lists(
    st.one_of(
        st.builds(Purchase, organisation_ids, references, amounts, st.integers(0, 100), expiries),
        st.builds(Grant, organisation_ids, references, amounts, expiries),
        st.builds(PlaceHold, organisation_ids, references, amounts),
        st.builds(Capture, organisation_ids, references, amounts),
        st.builds(VoidHold, organisation_ids, references),
        st.builds(HoldLot, organisation_ids, references, amounts, references, st.booleans(), origins),
        st.builds(RefundHold, organisation_ids, references),
        st.builds(Reverse, organisation_ids, references, amounts, references),
        st.builds(ExpireLots, organisation_ids),
    ),
    max_size=30,
)
instants = st.sampled_from((NOW, NOW + timedelta(days=2), NOW + timedelta(days=20)))


def run(batches: list[tuple[list[Command], datetime]]) -> tuple[Book, list[Transfer], list[Condition]]:
    book, transfers, conditions = empty_book(), [], []
    for batch, now in batches:
        decision = apply_batch(book, batch, now)
        book = after(book, decision)
        transfers += decision.transfers
        conditions += [outcome.condition for outcome in decision.outcomes]
    return book, transfers, conditions


def sums(transfers: list[Transfer], organisation_id: int) -> Counter[Kind]:
    found: Counter[Kind] = Counter()
    for transfer in transfers:
        if transfer.organisation_id == organisation_id:
            found[transfer.kind] += transfer.amount
    return found


@given(st.lists(st.tuples(commands, instants), max_size=4))
@settings(max_examples=300, deadline=None)
def test_credits_are_neither_made_nor_lost(batches: list[tuple[list[Command], datetime]]) -> None:
    book, transfers, _ = run(sorted(batches, key=lambda batch: batch[1]))
    for id_, wallet in book.wallets.items():
        kinds = sums(transfers, id_)
        came = kinds[Kind.PURCHASE] + kinds[Kind.GRANT]
        gone = kinds[Kind.EXPIRE] + kinds[Kind.REVERSE]
        assert kinds[Kind.REPAY] == kinds[Kind.CLEAR]
        assert wallet.available == came - kinds[Kind.HOLD] + kinds[Kind.VOID] - gone
        assert wallet.held == kinds[Kind.HOLD] - kinds[Kind.CAPTURE] - kinds[Kind.VOID] - kinds[Kind.REFUND]
        assert came == wallet.available + wallet.held + kinds[Kind.CAPTURE] + kinds[Kind.REFUND] + gone


@given(st.lists(st.tuples(commands, instants), max_size=4))
@settings(max_examples=300, deadline=None)
def test_nobody_spends_what_they_lack_and_lots_add_up_to_the_wallet(
    batches: list[tuple[list[Command], datetime]],
) -> None:
    book, transfers, _ = run(sorted(batches, key=lambda batch: batch[1]))
    assert all(transfer.amount > 0 for transfer in transfers)
    for id_, wallet in book.wallets.items():
        lots = [lot for lot in book.lots if lot.organisation_id == id_]
        assert all(lot.remaining >= 0 and lot.held >= 0 and lot.remaining + lot.held <= lot.amount for lot in lots)
        assert wallet.available == sum(lot.remaining for lot in lots) - owed(transfers, id_)
        assert wallet.held == sum(lot.held for lot in lots) >= 0


@given(st.lists(st.tuples(commands, instants), max_size=4))
@settings(max_examples=300, deadline=None)
def test_only_a_reversal_takes_a_wallet_below_zero_and_what_comes_in_pays_it_first(
    batches: list[tuple[list[Command], datetime]],
) -> None:
    book, transfers, _ = run(sorted(batches, key=lambda batch: batch[1]))
    for id_, wallet in book.wallets.items():
        in_lots = sum(lot.remaining for lot in book.lots if lot.organisation_id == id_)
        assert wallet.floor == -owed(transfers, id_) <= 0
        assert wallet.floor == 0 or (in_lots, wallet.status) == (0, WalletStatus.FROZEN)
        balance = 0
        for transfer in (t for t in transfers if t.organisation_id == id_):
            is_deeper = transfer.available_after < min(balance, 0)
            assert not is_deeper or transfer.kind in (Kind.REVERSE, Kind.REPAY)
            balance = transfer.available_after


@given(commands, st.data())
@settings(max_examples=300, deadline=None)
def test_how_commands_are_cut_into_batches_does_not_matter(batch: list[Command], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(batch)))
    whole, in_two = run([(batch, NOW)]), run([(batch[:cut], NOW), (batch[cut:], NOW)])
    assert whole[1:] == in_two[1:]
    assert whole[0].wallets == in_two[0].wallets
    assert set(whole[0].lots) == set(in_two[0].lots)


@given(commands)
@settings(max_examples=300, deadline=None)
def test_replaying_accepted_commands_changes_nothing(batch: list[Command]) -> None:
    decision = apply_batch(empty_book(), batch, NOW)
    book = after(empty_book(), decision)
    done = [
        command
        for command, outcome in zip(batch, decision.outcomes, strict=True)
        if outcome.condition is Condition.ACCEPTED and not isinstance(command, ExpireLots)
    ]
    again = apply_batch(book, done, NOW)
    assert again.transfers == ()
    assert all(outcome.condition is not Condition.ACCEPTED for outcome in again.outcomes)


@given(commands, references, st.integers(1, 40))
@settings(max_examples=300, deadline=None)
def test_void_after_hold_restores_lots_exactly(batch: list[Command], reference: UUID, amount: int) -> None:
    fresh = uuid(reference.int + 1_000)
    book = after(empty_book(), apply_batch(empty_book(), batch, NOW))
    held = after(book, apply_batch(book, [PlaceHold(1, fresh, amount)], NOW))
    voided = after(held, apply_batch(held, [VoidHold(1, fresh)], NOW))
    assert set(voided.lots) == set(book.lots)
    assert (voided.wallets[1].available, voided.wallets[1].held) == (book.wallets[1].available, book.wallets[1].held)


@given(st.lists(st.tuples(commands, instants), max_size=4))
@settings(max_examples=300, deadline=None)
def test_sequences_have_no_gaps_and_a_lot_expires_once(batches: list[tuple[list[Command], datetime]]) -> None:
    book, transfers, _ = run(sorted(batches, key=lambda batch: batch[1]))
    for id_ in ORGANISATIONS:
        mine = [transfer for transfer in transfers if transfer.organisation_id == id_]
        assert [transfer.seq for transfer in mine] == list(range(1, len(mine) + 1))
        assert book.wallets[id_].last_seq == len(mine)
        expired = [transfer.lot_id for transfer in mine if transfer.kind is Kind.EXPIRE]
        assert len(expired) == len(set(expired))


def lots_of(book: Book) -> dict[int, Lot]:
    return {lot.lot_id: lot for lot in book.lots}


def owed(transfers: list[Transfer], organisation_id: int) -> int:
    mine = [t for t in transfers if t.organisation_id == organisation_id and t.lot_id == OWED_LOT_ID]
    return sum(t.amount if t.kind is Kind.REVERSE else -t.amount for t in mine)
