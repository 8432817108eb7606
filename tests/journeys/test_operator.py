"""The operator steps in: a customer's sending stops and comes back, and all of it stands in the audit trail."""

import pytest
from playwright.sync_api import Page, expect

from tests.faults.running_demo import RunningDemo

from . import gateway
from .console import Console
from .customers import Customer
from .operators import change_seat

NARROW = 320
RECIPIENT = "+919812345678"


def expect_to_fit(page: Page) -> None:
    """Nothing is wider than a narrow phone."""
    page.set_viewport_size({"width": NARROW, "height": 640})
    assert page.evaluate("document.scrollingElement.scrollWidth") == NARROW
    page.set_viewport_size({"width": 1280, "height": 900})


@pytest.mark.parametrize("has_scripts", [True, False])
def test_an_operator_stops_and_allows_sending_and_gives_credits(
    console: Console, demo: RunningDemo, asha: Customer, olga: Customer
) -> None:
    page = console.page
    change_seat(console, olga)
    console.follow("Operator")
    console.expect_heading("Overview")
    console.follow("Organisations")
    page.get_by_label("Name, e-mail or ID").fill(asha.email)
    console.press("Search")
    console.follow(asha.organisation)
    console.follow("Give credits")
    page.get_by_label("Credits", exact=True).fill("25")
    page.get_by_label("Reason").fill("Welcome")
    console.press("Give credits")
    expect(page.get_by_text("The credits are given.")).to_be_visible()
    console.follow("Stop sending")
    page.get_by_label("Reason").fill("A complaint, being looked into")
    expect_to_fit(page)
    console.press("Stop sending")
    organisation_page = page.url

    change_seat(console, asha)
    console.expect_my_credits("25")
    console.send_sms(RECIPIENT, "Will not go")
    expect(page.get_by_text("Sending is stopped")).to_be_visible()
    page.goto(organisation_page)
    console.expect_heading("There is no such page")

    change_seat(console, olga)
    page.goto(organisation_page)
    console.follow("Allow sending")
    page.get_by_label("Reason").fill("Cleared")
    console.press("Allow sending")
    for words in ("Gave credits", "A complaint, being looked into", "Allowed sending"):
        expect(page.get_by_text(words)).to_be_visible()
    expect_to_fit(page)

    change_seat(console, asha)
    console.send_sms(RECIPIENT, "Goes again")
    page.wait_for_url("**/logs/messages/**")


def test_an_operator_compares_with_the_gateway_and_finds_all_matched(
    console: Console, demo: RunningDemo, asha: Customer, olga: Customer
) -> None:
    page = console.page
    console.go_to_gateway()
    gateway.pay(page, "UPI QR", has_scripts=True)
    gateway.return_now(page)
    console.expect_payment_successful()

    change_seat(console, olga)
    console.open("/operator/reconciliation/")
    console.press("Compare now")
    expect(page.get_by_text("The worker compares the last five days now.")).to_be_visible()
    console.open("/operator/top-ups/?state=paid")
    console.follow(asha.organisation)
    expect(page.get_by_text("Payment Successful")).to_be_visible()
    expect_to_fit(page)
    console.open("/operator/reconciliation/")
    expect(page.get_by_text("No open difference: all that was compared matches.")).to_be_visible()
    expect_to_fit(page)
