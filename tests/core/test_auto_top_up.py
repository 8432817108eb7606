"""When credits are bought by themselves: one row per outcome, and the laws of one at a time and of the cap."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from khata.billing.core.auto_top_up import (
    BACK_OFF,
    AutoFacts,
    AutomaticTopUp,
    AutoTopUpState,
    Charge,
    Decision,
    Nothing,
    Pause,
    PauseReason,
    Resume,
    Terms,
    Use,
    after_end,
    counted_minor,
    decide,
    month_began_at,
)
from khata.billing.core.checks import CHECKS_END_AFTER
from khata.billing.core.top_up_facts import TopUpState

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CREDIT = 1_000_000
TERMS = Terms(
    total_minor=118_000,
    cap_minor=236_000,
    mandate_max_minor=236_000,
    level_micro=500 * CREDIT,
    notice=timedelta(hours=36),
)
ON = AutoFacts(AutoTopUpState.ON)
LOW, PLENTY = Use(499 * CREDIT, 0), Use(100_000 * CREDIT, 0)


def begun(state: TopUpState, **changes: object) -> AutomaticTopUp:
    made = AutomaticTopUp(state, 118_000, NOW - timedelta(hours=1), NOW if state.is_credited else None)
    return replace(made, **changes)  # type: ignore[arg-type]


def decided(facts: AutoFacts = ON, *automatic: AutomaticTopUp, use: Use = LOW, terms: Terms = TERMS) -> Decision:
    return decide(terms, facts, automatic, use, month_began_at=month_began_at(NOW), now=NOW)


def test_credits_below_the_level_are_charged_for() -> None:
    assert decided() == Charge(118_000)


def test_credits_at_the_level_that_last_are_left_alone() -> None:
    assert decided(use=Use(500 * CREDIT, 0)) == Nothing()


@pytest.mark.parametrize(("hours", "decision"), [(59, Charge(118_000)), (61, Nothing())])
def test_credits_that_would_not_last_until_a_payment_arrived_are_charged_for(hours: int, decision: Decision) -> None:
    """36 hours of notice and 24 of margin."""
    assert decided(use=Use(hours * 1_000 * CREDIT, 168_000 * CREDIT)) == decision


@pytest.mark.parametrize("state", [AutoTopUpState.OFF, AutoTopUpState.PENDING_MANDATE, AutoTopUpState.PAUSED])
def test_only_what_is_on_charges(state: AutoTopUpState) -> None:
    assert decided(AutoFacts(state)) == Nothing()


@pytest.mark.parametrize("state", [TopUpState.CREATED, TopUpState.PENDING])
def test_nothing_is_charged_while_a_payment_is_under_way(state: TopUpState) -> None:
    assert decided(ON, begun(state)) == Nothing()


def test_a_payment_above_the_mandate_pauses() -> None:
    assert decided(terms=replace(TERMS, mandate_max_minor=117_999)) == Pause(PauseReason.ABOVE_MANDATE)


def test_the_cap_pauses_before_it_is_passed() -> None:
    paid = begun(TopUpState.PAID)
    assert decided(ON, paid) == Charge(118_000)
    assert decided(ON, paid, paid) == Pause(PauseReason.CAP_REACHED)
    assert decided(ON, paid, terms=replace(TERMS, cap_minor=235_999)) == Pause(PauseReason.CAP_REACHED)


def test_what_was_paused_for_its_cap_goes_on_once_there_is_room() -> None:
    capped = AutoFacts(AutoTopUpState.PAUSED, PauseReason.CAP_REACHED)
    paid = begun(TopUpState.PAID)
    assert decided(capped, paid, paid) == Nothing()
    assert decided(capped, paid) == Resume()


@pytest.mark.parametrize("reason", [reason for reason in PauseReason if reason is not PauseReason.CAP_REACHED])
def test_what_was_paused_for_anything_else_waits_for_a_person(reason: PauseReason) -> None:
    assert decided(AutoFacts(AutoTopUpState.PAUSED, reason)) == Nothing()


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (TopUpState.PARTLY_REFUNDED, PauseReason.TAKEN_BACK),
        (TopUpState.REFUNDED, PauseReason.TAKEN_BACK),
        (TopUpState.DISPUTED, PauseReason.TAKEN_BACK),
        (TopUpState.REVERSED, PauseReason.TAKEN_BACK),
        (TopUpState.REVIEW, PauseReason.UNCLEAR),
    ],
)
def test_a_refund_a_dispute_or_a_doubt_pauses_until_the_owner_goes_on(state: TopUpState, reason: PauseReason) -> None:
    assert decided(ON, begun(state)) == Pause(reason)
    assert decided(ON, begun(state, is_known=True)) == Charge(118_000)


def test_what_was_paid_last_month_leaves_room_in_this_one() -> None:
    before = NOW - timedelta(days=24)
    old = begun(TopUpState.PAID, created_at=before, paid_at=before)
    assert decided(ON, old, old) == Charge(118_000)


def test_what_was_begun_last_month_and_paid_in_this_one_counts() -> None:
    old = begun(TopUpState.PAID, created_at=NOW - timedelta(days=24))
    assert counted_minor([old], month_began_at(NOW), NOW) == 118_000


def test_a_failure_counts_as_long_as_its_bank_may_still_say_yes() -> None:
    failed = begun(TopUpState.FAILED, is_clear=False)
    assert counted_minor([failed], month_began_at(NOW), NOW) == 118_000
    assert counted_minor([replace(failed, is_clear=True)], month_began_at(NOW), NOW) == 0
    assert counted_minor([failed], month_began_at(NOW), failed.created_at + CHECKS_END_AFTER) == 0


def test_a_declined_payment_is_tried_again_later_and_later_and_then_pauses() -> None:
    once = after_end(ON, TopUpState.FAILED, NOW)
    assert (once.failures_count, once.next_try_at) == (1, NOW + timedelta(hours=6))
    assert decided(once) == Nothing()
    assert decide(TERMS, once, [], LOW, month_began_at=NOW, now=NOW + BACK_OFF[0]) == Charge(118_000)
    twice = after_end(once, TopUpState.CANCELLED, NOW)
    assert (twice.failures_count, twice.next_try_at) == (2, NOW + timedelta(hours=24))
    thrice = after_end(twice, TopUpState.EXPIRED, NOW)
    assert thrice == AutoFacts(AutoTopUpState.PAUSED, PauseReason.DECLINED, 3, None)


def test_a_payment_that_arrives_ends_the_counting_of_failures() -> None:
    assert after_end(replace(ON, failures_count=2, next_try_at=NOW), TopUpState.PAID, NOW) == ON


def test_a_month_begins_at_midnight_of_its_own_time_zone() -> None:
    assert month_began_at(NOW) == datetime(2026, 11, 1, tzinfo=UTC)


# The laws: months of looks, banks that answer in any order, and people who go on after every pause.

_ENDS = st.sampled_from(["look", "look", "pay", "decline", "lose", "give up", "late yes", "go on"])
_STEPS = st.lists(
    st.tuples(_ENDS, st.sampled_from([0, 0, 0, 7, 7, 26, 300]), st.integers(0, 5)), min_size=30, max_size=60
)
_MONTH_ENDS_SOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


class World:
    """The rows and the clock, moved as the operations move them."""

    def __init__(self, payments_max: int = 2) -> None:
        self.terms = replace(TERMS, cap_minor=payments_max * TERMS.total_minor)
        self.now, self.facts = _MONTH_ENDS_SOON, ON
        self.automatic: list[AutomaticTopUp] = []

    def step(self, kind: str, hours: int, which: int) -> None:
        self.now += timedelta(hours=hours)
        if kind == "look":
            self._look()
        elif kind == "go on":
            self.facts = ON
        elif kind == "late yes":
            self._confirm_late(which)
        else:
            self._end({"pay": TopUpState.PAID, "give up": TopUpState.EXPIRED}.get(kind, TopUpState.FAILED), kind)

    def taken_minor(self, month: tuple[int, int]) -> int:
        paid = [each for each in self.automatic if each.paid_at is not None]
        return sum(a.total_minor for a in paid if a.paid_at and (a.paid_at.year, a.paid_at.month) == month)

    def _look(self) -> None:
        began_at = month_began_at(self.now)
        decision = decide(self.terms, self.facts, self.automatic, LOW, month_began_at=began_at, now=self.now)
        match decision:
            case Charge(total_minor):
                self.automatic.append(AutomaticTopUp(TopUpState.CREATED, total_minor, self.now))
            case Pause(reason):
                self.facts = AutoFacts(AutoTopUpState.PAUSED, reason)
            case Resume():
                self.facts = ON

    def _end(self, state: TopUpState, kind: str) -> None:
        for index, under_way in enumerate(self.automatic):
            if under_way.state.is_open:
                paid_at = self.now if state is TopUpState.PAID else None
                self.automatic[index] = replace(under_way, state=state, paid_at=paid_at, is_clear=kind != "lose")
                self.facts = after_end(self.facts, state, self.now)

    def _confirm_late(self, which: int) -> None:
        unclear = [
            index
            for index, known in enumerate(self.automatic)
            if known.state is TopUpState.FAILED
            and not known.is_clear
            and self.now < known.created_at + CHECKS_END_AFTER
        ]
        if unclear:
            index = unclear[which % len(unclear)]
            self.automatic[index] = replace(self.automatic[index], state=TopUpState.PAID, paid_at=self.now)


@given(_STEPS)
def test_never_two_payments_are_under_way(steps: list[tuple[str, int, int]]) -> None:
    world = World()
    for step in steps:
        world.step(*step)
        assert sum(each.state.is_open for each in world.automatic) <= 1


@settings(max_examples=300)
@given(_STEPS, st.integers(1, 3))
def test_no_calendar_month_takes_more_than_the_cap_in_whatever_order_banks_answer(
    steps: list[tuple[str, int, int]], payments_max: int
) -> None:
    world = World(payments_max)
    for step in steps:
        world.step(*step)
        assert world.taken_minor((world.now.year, world.now.month)) <= world.terms.cap_minor
