"""Refunds and disputes of a top-up: each step once, and the same end whatever the order they are learned in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khata.billing.core.dispute_life import DisputeFacts, DisputeMove, dispute_changes, dispute_move
from khata.billing.core.refund_life import (
    CreditsMove,
    RefundChange,
    RefundFacts,
    RefundOrigin,
    RefundState,
    after_changes,
    credits_move,
    refund_changes,
)
from khata.billing.core.top_up_life import TopUpFacts, TopUpState, decide
from khata.payments.port import Payment, PaymentStatus, Snapshot
from khata.payments.reversals import Dispute, DisputeStatus, Refund, RefundStatus
from tests.core.test_top_up_life import AUTHORISED, FACTS, FAILED, PAYMENT, REFUNDED, SOON, snapshot

AT = datetime(2026, 11, 23, 5, tzinfo=UTC)
REFUND = Refund("rfnd_1", "pay_1", 118_000, "INR", RefundStatus.PROCESSED, "", "", AT)
PART = replace(REFUND, refund_ref="rfnd_2", amount_minor=9_440)
OURS = RefundFacts(UUID(int=1), "pay_1", None, "rfnd_ours", 9_440, RefundState.REQUESTED, RefundOrigin.ASKED)
DISPUTE = Dispute("disp_1", "pay_1", 118_000, "INR", DisputeStatus.OPEN, "", None, AT)
PAID = replace(FACTS, state=TopUpState.PAID, attempts={"pay_1": PaymentStatus.CAPTURED}, credited_ref="pay_1")


def reading(*payments: Payment, refunds: tuple[Refund, ...] = (), disputes: tuple[Dispute, ...] = ()) -> Snapshot:
    return replace(snapshot(*payments, is_paid=True), refunds=refunds, disputes=disputes)


def test_a_refund_is_ours_by_its_receipt_until_it_has_a_reference() -> None:
    answered = replace(PART, receipt="rfnd_ours", status=RefundStatus.PENDING)
    (change,) = refund_changes([OURS], [answered])
    assert change == RefundChange(answered, OURS.refund_id, RefundState.PENDING)
    (row,) = after_changes([OURS], [change])
    assert (row.refund_ref, row.state) == ("rfnd_2", RefundState.PENDING)
    assert refund_changes([row], [answered]) == ()


def test_a_second_refund_with_our_receipt_is_not_ours() -> None:
    first = replace(PART, receipt="rfnd_ours")
    second = replace(first, refund_ref="rfnd_3", created_at=AT + timedelta(seconds=1))
    assert [change.refund_id for change in refund_changes([OURS], [second, first])] == [OURS.refund_id, None]


def test_a_refund_that_was_refused_to_us_and_is_there_all_the_same_was_not_started_by_us() -> None:
    refused = replace(OURS, state=RefundState.FAILED)
    (change,) = refund_changes([refused], [replace(PART, receipt="rfnd_ours")])
    assert change.refund_id is None


def test_a_failed_refund_nobody_here_knew_is_kept_so_that_an_old_reading_of_it_takes_nothing() -> None:
    changes = refund_changes([], [replace(PART, status=RefundStatus.FAILED)])
    assert [change.state for change in changes] == [RefundState.FAILED]
    assert refund_changes(after_changes([], changes), [PART]) == ()


@pytest.mark.parametrize(
    ("known", "seen", "is_news"),
    [
        (RefundState.PENDING, RefundStatus.PENDING, False),
        (RefundState.PENDING, RefundStatus.PROCESSED, True),
        (RefundState.PENDING, RefundStatus.FAILED, True),
        (RefundState.PROCESSED, RefundStatus.PENDING, False),
        (RefundState.PROCESSED, RefundStatus.PROCESSED, False),
        (RefundState.PROCESSED, RefundStatus.FAILED, True),
        (RefundState.FAILED, RefundStatus.PENDING, False),
        (RefundState.FAILED, RefundStatus.PROCESSED, False),
        (RefundState.FAILED, RefundStatus.FAILED, False),
    ],
)
def test_a_refund_only_rises(known: RefundState, seen: RefundStatus, is_news: bool) -> None:
    row = replace(OURS, refund_ref="rfnd_2", state=known)
    assert bool(refund_changes([row], [replace(PART, status=seen)])) is is_news


def test_a_bank_reference_that_comes_later_is_news_once() -> None:
    row = replace(OURS, refund_ref="rfnd_2", state=RefundState.PROCESSED)
    with_bank_ref = replace(PART, bank_ref="4411")
    (change,) = refund_changes([row], [with_bank_ref])
    assert refund_changes(after_changes([row], [change]), [with_bank_ref]) == ()


@pytest.mark.parametrize(
    ("origin", "before", "after", "move"),
    [
        (RefundOrigin.ASKED, RefundState.REQUESTED, RefundState.PENDING, CreditsMove.NONE),
        (RefundOrigin.ASKED, RefundState.REQUESTED, RefundState.PROCESSED, CreditsMove.CAPTURE),
        (RefundOrigin.ASKED, RefundState.PENDING, RefundState.PROCESSED, CreditsMove.CAPTURE),
        (RefundOrigin.ASKED, RefundState.REQUESTED, RefundState.FAILED, CreditsMove.RETURN),
        (RefundOrigin.ASKED, RefundState.PENDING, RefundState.FAILED, CreditsMove.RETURN),
        (RefundOrigin.ASKED, RefundState.PROCESSED, RefundState.FAILED, CreditsMove.RESTORE),
        (RefundOrigin.ASKED, RefundState.PROCESSED, RefundState.PROCESSED, CreditsMove.NONE),
        (RefundOrigin.GATEWAY, None, RefundState.PENDING, CreditsMove.TAKE),
        (RefundOrigin.GATEWAY, None, RefundState.PROCESSED, CreditsMove.TAKE),
        (RefundOrigin.GATEWAY, None, RefundState.FAILED, CreditsMove.NONE),
        (RefundOrigin.GATEWAY, RefundState.PENDING, RefundState.PROCESSED, CreditsMove.NONE),
        (RefundOrigin.GATEWAY, RefundState.PENDING, RefundState.FAILED, CreditsMove.RESTORE),
        (RefundOrigin.GATEWAY, RefundState.PROCESSED, RefundState.FAILED, CreditsMove.RESTORE),
        (RefundOrigin.SURPLUS, RefundState.REQUESTED, RefundState.PROCESSED, CreditsMove.NONE),
        (RefundOrigin.SURPLUS, RefundState.PENDING, RefundState.FAILED, CreditsMove.NONE),
    ],
)
def test_every_step_of_a_refund_moves_credits_as_it_must(
    origin: RefundOrigin, before: RefundState | None, after: RefundState, move: CreditsMove
) -> None:
    assert credits_move(origin, before, after) is move


@pytest.mark.parametrize(
    ("before", "after", "move"),
    [
        (None, DisputeStatus.OPEN, DisputeMove.HOLD),
        (None, DisputeStatus.UNDER_REVIEW, DisputeMove.HOLD),
        (None, DisputeStatus.WON, DisputeMove.NONE),
        (None, DisputeStatus.CLOSED, DisputeMove.NONE),
        (None, DisputeStatus.LOST, DisputeMove.TAKE),
        (DisputeStatus.OPEN, DisputeStatus.UNDER_REVIEW, DisputeMove.NONE),
        (DisputeStatus.OPEN, DisputeStatus.WON, DisputeMove.RETURN),
        (DisputeStatus.UNDER_REVIEW, DisputeStatus.CLOSED, DisputeMove.RETURN),
        (DisputeStatus.OPEN, DisputeStatus.LOST, DisputeMove.TAKE),
        (DisputeStatus.WON, DisputeStatus.LOST, DisputeMove.TAKE),
    ],
)
def test_every_step_of_a_dispute_moves_credits_as_it_must(
    before: DisputeStatus | None, after: DisputeStatus, move: DisputeMove
) -> None:
    assert dispute_move(before, after) is move


def test_a_lost_dispute_stays_lost_and_an_old_reading_of_one_says_nothing() -> None:
    lost = {"disp_1": DisputeFacts("pay_1", DisputeStatus.LOST)}
    assert dispute_changes(lost, [replace(DISPUTE, status=DisputeStatus.WON)]) == ()
    reviewed = {"disp_1": DisputeFacts("pay_1", DisputeStatus.UNDER_REVIEW)}
    assert dispute_changes(reviewed, [DISPUTE]) == ()


@pytest.mark.parametrize(
    ("refunds", "disputes", "state"),
    [
        ((), (), TopUpState.PAID),
        ((PART,), (), TopUpState.PARTLY_REFUNDED),
        ((replace(PART, status=RefundStatus.PENDING),), (), TopUpState.PAID),
        ((REFUND,), (), TopUpState.REFUNDED),
        ((replace(REFUND, amount_minor=108_560), PART), (), TopUpState.REFUNDED),
        ((), (DISPUTE,), TopUpState.DISPUTED),
        ((PART,), (DISPUTE,), TopUpState.DISPUTED),
        ((), (replace(DISPUTE, status=DisputeStatus.WON),), TopUpState.PAID),
        ((PART,), (replace(DISPUTE, status=DisputeStatus.CLOSED),), TopUpState.PARTLY_REFUNDED),
        ((), (replace(DISPUTE, status=DisputeStatus.LOST),), TopUpState.REVERSED),
        ((replace(PART, payment_ref="pay_2"),), (replace(DISPUTE, payment_ref="pay_2"),), TopUpState.PAID),
    ],
)
def test_what_became_of_the_payment_is_the_top_ups_state(
    refunds: tuple[Refund, ...], disputes: tuple[Dispute, ...], state: TopUpState
) -> None:
    other = replace(PAYMENT, payment_ref="pay_2")
    assert decide(PAID, reading(PAYMENT, other, refunds=refunds, disputes=disputes), SOON).state is state


def test_a_refund_of_somebody_elses_payment_is_none_of_ours() -> None:
    stranger = replace(REFUND, payment_ref="pay_9")
    decision = decide(
        PAID, reading(PAYMENT, refunds=(stranger,), disputes=(replace(DISPUTE, payment_ref="pay_9"),)), SOON
    )
    assert (decision.refunds, decision.disputes) == ((), ())


def test_while_the_end_of_a_refund_or_dispute_is_to_come_the_gateway_is_asked_again() -> None:
    pending = replace(PART, status=RefundStatus.PENDING)
    for open_one in (reading(PAYMENT, refunds=(pending,)), reading(PAYMENT, disputes=(DISPUTE,))):
        assert decide(PAID, open_one, SOON).check_due_at == SOON + timedelta(hours=1)
    assert decide(PAID, reading(PAYMENT, refunds=(PART,)), SOON).check_due_at is None


def test_a_payment_seen_first_when_all_of_it_has_gone_back_is_credited_and_refunded_at_once() -> None:
    decision = decide(FACTS, reading(REFUNDED, refunds=(REFUND,)), SOON)
    assert (decision.state, decision.credit) == (TopUpState.REFUNDED, REFUNDED)
    assert [change.refund for change in decision.refunds] == [REFUND]


def test_an_authorisation_given_back_uncaptured_is_not_credited() -> None:
    uncaptured = replace(reading(REFUNDED, refunds=(REFUND,)), is_paid=False)
    assert decide(FACTS, uncaptured, SOON).credit is None


READINGS = {
    "authorised": snapshot(AUTHORISED),
    "captured": snapshot(PAYMENT),
    "order paid": snapshot(PAYMENT, is_paid=True),
    "failed": snapshot(FAILED),
    "refund processed": reading(REFUNDED, refunds=(REFUND,)),
}


@pytest.mark.parametrize("order", list(permutations(READINGS)), ids="-".join)
def test_all_orders_of_what_can_be_learned_end_in_the_same_truth(order: tuple[str, ...]) -> None:
    row, credited, written = _apply([READINGS[name] for name in order])
    assert (row.state, credited, written) == (TopUpState.REFUNDED, ["pay_1"], ["rfnd_1"])


@given(st.lists(st.sampled_from(sorted(READINGS)), max_size=12))
def test_repetitions_change_nothing(names: list[str]) -> None:
    row, credited, written = _apply([READINGS[name] for name in names])
    is_captured = {"captured", "order paid", "refund processed"} & set(names)
    is_refunded = "refund processed" in names
    assert credited == (["pay_1"] if is_captured else [])
    assert written == (["rfnd_1"] if is_refunded else [])
    assert (row.state is TopUpState.REFUNDED) is is_refunded


_steps = st.lists(
    st.one_of(
        st.builds(lambda status: replace(PART, status=status), st.sampled_from(RefundStatus)),
        st.builds(lambda status: replace(DISPUTE, status=status), st.sampled_from(DisputeStatus)),
    ),
    max_size=8,
)


@given(_steps, st.data())
def test_refunds_and_disputes_end_the_same_whatever_the_order_they_are_read_in(
    steps: list[Refund | Dispute], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(steps))
    ends = {_apply([READINGS["captured"], *map(_read, order)])[0].state for order in (steps, shuffled)}
    assert len(ends) == 1


def _read(step: Refund | Dispute) -> Snapshot:
    return reading(PAYMENT, refunds=(step,)) if isinstance(step, Refund) else reading(PAYMENT, disputes=(step,))


def _apply(readings: list[Snapshot]) -> tuple[TopUpFacts, list[str], list[str]]:
    """The row after these readings, what was credited, and the refunds that were written as processed."""
    row, credited, written = FACTS, list[str](), list[str]()
    for snapshot_ in readings:
        decision = decide(row, snapshot_, SOON)
        if decision.credit is not None:
            credited.append(decision.credit.payment_ref)
        written += [change.refund.refund_ref for change in decision.refunds if change.state is RefundState.PROCESSED]
        row = replace(
            row,
            state=decision.state,
            attempts=dict(row.attempts) | {p.payment_ref: p.status for p in decision.attempts},
            credited_ref=credited[0] if credited else None,
            refunds=after_changes(row.refunds, decision.refunds),
            disputes=dict(row.disputes)
            | {d.dispute_ref: DisputeFacts(d.payment_ref, d.status) for d in decision.disputes},
        )
    return row, credited, written
