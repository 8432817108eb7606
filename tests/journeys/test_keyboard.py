"""The whole way to Payment Successful without a mouse."""

from playwright.sync_api import Page, expect

from tests.faults.running_demo import RunningDemo

from . import gateway
from .console import Console
from .customers import Customer
from .keyboard import tab_to


def test_logging_in_and_paying_by_keyboard_alone(page: Page, demo: RunningDemo, asha: Customer) -> None:
    console = Console(page, demo.ready, has_scripts=True)
    keys = page.keyboard
    console.open("/accounts/login/")
    expect(page.get_by_label("E-mail")).to_be_focused()
    keys.type(asha.email)
    tab_to(page, page.get_by_label("Password"))
    keys.type(asha.password)
    tab_to(page, console.button("Log in"))
    keys.press("Enter")
    console.expect_heading("Dashboard")

    tab_to(page, console.top_up_link)
    keys.press("Enter")
    dialog = page.get_by_role("dialog", name="Add Credits")
    expect(dialog.get_by_role("heading", name="Add Credits")).to_be_focused()
    tab_to(page, page.get_by_role("radio", name="₹1,000", exact=True))
    keys.press("ArrowRight")
    expect(console.amount).to_have_value("5000")
    keys.press("ArrowLeft")
    expect(console.amount).to_have_value("1000")
    tab_to(page, console.button("Add Credits"))
    keys.press("Space")

    gateway.expect_methods(page)
    netbanking = page.locator(gateway.METHODS["Netbanking"])
    tab_to(page, netbanking.locator("summary"))
    keys.press("Enter")
    tab_to(page, netbanking.get_by_role("radio").first)
    keys.press("ArrowDown")
    expect(netbanking.get_by_role("radio").nth(1)).to_be_checked()
    tab_to(page, netbanking.get_by_role("button", name="Pay", exact=True))
    keys.press("Enter")
    tab_to(page, console.button("Success"))
    keys.press("Space")
    tab_to(page, console.button("Return now"))
    keys.press("Enter")
    console.expect_payment_successful()


def test_escape_closes_add_credits_and_the_focus_returns_to_top_up(console: Console) -> None:
    page = console.page
    tab_to(page, console.top_up_link)
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Add Credits")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(console.top_up_link).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_be_visible()
    console.press("Cancel")
    expect(dialog).to_be_hidden()
    expect(console.top_up_link).to_be_focused()
