"""What one reading of the gateway makes of a top-up: each outcome once, and laws over every order of readings."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khata.billing.core.checks import CHECKS_END_AFTER, next_check_at
from khata.billing.core.top_up_life import TopUpDecision, TopUpFacts, TopUpState, decide, may_cancel
from khata.payments.port import (
    Order,
    Payment,
    PaymentMethod,
    PaymentStatus,
    Refused,
    Snapshot,
    Unavailable,
)
from khata.payments.reversals import Refund, RefundStatus
from khata.payments.ways import PayBy

CREATED_AT = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
SOON = CREATED_AT + timedelta(minutes=2)
AFTER_EXPIRY = CREATED_AT + timedelta(minutes=21)
AFTER_ALL_CHECKS = CREATED_AT + CHECKS_END_AFTER + timedelta(minutes=1)
FACTS = TopUpFacts(
    state=TopUpState.PENDING,
    order_ref="order_1",
    mode="test",
    total_minor=118_000,
    currency="INR",
    created_at=CREATED_AT,
    expires_at=CREATED_AT + timedelta(minutes=20),
    attempts={},
    credited_ref=None,
)
OPEN = (TopUpState.CREATED, TopUpState.PENDING)
GIVEN_UP = (TopUpState.FAILED, TopUpState.CANCELLED, TopUpState.EXPIRED)
PAYMENT = Payment(
    payment_ref="pay_1",
    order_ref="order_1",
    status=PaymentStatus.CAPTURED,
    amount_minor=118_000,
    currency="INR",
    method=PaymentMethod.UPI,
    method_detail="asha@okbank",
    bank_ref="123456789012",
    error_code="",
    error_reason="",
    error_source="",
    error_step="",
    error_description="",
    created_at=SOON,
)
AUTHORISED = replace(PAYMENT, status=PaymentStatus.AUTHORISED)
BEGUN = replace(PAYMENT, status=PaymentStatus.CREATED)
FAILED = replace(PAYMENT, status=PaymentStatus.FAILED, error_reason="card_declined")
REFUNDED = replace(PAYMENT, status=PaymentStatus.REFUNDED)


def snapshot(*payments: Payment, is_paid: bool = False, **order: object) -> Snapshot:
    of_ours = replace(Order("order_1", 118_000, "INR", "top_1"), **order)  # type: ignore[arg-type]
    return Snapshot(of_ours, is_paid, 118_000 if is_paid else 0, payments, "test")


def facts(state: TopUpState, *known: Payment, credited: str | None = None) -> TopUpFacts:
    return replace(FACTS, state=state, attempts={p.payment_ref: p.status for p in known}, credited_ref=credited)


@pytest.mark.parametrize("state", OPEN)
def test_a_captured_payment_that_matches_is_credited(state: TopUpState) -> None:
    decision = decide(facts(state), snapshot(PAYMENT, is_paid=True), SOON)
    assert (decision.state, decision.credit, decision.is_late) == (TopUpState.PAID, PAYMENT, False)
    assert decision.check_due_at is None


@pytest.mark.parametrize("state", GIVEN_UP)
def test_a_capture_after_the_end_is_credited_all_the_same(state: TopUpState) -> None:
    decision = decide(facts(state, FAILED), snapshot(PAYMENT), AFTER_EXPIRY)
    assert (decision.state, decision.credit, decision.is_late) == (TopUpState.PAID, PAYMENT, True)


def test_another_method_after_a_declined_one_is_not_late() -> None:
    second = replace(PAYMENT, payment_ref="pay_2")
    decision = decide(facts(TopUpState.FAILED, FAILED), snapshot(FAILED, second), SOON)
    assert (decision.credit, decision.is_late) == (second, False)


def test_a_capture_counts_before_its_order_reads_as_paid() -> None:
    assert decide(FACTS, snapshot(PAYMENT, is_paid=False), SOON).credit == PAYMENT


@pytest.mark.parametrize("seen", [BEGUN, AUTHORISED])
@pytest.mark.parametrize("state", [*OPEN, *GIVEN_UP])
def test_an_attempt_on_its_way_makes_the_top_up_pending(state: TopUpState, seen: Payment) -> None:
    decision = decide(facts(state), snapshot(seen), AFTER_EXPIRY)
    assert (decision.state, decision.credit) == (TopUpState.PENDING, None)


@pytest.mark.parametrize("state", OPEN)
def test_a_failed_attempt_fails_what_is_open(state: TopUpState) -> None:
    assert decide(facts(state), snapshot(FAILED), SOON).state is TopUpState.FAILED


@pytest.mark.parametrize("way", [PayBy.LINK, PayBy.UPI_QR])
@pytest.mark.parametrize("state", OPEN)
def test_a_link_or_a_code_goes_on_after_a_failed_attempt_until_its_time_is_over(state: TopUpState, way: PayBy) -> None:
    payable = replace(facts(state), pay_by=way)
    assert decide(payable, snapshot(FAILED), SOON).state is TopUpState.PENDING
    assert decide(payable, snapshot(FAILED), AFTER_EXPIRY).state is TopUpState.FAILED
    assert decide(payable, snapshot(), AFTER_EXPIRY).state is TopUpState.EXPIRED


@pytest.mark.parametrize("state", [*GIVEN_UP, TopUpState.PAID, TopUpState.REVIEW])
def test_a_failed_attempt_changes_nothing_that_has_ended(state: TopUpState) -> None:
    decision = decide(facts(state, credited="pay_0"), snapshot(FAILED), SOON)
    assert (decision.state, decision.credit, decision.attempts) == (state, None, (FAILED,))


def test_a_payment_given_back_before_it_was_credited_fails_the_top_up() -> None:
    assert decide(FACTS, snapshot(REFUNDED, is_paid=True), SOON).state is TopUpState.FAILED


def test_an_order_paid_by_a_payment_not_yet_readable_is_pending() -> None:
    assert decide(FACTS, snapshot(is_paid=True), AFTER_EXPIRY).state is TopUpState.PENDING


@pytest.mark.parametrize("state", OPEN)
def test_without_any_attempt_a_top_up_stays_open_until_its_time_is_over(state: TopUpState) -> None:
    assert decide(facts(state), snapshot(), SOON).state is state
    assert decide(facts(state), snapshot(), AFTER_EXPIRY).state is TopUpState.EXPIRED


@pytest.mark.parametrize("evidence", [Unavailable("timeout"), Refused("http_401", "")])
@pytest.mark.parametrize("state", [*OPEN, *GIVEN_UP])
def test_without_an_answer_nothing_changes_but_the_time_of_the_next_question(
    state: TopUpState, evidence: Refused | Unavailable
) -> None:
    decision = decide(facts(state), evidence, AFTER_EXPIRY)
    assert decision == TopUpDecision(state, next_check_at(CREATED_AT, AFTER_EXPIRY))


def test_no_answer_for_five_days_is_for_a_person() -> None:
    decision = decide(FACTS, Unavailable("timeout"), AFTER_ALL_CHECKS)
    assert decision == TopUpDecision(TopUpState.REVIEW, None, review_reason="no_answer")


def test_an_attempt_without_an_end_after_five_days_is_for_a_person() -> None:
    decision = decide(FACTS, snapshot(AUTHORISED), AFTER_ALL_CHECKS)
    assert (decision.state, decision.review_reason, decision.check_due_at) == (TopUpState.REVIEW, "no_outcome", None)


def test_a_top_up_without_an_order_only_expires() -> None:
    unordered = replace(FACTS, state=TopUpState.CREATED, order_ref=None)
    assert decide(unordered, None, SOON) == TopUpDecision(TopUpState.CREATED, unordered.expires_at)
    assert decide(unordered, None, AFTER_EXPIRY) == TopUpDecision(TopUpState.EXPIRED, None)


@pytest.mark.parametrize(
    ("evidence", "reason"),
    [
        (replace(snapshot(PAYMENT), mode="live"), "mode_differs"),
        (snapshot(PAYMENT, order_ref="order_2"), "order_differs"),
        (snapshot(PAYMENT, currency="USD"), "currency_differs"),
        (snapshot(PAYMENT, amount_minor=117_999), "amount_differs"),
        (replace(snapshot(PAYMENT, is_paid=True), paid_minor=100), "amount_differs"),
        (snapshot(replace(PAYMENT, order_ref="order_2")), "order_differs"),
        (snapshot(replace(PAYMENT, order_ref=None)), "order_differs"),
        (snapshot(replace(PAYMENT, currency="USD")), "currency_differs"),
        (snapshot(replace(PAYMENT, amount_minor=118_001)), "amount_differs"),
        (snapshot(replace(PAYMENT, amount_minor=117_999)), "amount_differs"),
    ],
)
@pytest.mark.parametrize("state", [*OPEN, *GIVEN_UP])
def test_any_figure_that_differs_is_for_a_person_and_credits_nothing(
    state: TopUpState, evidence: Snapshot, reason: str
) -> None:
    decision = decide(facts(state), evidence, SOON)
    assert (decision.state, decision.review_reason, decision.credit) == (TopUpState.REVIEW, reason, None)
    assert decision.check_due_at is None


def test_review_is_left_by_no_reading() -> None:
    assert decide(facts(TopUpState.REVIEW), snapshot(PAYMENT, is_paid=True), SOON).credit is None


def test_a_payment_of_another_order_is_not_stored_as_ours() -> None:
    assert decide(FACTS, snapshot(replace(PAYMENT, order_ref="order_2")), SOON).attempts == ()


def test_of_two_captured_payments_the_first_is_credited_and_the_other_is_surplus() -> None:
    second = replace(PAYMENT, payment_ref="pay_2", created_at=SOON + timedelta(seconds=1))
    decision = decide(FACTS, snapshot(second, PAYMENT, is_paid=True), SOON)
    assert (decision.credit, decision.surplus_refs) == (PAYMENT, frozenset({"pay_2"}))


def test_a_second_capture_after_the_credit_is_surplus() -> None:
    second = replace(PAYMENT, payment_ref="pay_2")
    decision = decide(facts(TopUpState.PAID, PAYMENT, credited="pay_1"), snapshot(PAYMENT, second, is_paid=True), SOON)
    assert (decision.state, decision.credit, decision.surplus_refs) == (TopUpState.PAID, None, frozenset({"pay_2"}))


def test_a_capture_of_another_amount_beside_a_good_one_is_surplus() -> None:
    odd = replace(PAYMENT, payment_ref="pay_0", amount_minor=1)
    decision = decide(FACTS, snapshot(odd, PAYMENT), SOON)
    assert (decision.state, decision.credit) == (TopUpState.PAID, PAYMENT)
    assert decision.surplus_refs == {"pay_0"}


def test_paid_is_flagged_but_not_taken_back_when_figures_differ_later() -> None:
    decision = decide(facts(TopUpState.PAID, PAYMENT, credited="pay_1"), snapshot(PAYMENT, amount_minor=1), SOON)
    assert (decision.state, decision.review_reason) == (TopUpState.PAID, "amount_differs")


def test_a_reading_older_than_what_is_known_takes_nothing_back() -> None:
    decision = decide(facts(TopUpState.FAILED, FAILED), snapshot(BEGUN), SOON)
    assert (decision.state, decision.attempts) == (TopUpState.FAILED, ())
    assert decide(facts(TopUpState.FAILED, REFUNDED), snapshot(PAYMENT), SOON).credit is None


@pytest.mark.parametrize("state", OPEN)
def test_what_is_open_and_idle_may_be_cancelled(state: TopUpState) -> None:
    assert may_cancel(facts(state))
    assert may_cancel(facts(state, FAILED))
    assert not may_cancel(facts(state, BEGUN))
    assert not may_cancel(facts(state, AUTHORISED))


@pytest.mark.parametrize("state", [*GIVEN_UP, TopUpState.PAID, TopUpState.REVIEW])
def test_what_has_ended_may_not_be_cancelled(state: TopUpState) -> None:
    assert not may_cancel(facts(state))


READINGS = {
    "authorised": snapshot(AUTHORISED),
    "captured": snapshot(PAYMENT),
    "order paid": snapshot(PAYMENT, is_paid=True),
    "failed": snapshot(FAILED),
    "nothing": snapshot(),
}


@pytest.mark.parametrize("order", list(permutations(READINGS)), ids="-".join)
def test_readings_in_any_order_end_in_one_credit(order: tuple[str, ...]) -> None:
    end, credits = _apply([READINGS[name] for name in order])
    assert end.state is TopUpState.PAID
    assert credits == ["pay_1"]


_payments = st.builds(
    replace,
    st.just(PAYMENT),
    payment_ref=st.sampled_from(["pay_1", "pay_2", "pay_3"]),
    status=st.sampled_from(PaymentStatus),
    amount_minor=st.sampled_from([118_000, 118_000, 1]),
)
_evidence = st.one_of(
    st.builds(
        lambda payments, is_paid: snapshot(*payments, is_paid=is_paid), st.lists(_payments, max_size=3), st.booleans()
    ),
    st.just(Unavailable("timeout")),
)


@given(st.lists(_evidence, max_size=8), st.sampled_from([SOON, AFTER_EXPIRY, AFTER_ALL_CHECKS]))
def test_whatever_is_read_at_most_one_payment_is_credited_and_only_in_full(
    readings: list[Snapshot | Unavailable], now: datetime
) -> None:
    end, credits = _apply(readings, now)
    assert len(credits) == (1 if end.state is TopUpState.PAID else 0)


@given(st.lists(_evidence, max_size=5))
def test_paid_stays_paid(readings: list[Snapshot | Unavailable]) -> None:
    end, credits = _apply([snapshot(PAYMENT, is_paid=True), *readings])
    assert (end.state, credits) == (TopUpState.PAID, ["pay_1"])


def _apply(
    readings: list[Snapshot] | list[Snapshot | Unavailable], now: datetime = SOON
) -> tuple[TopUpFacts, list[str]]:
    """The row after these readings, and what was credited on the way."""
    row, credits = FACTS, []
    for reading in readings:
        decision = decide(row, reading, now)
        known = dict(row.attempts) | {payment.payment_ref: payment.status for payment in decision.attempts}
        if decision.credit is not None:
            assert decision.credit.amount_minor == FACTS.total_minor
            credits.append(decision.credit.payment_ref)
        row = replace(row, state=decision.state, attempts=known, credited_ref=credits[0] if credits else None)
    return row, credits


def test_a_payment_whose_refund_failed_is_captured_again() -> None:
    failed = Refund("rfnd_1", "pay_1", PAYMENT.amount_minor, "INR", RefundStatus.FAILED, "", "", PAYMENT.created_at)
    known = replace(facts(TopUpState.PAID, REFUNDED), credited_ref="pay_1")
    again = replace(snapshot(PAYMENT, is_paid=True), refunds=(failed,))
    assert decide(known, again, SOON).attempts == (PAYMENT,)
    # An older reading, from before that refund, changes nothing back.
    assert decide(known, snapshot(PAYMENT, is_paid=True), SOON).attempts == ()
