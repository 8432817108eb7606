"""Tax to the paisa, when the gateway is asked again, and what may be said about a failure."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khata.billing.core.checks import CHECKS_END_AFTER, next_check_at, next_retry_at
from khata.billing.core.failures import is_outcome_clear
from khata.billing.core.tax import TaxLaw, TaxLine, tax_lines
from khata.payments.port import PaymentStatus
from khata.tenancy.core.tax_scheme import TaxScheme

START = datetime(2026, 11, 23, tzinfo=UTC)


def lines(amount_minor: int, *, customer: str, supplier: str = "29", rate_bp: int = 1800) -> tuple[TaxLine, ...]:
    law = TaxLaw(TaxScheme.GST, "IN", supplier, rate_bp, "VAT")
    return tax_lines(law, amount_minor=amount_minor, customer_state=customer, customer_registration="")


def test_within_a_state_the_tax_is_cgst_and_sgst() -> None:
    assert lines(100_000, customer="29") == (TaxLine("CGST 9 %", 9_000), TaxLine("SGST 9 %", 9_000))


def test_between_states_the_tax_is_igst() -> None:
    assert lines(100_000, customer="27") == (TaxLine("IGST 18 %", 18_000),)


def test_within_a_union_territory_without_legislature_the_second_line_is_utgst() -> None:
    assert [line.label for line in lines(100, customer="04", supplier="04")] == ["CGST 9 %", "UTGST 9 %"]
    assert [line.label for line in lines(100, customer="07", supplier="07")] == ["CGST 9 %", "SGST 9 %"]


@pytest.mark.parametrize(
    ("amount_minor", "tax_minor"),
    [(5, 0), (6, 1), (10_050, 905), (10_055, 905), (10_056, 905), (10_061, 905), (10_062, 906)],
)
def test_each_line_is_rounded_half_up_to_the_paisa(amount_minor: int, tax_minor: int) -> None:
    assert [line.amount_minor for line in lines(amount_minor, customer="29")] == [tax_minor, tax_minor]


def test_half_a_paisa_rounds_up() -> None:
    assert lines(50, customer="29", rate_bp=200)[0].amount_minor == 1
    assert lines(49, customer="29", rate_bp=200)[0].amount_minor == 0


def test_a_rate_with_a_half_percent_is_written_exactly() -> None:
    assert [line.label for line in lines(100, customer="29", rate_bp=500)] == ["CGST 2.5 %", "SGST 2.5 %"]


@given(st.integers(1, 10**9))
def test_the_two_halves_are_equal_and_the_tax_is_18_percent_to_the_paisa(amount_minor: int) -> None:
    central, state = lines(amount_minor, customer="29")
    assert central.amount_minor == state.amount_minor
    assert abs((central.amount_minor + state.amount_minor) * 100 - amount_minor * 18) <= 100


def test_while_the_payer_is_there_every_minute_asks() -> None:
    due_at = next_check_at(START, START + timedelta(minutes=5))
    assert due_at is not None
    assert due_at < START + timedelta(minutes=6)


@given(st.timedeltas(timedelta(0), CHECKS_END_AFTER), st.timedeltas(timedelta(0), CHECKS_END_AFTER))
def test_the_older_the_rarer(one: timedelta, other: timedelta) -> None:
    younger, older = sorted((one, other))
    young_due, old_due = next_check_at(START, START + younger), next_check_at(START, START + older)
    if young_due is not None and old_due is not None:
        assert young_due - younger <= old_due - older


def test_after_five_days_nobody_asks_any_more() -> None:
    assert next_check_at(START, START + CHECKS_END_AFTER - timedelta(seconds=1)) is not None
    assert next_check_at(START, START + CHECKS_END_AFTER) is None


def test_a_webhook_is_tried_again_ever_more_rarely_and_not_for_ever() -> None:
    waits = [due_at - START for tries in range(16) if (due_at := next_retry_at(tries, START)) is not None]
    assert waits == sorted(waits)
    assert waits[0] == timedelta(minutes=1)
    assert waits[-1] < timedelta(hours=9)
    assert sum(waits, timedelta()) > timedelta(days=1), "longer than the gateway itself keeps trying"
    assert next_retry_at(16, START) is None


@pytest.mark.parametrize("reason", ["card_declined", "incorrect_otp", "insufficient_funds", "payment_cancelled"])
def test_a_payment_that_ended_before_any_debit_is_clear(reason: str) -> None:
    assert is_outcome_clear(status=PaymentStatus.FAILED, code="BAD_REQUEST_ERROR", reason=reason)


@pytest.mark.parametrize("reason", ["payment_timed_out", "payment_failed", "gateway_technical_error", "", "brand_new"])
def test_whatever_may_have_reached_a_bank_is_unclear(reason: str) -> None:
    assert not is_outcome_clear(status=PaymentStatus.FAILED, code="BAD_REQUEST_ERROR", reason=reason)


def test_the_gateways_own_trouble_is_unclear_whatever_the_reason() -> None:
    assert not is_outcome_clear(status=PaymentStatus.FAILED, code="GATEWAY_ERROR", reason="card_declined")


@pytest.mark.parametrize("status", [s for s in PaymentStatus if s is not PaymentStatus.FAILED])
def test_only_a_failed_payment_can_be_clear(status: PaymentStatus) -> None:
    assert not is_outcome_clear(status=status, code="", reason="card_declined")
