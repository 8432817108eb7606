"""Each payment of either list lands in one class, and only money that differs is a finding."""

from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khata.billing.core.reconciliation import Match, OurPayment, compare_payments, compare_settled
from khata.payments.port import Payment, PaymentMethod, PaymentStatus, SettledItem

AT = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
OURS = frozenset({"order_1"})
TAKEN = (PaymentStatus.CAPTURED, PaymentStatus.REFUNDED)


def theirs(
    status: PaymentStatus = PaymentStatus.CAPTURED, ref: str = "pay_1", order: str | None = "order_1"
) -> Payment:
    return Payment(ref, order, status, 118_000, "INR", PaymentMethod.UPI, "", "", "", "", "", "", "", AT)


def ours(status: PaymentStatus = PaymentStatus.CAPTURED, ref: str = "pay_1", order: str = "order_1") -> OurPayment:
    return OurPayment(ref, order, status, 118_000, "INR", AT)


def match(there: Payment | None, here: OurPayment | None) -> tuple[Match, tuple[str, ...]]:
    (found,) = compare_payments([there] if there else [], [here] if here else [], OURS)
    return found.match, found.differences


@pytest.mark.parametrize("status", TAKEN)
def test_what_both_sides_tell_alike_is_matched(status: PaymentStatus) -> None:
    assert match(theirs(status), ours(status)) == (Match.MATCHED, ())


@pytest.mark.parametrize("known_as", [None, PaymentStatus.CREATED, PaymentStatus.AUTHORISED, PaymentStatus.FAILED])
def test_money_taken_for_our_order_that_we_do_not_know_of_is_missing_here(known_as: PaymentStatus | None) -> None:
    assert match(theirs(), ours(known_as) if known_as else None)[0] is Match.MISSING_HERE


@pytest.mark.parametrize("order", ["order_9", None])
def test_money_taken_for_no_order_of_ours_is_an_orphan(order: str | None) -> None:
    assert match(theirs(order=order), None)[0] is Match.ORPHAN


@pytest.mark.parametrize("status", TAKEN)
def test_money_we_have_and_the_gateway_does_not_list_is_missing_there(status: PaymentStatus) -> None:
    assert match(None, ours(status))[0] is Match.MISSING_THERE


@pytest.mark.parametrize(
    ("changed", "names"),
    [
        ({"amount_minor": 1}, ("amount",)),
        ({"currency": "USD"}, ("currency",)),
        ({"order_ref": "order_2"}, ("order",)),
        ({"status": PaymentStatus.FAILED}, ("status",)),
        ({"refunded_minor": 500}, ("refunded",)),
        ({"status": PaymentStatus.REFUNDED, "amount_minor": 1}, ("amount", "status")),
    ],
)
def test_different_figures_of_taken_money_are_named(changed: dict[str, object], names: tuple[str, ...]) -> None:
    assert match(replace(theirs(), **changed), ours()) == (Match.DIFFERS, names)  # type: ignore[arg-type]


@pytest.mark.parametrize("status", [PaymentStatus.CREATED, PaymentStatus.AUTHORISED, PaymentStatus.FAILED])
def test_a_payment_that_took_nothing_is_nobodys_difference(status: PaymentStatus) -> None:
    assert match(theirs(status), None)[0] is Match.WITHOUT_MONEY
    assert match(None, ours(status))[0] is Match.WITHOUT_MONEY
    assert match(theirs(status), ours(PaymentStatus.CREATED))[0] is Match.WITHOUT_MONEY


def test_money_that_went_back_before_we_heard_of_it_is_missing_where_its_order_is_ours() -> None:
    assert match(theirs(PaymentStatus.REFUNDED), None)[0] is Match.MISSING_HERE
    assert match(theirs(PaymentStatus.REFUNDED, order="order_9"), None)[0] is Match.WITHOUT_MONEY


def test_a_payment_listed_twice_counts_as_it_stood_last() -> None:
    listed = [theirs(PaymentStatus.CAPTURED), theirs(PaymentStatus.AUTHORISED)]
    for order in (listed, listed[::-1]):
        (found,) = compare_payments(order, [ours()], OURS)
        assert found.match is Match.MATCHED


REFS = [f"pay_{number}" for number in range(6)]
ORDERS = ["order_1", "order_2"]
STATUSES = st.sampled_from(list(PaymentStatus))


@st.composite
def sides(draw: st.DrawFn) -> tuple[list[Payment], list[OurPayment]]:
    """Both lists, each payment once on a side, in any order, agreeing or not."""
    there, here = [], []
    for ref in draw(st.permutations(REFS)):
        if draw(st.booleans()):
            there.append(theirs(draw(STATUSES), ref, draw(st.sampled_from([*ORDERS, None]))))
        if draw(st.booleans()):
            here.append(ours(draw(STATUSES), ref, draw(st.sampled_from(ORDERS))))
    return there, draw(st.permutations(here))


@given(sides(), st.sets(st.sampled_from(ORDERS)), st.randoms(use_true_random=False))
def test_every_payment_lands_in_exactly_one_class_whatever_the_order(
    lists: tuple[list[Payment], list[OurPayment]], our_orders: set[str], chance: Random
) -> None:
    there, here = lists
    found = compare_payments(there, here, our_orders)
    refs = [one.payment_ref for one in found]
    assert refs == sorted({one.payment_ref for one in there} | {one.payment_ref for one in here})
    shuffled = list(there)
    chance.shuffle(shuffled)
    assert compare_payments(shuffled, here[::-1], our_orders) == found


@given(sides(), st.sets(st.sampled_from(ORDERS)))
def test_all_money_either_side_took_is_matched_or_found(
    lists: tuple[list[Payment], list[OurPayment]], our_orders: set[str]
) -> None:
    there, here = lists
    by_ref = {one.payment_ref: one for one in compare_payments(there, here, our_orders)}
    for captured in (one for one in there if one.status is PaymentStatus.CAPTURED):
        assert by_ref[captured.payment_ref].match is not Match.WITHOUT_MONEY
    for taken in (one for one in here if one.status in TAKEN):
        assert by_ref[taken.payment_ref].match in (Match.MATCHED, Match.MISSING_THERE, Match.DIFFERS)


def settled(kind: str, ref: str, amount_minor: int = 118_000) -> SettledItem:
    return SettledItem(kind, ref, None, amount_minor, 2_360, 360, "setl_1", AT)


def test_a_settled_line_is_held_against_our_amount() -> None:
    items = [settled("payment", "pay_1"), settled("payment", "pay_2"), settled("refund", "rfnd_1", 50_000)]
    found = compare_settled(items, {"pay_1": 118_000, "rfnd_1": 49_999})
    assert [one.match for one in found] == [Match.MATCHED, Match.ORPHAN, Match.DIFFERS]
    assert [one.our_amount_minor for one in found] == [118_000, None, 49_999]


def test_an_adjustment_is_the_gateways_own() -> None:
    assert compare_settled([settled("adjustment", "adj_1")], {})[0].match is Match.MATCHED


@pytest.mark.parametrize(
    ("listed", "is_known"), [(0, False), (999, False), (1_000, True), (1_300, True), (1_500, True), (1_501, False)]
)
def test_a_refund_on_its_way_may_be_counted_already_but_no_more_than_that(listed: int, is_known: bool) -> None:
    here = replace(ours(), refunded_minor=1_000, refunding_minor=500)
    there = replace(theirs(), refunded_minor=listed)
    assert match(there, here) == ((Match.MATCHED, ()) if is_known else (Match.DIFFERS, ("refunded",)))
