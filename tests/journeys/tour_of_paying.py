"""The part of the tour that pays: every page of the gateway, and a payment's page in its states."""

from collections.abc import Iterator

from playwright.sync_api import Page, expect

from tests.faults.running_demo import RunningDemo

from . import gateway
from .console import Console
from .control import answer_for_bank, let_checkout_run_out

Stop = tuple[str, Page]
"""A name, and the page that shows it now."""


def at_the_gateway(console: Console, demo: RunningDemo) -> Iterator[Stop]:
    page = console.page
    console.open()
    console.go_to_gateway()
    for method, place in gateway.METHODS.items():
        gateway.choose(page, method)
        yield f"gateway-{place.removeprefix('#')}", page
    yield from _card(console)
    console.follow("Other method")
    yield from _phone(page)
    console.follow("Other method")
    yield from _banks(console)
    yield from _pending(console, demo)


def _card(console: Console) -> Iterator[Stop]:
    page = console.page
    gateway.start(page, "Cards")
    expect(page.get_by_role("alert")).to_be_visible()
    yield "gateway-cards-refused", page
    gateway.fill_test_card(page, "succeeds")
    page.get_by_text("Test data").click()
    yield "gateway-cards-filled", page
    gateway.start(page, "Cards")
    console.expect_heading("Confirm with your bank")
    yield "gateway-otp", page
    page.get_by_label("One-time password").fill("12")
    console.press("Submit OTP")
    console.expect_heading("Payment failed")
    yield "gateway-failed", page


def _banks(console: Console) -> Iterator[Stop]:
    page = console.page
    gateway.start(page, "Wallet")
    console.button("Success").wait_for()
    yield "gateway-wallet-page", page
    console.press("Failure")
    console.expect_heading("Payment failed")
    console.follow("Other method")
    gateway.start(page, "Netbanking")
    console.button("Success").wait_for()
    yield "gateway-bank-page", page
    console.press("Stay pending")
    expect(page.get_by_role("heading", name="Waiting for your bank")).to_be_visible()
    yield "gateway-waiting", page
    console.follow("Cancel payment")
    console.button("Yes, cancel").wait_for()
    yield "gateway-cancel", page
    console.press("Yes, cancel")
    console.expect_heading("Pending")
    yield "payment-pending", page


def _pending(console: Console, demo: RunningDemo) -> Iterator[Stop]:
    page = console.page
    console.open("/billing/credit-history/")
    yield "credit-history-pending", page
    console.press_top_up()
    yield "add-credits-while-pending", page
    console.press("Cancel")
    page.get_by_label("Payments under way").get_by_role("link").click()
    answer_for_bank(demo, "created")
    console.expect_payment_successful()
    yield "payment-successful", page


def _phone(page: Page) -> Iterator[Stop]:
    gateway.start(page, "UPI")
    opener = page.locator("#open-on-your-phone")
    opener.wait_for()
    yield "gateway-upi-waiting", page
    with page.context.expect_page() as opened:
        opener.click()
    phone = opened.value
    yield "phone", phone
    phone.get_by_role("button", name="Decline", exact=True).click()
    expect(phone.get_by_role("heading", name="Not paid")).to_be_visible()
    yield "phone-declined", phone
    phone.close()


def payments(console: Console, visitor: Console, demo: RunningDemo) -> Iterator[Stop]:
    page = console.page
    console.go_to_gateway()
    gateway.pay(page, "UPI QR", has_scripts=True)
    yield "gateway-paid", page
    gateway.return_now(page)
    visitor.page.goto(page.url)
    yield "payment-for-visitors", visitor.page
    yield from _ended(console, demo)
    console.go_to_gateway()
    console.open("/billing/credit-history/")
    page.get_by_label("Payments under way").get_by_role("link").first.click()
    console.expect_heading("Waiting for payment")
    yield "payment-waiting", page
    yield from _review(page, visitor)


def links_and_codes(console: Console) -> Iterator[Stop]:
    page = console.page
    for way, name in (("Ask a colleague to pay", "link"), ("UPI QR on this page", "code")):
        console.open("/billing/add-credits/")
        page.get_by_role("radio", name=way, exact=True).check()
        yield f"add-credits-{name}", page
        console.press("Add Credits")
        console.expect_heading("Waiting for payment")
        yield f"payment-{name}", page
        console.press("Cancel")
        console.expect_heading("Cancelled")


def _ended(console: Console, demo: RunningDemo) -> Iterator[Stop]:
    page = console.page
    console.go_to_gateway()
    console.follow("Cancel payment")
    console.press("Yes, cancel")
    console.expect_heading("Cancelled")
    yield "payment-cancelled", page
    console.go_to_gateway()
    gateway.start(page, "Netbanking")
    console.press("Failure")
    console.follow("Cancel")
    console.press("Yes, cancel")
    console.expect_heading("Failed")
    yield "payment-failed", page
    console.go_to_gateway()
    let_checkout_run_out(page, demo)
    page.reload()
    console.expect_heading("Session expired")
    yield "gateway-expired", page
    gateway.return_now(page)
    console.expect_heading("Expired")
    yield "payment-expired", page


def _review(page: Page, visitor: Console) -> Iterator[Stop]:
    """Scripts go on by themselves, so this page is seen without them."""
    visitor.page.context.add_cookies(page.context.cookies(visitor.url))  # type: ignore[arg-type]
    visitor.page.goto(f"{page.url}checkout/")
    visitor.expect_heading("Review and pay")
    yield "payment-review", visitor.page
    visitor.open("/billing/add-credits/")
    yield "add-credits-without-scripts", visitor.page
