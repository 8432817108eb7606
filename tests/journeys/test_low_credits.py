"""Credits run low, the mail comes, its link leads to Add Credits with the amount filled in, and they are paid."""

from playwright.sync_api import Page, expect

from tests.faults.running_demo import RunningDemo

from . import gateway
from .console import Console
from .customers import Customer, sign_up
from .mailbox import link_in_mail

RECIPIENT = "+919812345678"
LINK = "/billing/one-tap/"
NEXT_LOOK_S = 90.0
"""Wallets are looked at every minute."""


def test_low_credits_are_mailed_and_topped_up_by_the_mails_link(page: Page, demo: RunningDemo) -> None:
    customer = sign_up(demo.ready, "Asha", rupees=2_000)
    console = Console(page, demo.ready, has_scripts=True)
    console.log_in(customer)
    _choose_level(console, "10,000")
    console.send_sms(RECIPIENT, "One of ten thousand")
    console.expect_my_credits("9,999")
    console.open()
    expect(page.get_by_text("Credits are low: 9,999 left")).to_be_visible()

    link = link_in_mail(demo, customer.email, LINK, deadline_s=NEXT_LOOK_S)
    page.context.clear_cookies()
    page.goto(link)
    console.expect_heading("Log in")
    console.fill_log_in(customer)
    console.expect_heading("Add Credits")
    expect(console.amount).to_have_value("2000")
    expect(page.get_by_text("₹2,360.00")).to_be_visible()
    console.press_add_credits()
    gateway.pay(page, "UPI QR", has_scripts=True)
    gateway.return_now(page)
    console.expect_heading("Payment Successful")
    console.expect_my_credits("19,999")
    _expect_told_once(console, customer)


def _choose_level(console: Console, level: str) -> None:
    console.open("/billing/alerts/")
    console.page.get_by_label("Low below").fill(level)
    console.press("Save")
    expect(console.page.get_by_text("Alerts saved.")).to_be_visible()


def _expect_told_once(console: Console, customer: Customer) -> None:
    console.open("/billing/alerts/")
    row = console.page.get_by_role("row").filter(has_text="Credits low: 9,999 credits left")
    expect(row).to_have_count(1)
    expect(row).to_contain_text(customer.email)
