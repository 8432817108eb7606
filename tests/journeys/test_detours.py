"""Declines, second thoughts, impatient fingers and slow banks on the way: credits come once, or not at all."""

import pytest
from playwright.sync_api import Locator, expect

from tests.faults.running_demo import RunningDemo

from . import gateway
from .console import Console
from .control import answer_for_bank, let_checkout_run_out
from .customers import Customer, top_ups_count

SCRIPTS_OR_NOT = pytest.mark.parametrize("has_scripts", [True, False], ids=["scripts", "no-scripts"])
NOT_CHARGED = "You were not charged."


def double_click(button: Locator) -> None:
    """Both clicks before the page can go: a mouse's second one may be lost between two sites and never answered."""
    button.evaluate("button => { button.click(); button.click(); }")


@SCRIPTS_OR_NOT
def test_after_a_declined_card_another_method_pays(console: Console, has_scripts: bool) -> None:
    page = console.page
    console.go_to_gateway()
    gateway.fill_test_card(page, "card_declined")
    gateway.start(page, "Cards")
    page.get_by_label("One-time password").fill("123456")
    console.press("Submit OTP")
    console.expect_heading("Payment failed")
    expect(page.get_by_role("status")).to_contain_text("not charged")
    console.follow("Other method")
    gateway.pay(page, "Netbanking", has_scripts=has_scripts)
    gateway.return_now(page)
    console.expect_payment_successful()
    assert [line.credits for line in console.credit_history().lines] == [5000]


@SCRIPTS_OR_NOT
def test_cancelling_at_the_gateway_charges_nothing_and_can_be_started_again(
    console: Console, has_scripts: bool
) -> None:
    page = console.page
    console.go_to_gateway()
    console.follow("Cancel payment")
    console.press("Yes, cancel")
    console.expect_heading("Cancelled")
    expect(page.get_by_text(NOT_CHARGED)).to_be_visible()
    console.expect_my_credits("0")
    console.press("Start again")
    if not has_scripts:
        console.press("Continue to payment")
    expect(page.locator("#total")).to_have_text("₹1,180.00")
    gateway.pay(page, "Netbanking", has_scripts=has_scripts)
    gateway.return_now(page)
    console.expect_payment_successful()
    console.expect_credits_for_sms("5,000")


@SCRIPTS_OR_NOT
def test_double_clicks_start_one_top_up_and_one_payment(
    console: Console, demo: RunningDemo, asha: Customer, has_scripts: bool
) -> None:
    page = console.page
    console.press_top_up()
    double_click(console.button("Add Credits"))
    if not has_scripts:
        double_click(console.button("Continue to payment"))
    gateway.expect_methods(page)
    double_click(gateway.choose(page, "Netbanking").get_by_role("button", name="Pay", exact=True))
    double_click(console.button("Success"))
    double_click(page.locator("#return-now"))
    console.expect_payment_successful()
    expect(page.get_by_role("term").filter(has_text="Payment ID")).to_have_count(1)
    assert top_ups_count(demo, asha) == 1
    assert [line.credits for line in console.credit_history().lines] == [5000]


@SCRIPTS_OR_NOT
def test_reload_and_back_pay_once(console: Console, demo: RunningDemo, asha: Customer, has_scripts: bool) -> None:
    page = console.page
    console.go_to_gateway()
    page.reload()
    gateway.expect_methods(page)
    page.go_back()
    expect(page.get_by_role("link", name="My Credits")).to_be_visible()
    page.go_forward()
    gateway.expect_methods(page)
    gateway.pay(page, "Netbanking", has_scripts=has_scripts)
    page.reload()
    console.expect_heading("Payment Successful")
    gateway.return_now(page)
    page.reload()
    console.expect_payment_successful()
    page.go_back()
    console.expect_heading("Payment Successful")
    gateway.return_now(page)
    console.expect_payment_successful()
    assert top_ups_count(demo, asha) == 1
    assert [line.credits for line in console.credit_history().lines] == [5000]


def test_a_second_tab_of_the_same_payment_is_told_that_it_is_paid(console: Console, demo: RunningDemo) -> None:
    console.go_to_gateway()
    second = Console(console.page.context.new_page(), demo.ready, has_scripts=True)
    second.open("/billing/credit-history/")
    second.page.get_by_label("Payments under way").get_by_role("link").click()
    second.expect_heading("Waiting for payment")
    second.follow("Continue to payment")
    gateway.expect_methods(second.page)

    gateway.pay(console.page, "Netbanking", has_scripts=True)
    gateway.return_now(console.page)
    console.expect_payment_successful()

    second.expect_heading("Already paid")
    second.follow("Return now")
    second.expect_payment_successful()
    second.expect_credits_for_sms("5,000")


def test_a_pending_payment_says_so_and_becomes_successful_by_itself(console: Console, demo: RunningDemo) -> None:
    page = console.page
    console.go_to_gateway()
    gateway.start(page, "Netbanking")
    console.press("Stay pending")
    expect(page.get_by_role("heading", name="Waiting for your bank")).to_be_visible()
    console.follow("Cancel payment")
    console.press("Yes, cancel")
    console.expect_heading("Pending")
    expect(page.get_by_text("You don't need to pay again")).to_be_visible()
    expect(page.get_by_role("banner").get_by_text("₹1,180.00 pending")).to_be_visible()
    console.expect_my_credits("0")
    answer_for_bank(demo, "created")
    console.expect_payment_successful()
    console.expect_my_credits("5,000")
    console.expect_credits_for_sms("5,000")


def test_a_bank_that_confirms_a_failed_payment_late_still_brings_the_credits(
    console: Console, demo: RunningDemo
) -> None:
    page = console.page
    console.go_to_gateway()
    gateway.start(page, "Netbanking")
    console.press("Failure")
    console.expect_heading("Payment failed")
    console.follow("Cancel")
    console.press("Yes, cancel")
    console.expect_heading("Failed")
    expect(page.get_by_text("No credits were added.")).to_be_visible()
    answer_for_bank(demo, "failed")
    console.expect_credits_come_late()
    expect(page.get_by_text("Confirmed late by your bank.")).to_be_visible()
    assert [line.credits for line in console.credit_history().lines] == [5000]


def test_a_session_that_ran_out_leads_back_and_charges_nothing(console: Console, demo: RunningDemo) -> None:
    page = console.page
    console.go_to_gateway()
    let_checkout_run_out(page, demo)
    gateway.start(page, "Netbanking")
    console.expect_heading("Session expired")
    gateway.return_now(page)
    console.expect_heading("Expired")
    expect(page.get_by_text(NOT_CHARGED)).to_be_visible()
    console.expect_credits_for_sms("0")
    assert console.page.get_by_role("table").count() == 0
