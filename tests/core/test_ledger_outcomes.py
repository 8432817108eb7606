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
    HoldLot,
    Kind,
    PlaceHold,
    Purchase,
    RefundHold,
    Reverse,
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
    (Condition.AMOUNT_OUT_OF_RANGE, [FUNDS, HoldLot(1, B, 0, A)]),
    (Condition.AMOUNT_OUT_OF_RANGE, [FUNDS, Reverse(1, B, 0, A)]),
    (Condition.ALREADY_DONE, [FUNDS, HoldLot(1, B, 5, A), HoldLot(1, B, 5, A)]),
    (Condition.ALREADY_DONE, [FUNDS, HoldLot(1, B, 15, A, True), HoldLot(1, B, 15, A, True)]),
    (Condition.ALREADY_DONE, [FUNDS, HoldLot(1, B, 5, A), RefundHold(1, B), RefundHold(1, B)]),
    (Condition.ALREADY_DONE, [FUNDS, Reverse(1, B, 15, A), Reverse(1, B, 15, A)]),
    (Condition.ALREADY_DONE_DIFFERENTLY, [FUNDS, HoldLot(1, B, 5, A), HoldLot(1, B, 4, A)]),
    (Condition.ALREADY_DONE_DIFFERENTLY, [FUNDS, HoldLot(1, B, 5, A, True), HoldLot(1, B, 4, A, True)]),
    (Condition.ALREADY_DONE_DIFFERENTLY, [FUNDS, Reverse(1, B, 5, A), Reverse(1, B, 4, A)]),
    (Condition.INSUFFICIENT_CREDITS, [FUNDS, HoldLot(1, B, 11, A)]),
    (Condition.INSUFFICIENT_CREDITS, [FUNDS, Grant(1, C, 9), HoldLot(1, B, 5, C)]),
    (Condition.INSUFFICIENT_CREDITS, [FUNDS, PlaceHold(1, C, 10), HoldLot(1, B, 5, A, True)]),
    (Condition.HOLD_MISSING, [FUNDS, RefundHold(1, B)]),
    (Condition.HOLD_CLOSED, [FUNDS, HoldLot(1, B, 5, A), VoidHold(1, B), RefundHold(1, B)]),
    (Condition.HOLD_CLOSED, [FUNDS, HoldLot(1, B, 5, A), RefundHold(1, B), VoidHold(1, B)]),
    (Condition.HOLD_CLOSED, [FUNDS, HoldLot(1, B, 5, A), RefundHold(1, B), Capture(1, B, 5)]),
    (Condition.HOLD_CLOSED, [FUNDS, PlaceHold(1, B, 5), Capture(1, B, 5), RefundHold(1, B)]),
    (Condition.ACCEPTED, [FUNDS, PlaceHold(1, B, 10)]),
    (Condition.ACCEPTED, [FUNDS, HoldLot(1, B, 10, A), RefundHold(1, B)]),
    (Condition.ACCEPTED, [FUNDS, Reverse(1, B, 11, A)]),
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


def moves(commands: list[Command]) -> list[tuple[Kind, int, int]]:
    return [(t.kind, t.lot_id, t.amount) for t in apply_batch(empty_book(), commands, NOW).transfers]


def test_a_refund_is_held_from_its_own_purchase_alone_even_on_a_frozen_wallet() -> None:
    funded = after(empty_book(), apply_batch(empty_book(), [Grant(1, C, 9), FUNDS], NOW))
    frozen = Book({1: replace(funded.wallets[1], status=WalletStatus.FROZEN)}, lots=funded.lots, effects=funded.effects)
    decision = apply_batch(frozen, [HoldLot(1, B, 4, A), RefundHold(1, B)], NOW)
    assert [(t.kind, t.lot_id, t.amount) for t in decision.transfers] == [(Kind.HOLD, 2, 4), (Kind.REFUND, 2, 4)]
    assert (decision.wallets[0].available, decision.wallets[0].held) == (15, 0)


