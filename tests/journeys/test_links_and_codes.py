"""Paying otherwise than at the checkout: a colleague with a link and no account here, a phone that scans a code."""

from playwright.sync_api import Browser, Page, expect

from tests.faults.running_demo import RunningDemo

from . import gateway
from .console import Console
from .customers import Customer, top_ups_count
from .payment_page import reload_until
from .watch import Watch

MAIN_ACTION = ".payment .button.primary"


def choose_way(console: Console, way: str) -> None:
    """In Add Credits, up to the payment's page."""
    console.press_top_up()
    console.page.get_by_role("radio", name=way, exact=True).check()
    console.press("Add Credits")
    console.expect_heading("Waiting for payment")


def approve_on_phone(page: Page) -> None:
    """The gateway's image, opened in a browser, is the simulated phone that scanned it."""
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="The gateway's own image").click()
    phone = opened.value
    phone.get_by_role("button", name="Approve", exact=True).click()
    expect(phone.get_by_role("heading", name="Approved")).to_be_visible()
    phone.close()


def test_a_colleague_pays_by_the_link_and_the_page_learns_of_it_by_itself(
    console: Console, demo: RunningDemo, asha: Customer, browser: Browser
) -> None:
    page = console.page
    choose_way(console, "Ask a colleague to pay")
    link = page.locator("#pay-link").inner_text()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    console.press("Copy")
    expect(console.button("Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == link

    context = browser.new_context()
    watch, colleague = Watch(context), context.new_page()
    colleague.goto(link)
    expect(colleague.get_by_text("1,180.00").first).to_be_visible()
    colleague.get_by_role("button", name="Proceed to pay").click()
    gateway.pay(colleague, "Netbanking", has_scripts=True)
    gateway.return_now(colleague)
    expect(colleague.get_by_role("heading", level=1, name="Payment Successful")).to_be_visible()
    expect(colleague.get_by_role("link", name="Log in")).to_be_visible()
    context.close()
    assert watch.troubles == []

    console.expect_payment_successful()
    expect(page.locator("#pay-link")).to_have_count(0)
    console.expect_my_credits("5,000")
    assert [line.credits for line in console.credit_history().lines] == [5000]
    assert top_ups_count(demo, asha) == 1


def test_a_code_on_the_page_is_scanned_and_the_page_learns_of_it_by_itself(console: Console) -> None:
    page = console.page
    choose_way(console, "UPI QR on this page")
    expect(page.get_by_role("img", name="UPI QR code for ₹1,180.00")).to_be_visible()
    assert str(page.get_by_role("link", name="Open a UPI app").get_attribute("href")).startswith("upi://pay?")
    approve_on_phone(page)
    console.expect_payment_successful()
    console.expect_my_credits("5,000")
    assert [line.credits for line in console.credit_history().lines] == [5000]


def test_a_cancelled_link_cannot_be_paid_any_more(console: Console, browser: Browser) -> None:
    page = console.page
    choose_way(console, "Ask a colleague to pay")
    link = page.locator("#pay-link").inner_text()
    console.press("Cancel")
    console.expect_heading("Cancelled")
    expect(page.locator(MAIN_ACTION)).to_have_text("Start again")
    colleague = browser.new_context().new_page()
    colleague.goto(link)
    # A worker tells the gateway, a moment later.
    reload_until(colleague, colleague.get_by_text("The shop has withdrawn this link."))
    colleague.context.close()
