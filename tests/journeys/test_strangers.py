"""Who may see what: other organisations nothing, visitors who come back from the gateway only how a payment stands."""

import re

from playwright.sync_api import expect

from tests.faults.running_demo import RunningDemo

from . import gateway
from .console import Console
from .customers import sign_up


def test_another_organisation_sees_no_payment_no_message_and_no_history(console: Console, demo: RunningDemo) -> None:
    page = console.page
    console.go_to_gateway()
    gateway.pay(page, "Netbanking", has_scripts=True)
    gateway.return_now(page)
    payment_address = page.url
    console.send_sms("+919812345678", "For nobody else")
    console.expect_status("Delivered")
    addresses = [payment_address, f"{payment_address}checkout/", page.url]

    page.context.clear_cookies()
    console.log_in(sign_up(demo.ready, "Chen"))
    for address in addresses:
        page.goto(address)
        console.expect_heading("There is no such page")
        expect(page.get_by_text("₹1,180.00")).to_have_count(0)
        expect(page.get_by_text("For nobody else")).to_have_count(0)
    console.open("/billing/credit-history/?period=all")
    expect(page.get_by_role("table")).to_have_count(0)
    console.open("/logs/")
    expect(page.get_by_text("No message was sent yet.")).to_be_visible()
    console.expect_credits_for_sms("0")


def test_signed_out_on_the_way_back_only_the_status_is_told(console: Console, demo: RunningDemo) -> None:
    page = console.page
    console.go_to_gateway()
    gateway.pay(page, "Netbanking", has_scripts=True)
    page.context.clear_cookies()
    gateway.return_now(page)
    console.expect_heading("Payment Successful")
    expect(page.get_by_role("link", name=re.compile("My Credits"))).to_have_count(0)
    expect(page.get_by_text("₹")).to_have_count(0)
    expect(page.get_by_role("link", name="Log in")).to_be_visible()


def test_logging_in_after_the_return_leads_to_the_payment(console: Console, demo: RunningDemo) -> None:
    page = console.page
    asha = sign_up(demo.ready, "Asha")
    page.context.clear_cookies()
    console.log_in(asha)
    console.go_to_gateway()
    gateway.pay(page, "Netbanking", has_scripts=True)
    page.context.clear_cookies()
    gateway.return_now(page)
    console.follow("Log in")
    console.fill_log_in(asha)
    console.expect_payment_successful()
    console.expect_my_credits("5,000")