def test_only_what_is_neither_spent_nor_held_of_a_purchase_can_be_held_for_its_refund() -> None:
    spent: list[Command] = [FUNDS, PlaceHold(1, B, 3), Capture(1, B, 3), PlaceHold(1, C, 2), Grant(1, uuid(9), 50)]
    conditions = [
        apply_batch(empty_book(), [*spent, HoldLot(1, uuid(8), amount, A)], NOW).outcomes[-1].condition
        for amount in (5, 6)
    ]
    assert conditions == [Condition.ACCEPTED, Condition.INSUFFICIENT_CREDITS]


def test_the_grant_that_came_with_a_purchase_is_held_from_its_own_lot_alone() -> None:
    held = HoldLot(1, C, 3, B, origin=Kind.GRANT)
    assert moves([FUNDS, Grant(1, B, 4), held, RefundHold(1, C)])[-2:] == [(Kind.HOLD, 2, 3), (Kind.REFUND, 2, 3)]


def test_in_dispute_whatever_a_purchase_still_has_is_held() -> None:
    assert moves([FUNDS, PlaceHold(1, B, 3), HoldLot(1, C, 10, A, True)])[-1] == (Kind.HOLD, 1, 7)


def test_a_lot_whose_time_has_passed_cannot_be_held() -> None:
    book = after(empty_book(), apply_batch(empty_book(), [replace(FUNDS, expires_at=NOW + DAY)], NOW))
    decision = apply_batch(book, [HoldLot(1, B, 5, A)], NOW + DAY)
    assert decision.outcomes[0].condition is Condition.INSUFFICIENT_CREDITS


def test_a_reversal_takes_its_own_purchase_first_then_the_others_and_only_then_what_is_not_there() -> None:
    lots: list[Command] = [Grant(1, C, 3), FUNDS]
    assert moves([*lots, Reverse(1, B, 8, A)])[2:] == [(Kind.REVERSE, 2, 8)]
    assert moves([*lots, Reverse(1, B, 12, A)])[2:] == [(Kind.REVERSE, 2, 10), (Kind.REVERSE, 1, 2)]
    assert moves([*lots, Reverse(1, B, 15, A)])[4:] == [(Kind.REVERSE, 0, 2)]


def test_a_reversal_that_credits_cover_leaves_the_wallet_open() -> None:
    (wallet,) = apply_batch(empty_book(), [FUNDS, Reverse(1, B, 10, A)], NOW).wallets
    assert (wallet.available, wallet.floor, wallet.status) == (0, 0, WalletStatus.ACTIVE)


def test_a_reversal_beyond_all_credits_goes_below_zero_and_freezes_at_once() -> None:
    decision = apply_batch(empty_book(), [FUNDS, PlaceHold(1, B, 4), Reverse(1, C, 10, A), PlaceHold(1, A, 1)], NOW)
    (wallet,) = decision.wallets
    assert (wallet.available, wallet.held, wallet.floor, wallet.status) == (-4, 4, -4, WalletStatus.FROZEN)
    assert decision.outcomes[-1].condition is Condition.WALLET_FROZEN


def test_what_comes_in_pays_what_is_owed_first_and_the_wallet_stays_frozen() -> None:
    commands: list[Command] = [FUNDS, PlaceHold(1, B, 10), Capture(1, B, 10), Reverse(1, C, 10, A), Grant(1, C, 4)]
    assert moves(commands)[-2:] == [(Kind.CLEAR, 0, 4), (Kind.REPAY, 5, 4)]
    decision = apply_batch(empty_book(), [*commands, Purchase(1, B, 9, 100)], NOW)
    (wallet,) = decision.wallets
    assert (wallet.available, wallet.floor, wallet.status) == (3, 0, WalletStatus.FROZEN)
    assert {lot.lot_id: lot.remaining for lot in decision.lots} == {1: 0, 5: 0, 8: 3}


def test_credits_returned_from_a_hold_pay_what_is_owed() -> None:
    commands: list[Command] = [FUNDS, PlaceHold(1, B, 6), Reverse(1, C, 10, A), VoidHold(1, B)]
    assert moves(commands)[-3:] == [(Kind.VOID, 1, 6), (Kind.CLEAR, 0, 6), (Kind.REPAY, 1, 6)]
    (wallet,) = apply_batch(empty_book(), commands, NOW).wallets
    assert (wallet.available, wallet.held, wallet.floor) == (0, 0, 0)


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
