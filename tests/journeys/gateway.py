"""Paying at the gateway, method by method, as a person does: by what the pages say and the ids they promise."""

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

METHODS = {"UPI QR": "#upi-qr", "UPI": "#upi", "Cards": "#cards", "Netbanking": "#netbanking", "Wallet": "#wallet"}
"""Label → its form's place, in the order of the page."""

SUCCESS = "Payment Successful"


def expect_methods(page: Page) -> None:
    """The five methods in their order, the first one open."""
    expect(page.get_by_role("heading", name="Choose how to pay")).to_be_visible()
    expect(page.locator("details[name=method] > summary .label")).to_have_text(list(METHODS))
    expect(page.locator("#open-test-phone")).to_be_visible()


def choose(page: Page, method: str) -> Locator:
    """The method's form, open."""
    place = page.locator(METHODS[method])
    if place.get_attribute("open") is None:
        place.locator("summary").first.click()
    return place


def start(page: Page, method: str) -> None:
    """Up to the page behind the method's Pay button."""
    choose(page, method).get_by_role("button", name="Pay", exact=True).click()


def pay(page: Page, method: str, *, has_scripts: bool) -> str:
    """Up to the gateway's Payment Successful; the payment's id."""
    _WAYS[method](page)
    success = page.get_by_role("heading", name=SUCCESS)
    if not has_scripts and not success.is_visible():
        page.get_by_role("link", name="Check status").click()
    expect(success).to_be_visible()
    return page.locator("#payment-id").inner_text()


def return_now(page: Page) -> None:
    """The button, and until the console shows its own page."""
    page.locator("#return-now").click()
    page.wait_for_url("**/billing/payments/**")


def fill_test_card(page: Page, outcome: str) -> None:
    """The first published card with this outcome in its entry; choosing it fills the form."""
    cards = choose(page, "Cards")
    cards.get_by_text("Test data").click()
    cards.get_by_role("listitem").filter(has_text=outcome).first.get_by_role("link").click()


def answer_on_phone(page: Page, opener: str, answer: str, heading: str) -> None:
    """Opens the simulated phone in a tab of its own, presses `answer` and closes it again."""
    with page.context.expect_page() as opened:
        page.locator(opener).click()
    phone = opened.value
    phone.get_by_role("button", name=answer, exact=True).click()
    expect(phone.get_by_role("heading", name=heading)).to_be_visible()
    phone.close()


def _by_upi_qr(page: Page) -> None:
    choose(page, "UPI QR")
    answer_on_phone(page, "#open-test-phone", "Approve", "Approved")


def _by_upi(page: Page) -> None:
    start(page, "UPI")
    answer_on_phone(page, "#open-on-your-phone", "Approve", "Approved")


def _by_card(page: Page) -> None:
    fill_test_card(page, "succeeds")
    start(page, "Cards")
    page.get_by_label("One-time password").fill("123456")
    page.get_by_role("button", name="Submit OTP").click()


def _by_netbanking(page: Page) -> None:
    start(page, "Netbanking")
    page.get_by_role("button", name="Success", exact=True).click()


def _by_wallet(page: Page) -> None:
    start(page, "Wallet")
    page.get_by_role("button", name="Success", exact=True).click()


_WAYS: dict[str, Callable[[Page], None]] = {
    "UPI QR": _by_upi_qr,
    "UPI": _by_upi,
    "Cards": _by_card,
    "Netbanking": _by_netbanking,
    "Wallet": _by_wallet,
}
