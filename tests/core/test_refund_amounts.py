"""Refund arithmetic: no parts ever sum to more than was paid and bought, and the last one brings the rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khata.billing.core.refund_amounts import Bought, RefundShare, bonus_share, money_left, refundable, share_of

THOUSAND = Bought(total_minor=118_000, tax_minor=18_000, credits_micro=5_000_000_000)

purchases = st.integers(1, 10**9).flatmap(
    lambda amount: st.builds(
        Bought,
        st.just(amount),
        st.integers(0, amount),
        st.integers(1, 10**14),
    )
)


def test_a_full_refund_is_everything() -> None:
    assert share_of(THOUSAND, [], 118_000) == RefundShare(118_000, 18_000, 5_000_000_000)


def test_four_hundred_credits_worth_is_eighty_rupees_and_its_tax() -> None:
    assert share_of(THOUSAND, [], 9_440) == RefundShare(9_440, 1_440, 400_000_000)


@pytest.mark.parametrize(
    ("unspent", "most"),
    [(5_000_000_000, 118_000), (400_000_000, 9_440), (0, 0), (399_999_999, 9_439), (1, 0)],
)
def test_as_much_can_be_refunded_as_its_credits_are_unspent(unspent: int, most: int) -> None:
    assert refundable(THOUSAND, [], unspent) == most


def test_what_was_refunded_before_can_not_be_refunded_again() -> None:
    first = share_of(THOUSAND, [], 100_000)
    assert refundable(THOUSAND, [first], 5_000_000_000) == 18_000
    rest = share_of(THOUSAND, [first], 18_000)
    assert (first.tax_minor + rest.tax_minor, money_left(THOUSAND, [first, rest])) == (18_000, 0)
    assert refundable(THOUSAND, [first, rest], 5_000_000_000) == 0


@given(purchases, st.data())
def test_any_parts_with_any_failures_between_sum_to_no_more_than_was_paid_and_the_last_brings_the_rest(
    bought: Bought, data: st.DataObject
) -> None:
    given_back: list[RefundShare] = []
    for _ in range(data.draw(st.integers(0, 8))):
        left = money_left(bought, given_back)
        if not left:
            break
        share = share_of(bought, given_back, data.draw(st.integers(1, left)))
        assert 0 <= share.tax_minor <= share.amount_minor
        assert share.credits_micro >= 0
        given_back.append(share)
        if data.draw(st.booleans()):
            given_back.pop(data.draw(st.integers(0, len(given_back) - 1)))
    assert sum(share.tax_minor for share in given_back) <= bought.tax_minor
    assert sum(share.amount_minor - share.tax_minor for share in given_back) <= bought.total_minor - bought.tax_minor
    assert sum(share.credits_micro for share in given_back) <= bought.credits_micro
    if left := money_left(bought, given_back):
        given_back.append(share_of(bought, given_back, left))
        assert sum(share.tax_minor for share in given_back) == bought.tax_minor
        assert sum(share.credits_micro for share in given_back) == bought.credits_micro


@given(purchases, st.data())
def test_what_is_refundable_takes_only_unspent_credits_and_a_paisa_more_would_not(
    bought: Bought, data: st.DataObject
) -> None:
    given_back = []
    if bought.total_minor > 1 and data.draw(st.booleans()):
        given_back.append(share_of(bought, [], data.draw(st.integers(1, bought.total_minor - 1))))
    gone = sum(share.credits_micro for share in given_back)
    unspent = data.draw(st.integers(0, bought.credits_micro - gone))
    most = refundable(bought, given_back, unspent)
    if most:
        assert share_of(bought, given_back, most).credits_micro <= unspent
    if most < money_left(bought, given_back):
        assert share_of(bought, given_back, most + 1).credits_micro > unspent


@given(credits_micro=st.integers(1, 10**12), bonus_micro=st.integers(0, 10**12), cuts=st.lists(st.integers(1, 10**12)))
def test_the_shares_of_a_bonus_sum_to_the_bonus_once_all_bought_credits_are_gone(
    credits_micro: int, bonus_micro: int, cuts: list[int]
) -> None:
    bought = Bought(118_000, 18_000, credits_micro)
    given_back, taken, left = [RefundShare(1, 0, 0)], 0, credits_micro
    for cut in [*cuts, credits_micro]:
        part = min(cut, left)
        taken += bonus_share(bought, bonus_micro, given_back, part)
        given_back.append(RefundShare(1, 0, part))
        left -= part
        assert taken == bonus_micro * (credits_micro - left) // credits_micro
    assert (left, taken) == (0, bonus_micro)
