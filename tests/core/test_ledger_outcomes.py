"""One case per outcome of the ledger: the laws alone would let a wrong refusal through."""

from dataclasses import replace
from datetime import timedelta

import pytest

from khata.kernel.credits import AMOUNT_MICRO_MAX
from khata.ledger.core import (
    Book,
    Capture,
    Command,
    Condition,
    ExpireLots,
    Grant,
    Kind,
    PlaceHold,
    Purchase,
    VoidHold,
    WalletStatus,
    apply_batch,
    extend_chain,
)
from tests.core.test_ledger_laws import NOW, after, empty_book, lots_of, uuid

A, B, C = uuid(1), uuid(2), uuid(3)
DAY = timedelta(days=1)
FUNDS = Purchase(1, A, 10, 200)

CASES: list[tuple[Condition, list[Command]]] = [
    (Condition.UNKNOWN_WALLET, [PlaceHold(99, A, 1)]),
    (Condition.AMOUNT_OUT_OF_RANGE, [Purchase(1, A, 0, 0)]),
    (Condition.AMOUNT_OUT_OF_RANGE, [Grant(1, A, AMOUNT_MICRO_MAX + 1)]),
    (Condition.AMOUNT_OUT_OF_RANGE, [FUNDS, PlaceHold(1, B, -1)]),
    (Condition.AMOUNT_OUT_OF_RANGE, [FUNDS, PlaceHold(1, B, 5), Capture(1, B, 0)]),
    (Condition.EXPIRY_PASSED, [Grant(1, A, 5, NOW)]),
    (Condition.ALREADY_DONE, [FUNDS, FUNDS]),
    (Condition.ALREADY_DONE, [Grant(1, A, 5), Grant(1, A, 5)]),
    (Condition.ALREADY_DONE, [FUNDS, PlaceHold(1, B, 5), PlaceHold(1, B, 5)]),
    (Condition.ALREADY_DONE, [FUNDS, PlaceHold(1, B, 5), Capture(1, B, 5), Capture(1, B, 5)]),
    (Condition.ALREADY_DONE, [FUNDS, PlaceHold(1, B, 5), VoidHold(1, B), VoidHold(1, B)]),
    (Condition.ALREADY_DONE_DIFFERENTLY, [FUNDS, replace(FUNDS, amount=11)]),
    (Condition.ALREADY_DONE_DIFFERENTLY, [FUNDS, PlaceHold(1, B, 5), PlaceHold(1, B, 4)]),
    (Condition.ALREADY_DONE_DIFFERENTLY, [FUNDS, PlaceHold(1, B, 5), Capture(1, B, 5), Capture(1, B, 4)]),
    (Condition.INSUFFICIENT_CREDITS, [FUNDS, PlaceHold(1, B, 11)]),
    (Condition.INSUFFICIENT_CREDITS, [FUNDS, PlaceHold(1, B, 10), PlaceHold(1, C, 1)]),
    (Condition.HOLD_MISSING, [FUNDS, Capture(1, B, 1)]),
    (Condition.HOLD_MISSING, [FUNDS, VoidHold(1, B)]),
    (Condition.HOLD_CLOSED, [FUNDS, PlaceHold(1, B, 5), VoidHold(1, B), Capture(1, B, 5)]),
    (Condition.HOLD_CLOSED, [FUNDS, PlaceHold(1, B, 5), Capture(1, B, 5), VoidHold(1, B)]),
    (Condition.HOLD_CLOSED, [FUNDS, PlaceHold(1, B, 5), Capture(1, B, 3), VoidHold(1, B)]),
    (Condition.HOLD_EXCEEDED, [FUNDS, PlaceHold(1, B, 5), Capture(1, B, 6)]),
    (Condition.ACCEPTED, [FUNDS, PlaceHold(1, B, 10)]),
    (Condition.ACCEPTED, [ExpireLots(1)]),
]


@pytest.mark.parametrize(("condition", "commands"), CASES)
def test_the_last_command_ends_as_it_must(condition: Condition, commands: list[Command]) -> None:
    decision = apply_batch(empty_book(), commands, NOW)
    assert decision.outcomes[-1].condition is condition
    assert all(outcome.condition is Condition.ACCEPTED for outcome in decision.outcomes[:-1])


def test_every_condition_has_a_case() -> None:
    frozen = {Condition.WALLET_FROZEN}  # needs another book: see below
    assert {condition for condition, _ in CASES} | frozen == set(Condition)


@pytest.mark.parametrize(("condition", "commands"), [case for case in CASES if case[0] is not Condition.ACCEPTED])
def test_a_refused_command_leaves_no_trace(condition: Condition, commands: list[Command]) -> None:
    with_it = apply_batch(empty_book(), commands, NOW)
    without_it = apply_batch(empty_book(), commands[:-1], NOW)
    assert (with_it.wallets, with_it.lots, with_it.transfers) == (
        without_it.wallets,
        without_it.lots,
        without_it.transfers,
    )


def test_a_frozen_wallet_places_no_hold_but_is_still_credited_and_settled() -> None:
    funded = after(empty_book(), apply_batch(empty_book(), [FUNDS, PlaceHold(1, B, 4)], NOW))
    frozen = Book({1: replace(funded.wallets[1], status=WalletStatus.FROZEN)}, lots=funded.lots, effects=funded.effects)
    decision = apply_batch(frozen, [PlaceHold(1, C, 1), Capture(1, B, 4), Grant(1, C, 5)], NOW)
    assert [outcome.condition for outcome in decision.outcomes] == [
        Condition.WALLET_FROZEN,
        Condition.ACCEPTED,
        Condition.ACCEPTED,
    ]


def test_a_hold_of_exactly_the_balance_is_accepted_and_one_micro_credit_more_is_not() -> None:
    conditions = [
        apply_batch(empty_book(), [FUNDS, PlaceHold(1, B, amount)], NOW).outcomes[-1].condition for amount in (10, 11)
    ]
    assert conditions == [Condition.ACCEPTED, Condition.INSUFFICIENT_CREDITS]


def test_lots_burn_in_order_expiring_first_then_granted_then_oldest() -> None:
    commands: list[Command] = [
        Purchase(1, uuid(11), 5, 100),
        Purchase(1, uuid(12), 5, 100),
        Grant(1, uuid(13), 5),
        Grant(1, uuid(14), 5, NOW + 2 * DAY),
        Purchase(1, uuid(15), 5, 100, NOW + DAY),
        PlaceHold(1, B, 22),
    ]
    decision = apply_batch(empty_book(), commands, NOW)
    assert [(t.lot_id, t.amount) for t in decision.transfers if t.kind is Kind.HOLD] == [
        (5, 5),
        (4, 5),
        (3, 5),
        (1, 5),
        (2, 2),
    ]


def test_a_partial_capture_uses_the_first_draws_and_returns_the_rest_to_its_own_lots() -> None:
    commands: list[Command] = [Grant(1, A, 3), Purchase(1, A, 5, 100), PlaceHold(1, B, 6), Capture(1, B, 4)]
    book = after(empty_book(), apply_batch(empty_book(), commands, NOW))
    lots = lots_of(book)
    assert (lots[1].remaining, lots[1].held) == (0, 0)
    assert (lots[2].remaining, lots[2].held) == (4, 0)
    assert (book.wallets[1].available, book.wallets[1].held) == (4, 0)


def test_an_expired_lot_is_not_drawn_from_even_before_its_expiry_is_booked() -> None:
    book = after(empty_book(), apply_batch(empty_book(), [Grant(1, A, 5, NOW + DAY), Purchase(1, A, 5, 100)], NOW))
    decision = apply_batch(book, [PlaceHold(1, B, 6), PlaceHold(1, C, 5)], NOW + DAY)
    assert [outcome.condition for outcome in decision.outcomes] == [
        Condition.INSUFFICIENT_CREDITS,
        Condition.ACCEPTED,
    ]


def test_a_lot_does_not_expire_under_a_hold_and_expires_once_when_the_hold_is_gone() -> None:
    book = after(empty_book(), apply_batch(empty_book(), [Grant(1, A, 5, NOW + DAY), PlaceHold(1, B, 2)], NOW))
    under_hold = apply_batch(book, [ExpireLots(1)], NOW + DAY)
    assert under_hold.transfers == ()
    freed = apply_batch(book, [VoidHold(1, B), ExpireLots(1), ExpireLots(1)], NOW + DAY)
    assert [(t.kind, t.amount) for t in freed.transfers] == [(Kind.VOID, 2), (Kind.EXPIRE, 5)]
    assert freed.wallets[0].available == 0


def test_every_fact_of_a_transfer_and_of_the_lot_it_made_is_under_the_seal() -> None:
    decision = apply_batch(empty_book(), [FUNDS], NOW)
    transfer, lot = decision.transfers[0], decision.lots[0]
    head = extend_chain(b"\0" * 16, transfer, NOW, lot)
    assert head == decision.wallets[0].chain
    altered = [
        extend_chain(b"\1" * 16, transfer, NOW, lot),
        extend_chain(b"\0" * 16, transfer, NOW + timedelta(microseconds=1), lot),
        *(
            extend_chain(b"\0" * 16, transfer._replace(**{name: value}), NOW, lot)  # type: ignore[arg-type]
            for name, value in (
                ("organisation_id", 2),
                ("seq", 2),
                ("kind", Kind.GRANT),
                ("amount", 11),
                ("lot_id", 2),
                ("reference", B),
                ("available_after", 11),
            )
        ),
        *(
            extend_chain(b"\0" * 16, transfer, NOW, replace(lot, **{name: value}))  # type: ignore[arg-type]
            for name, value in (
                ("origin", Kind.GRANT),
                ("amount", 11),
                ("expires_at", NOW),
                ("price_minor", 201),
                ("reference", B),
            )
        ),
    ]
    assert head not in altered
    assert len(set(altered)) == len(altered)


def test_conditions_say_whether_trying_again_may_help_and_whether_the_effect_exists() -> None:
    assert {c for c in Condition if c.is_transient} == {Condition.WALLET_FROZEN, Condition.INSUFFICIENT_CREDITS}
    assert {c for c in Condition if c.is_effective} == {Condition.ACCEPTED, Condition.ALREADY_DONE}
