"""The console as a person uses it: by the words on links, buttons and fields."""

import re
from collections.abc import Mapping

from playwright.sync_api import Locator, Page, expect

from tests.cli.waiting import wait_until

from .customers import Customer
from .history import History, read_history

STATUS_WAIT_MS = 30_000


class Console:
    """One tab. Without scripts some steps take a button more."""

    def __init__(self, page: Page, ready: Mapping[str, str], *, has_scripts: bool) -> None:
        self.page = page
        self.url = ready["console_url"]
        self.has_scripts = has_scripts

    def open(self, path: str = "/") -> None:
        self.page.goto(self.url + path)

    def log_in(self, customer: Customer) -> None:
        self.open("/accounts/login/")
        self.fill_log_in(customer)
        self.expect_heading("Dashboard")

    def fill_log_in(self, customer: Customer) -> None:
        self.page.get_by_label("E-mail").fill(customer.email)
        self.page.get_by_label("Password").fill(customer.password)
        self.press("Log in")

    def press(self, label: str) -> None:
        self.button(label).click()

    def button(self, label: str) -> Locator:
        return self.page.get_by_role("button", name=label, exact=True)

    def follow(self, label: str) -> None:
        self.page.get_by_role("link", name=label, exact=True).first.click()

    def expect_heading(self, words: str) -> None:
        expect(self.page.get_by_role("heading", level=1, name=words, exact=True)).to_be_visible()

    @property
    def top_up_link(self) -> Locator:
        """The header's."""
        return self.page.get_by_role("banner").get_by_role("link", name="Top up", exact=True)

    def press_top_up(self) -> None:
        """Opens Add Credits: over the page with scripts, as a page without."""
        self.top_up_link.click()
        level = 2 if self.has_scripts else 1
        expect(self.page.get_by_role("heading", level=level, name="Add Credits")).to_be_visible()
        # Nobody types in the 20 ms until htmx listens to what it has just inserted; a test might.
        expect(self.page.locator(".htmx-settling")).to_have_count(0)

    @property
    def amount(self) -> Locator:
        return self.page.get_by_label("Amount", exact=True)

    def press_add_credits(self) -> None:
        """On to the gateway's page; without scripts there is a review before it."""
        self.press("Add Credits")
        if not self.has_scripts:
            self.expect_heading("Review and pay")
            self.press("Continue to payment")
        expect(self.page.get_by_role("heading", name="Choose how to pay")).to_be_visible()

    def go_to_gateway(self) -> None:
        """From any page."""
        self.press_top_up()
        self.press_add_credits()

    def expect_payment_successful(self) -> None:
        self.expect_heading("Payment Successful")
        expect(self.page.get_by_text("5,000 credits were added.")).to_be_visible()

    def expect_credits_come_late(self) -> None:
        """The page of a payment that had ended does not look again by itself: a reload shows it."""
        heading = self.page.get_by_role("heading", level=1)
        wait_until(lambda: _text_after_reload(self.page, heading) == "Payment Successful", "the credits came")
        self.expect_payment_successful()

    def expect_my_credits(self, figure: str) -> None:
        """The header's balance, as it is read aloud."""
        link = self.page.get_by_role("link", name=re.compile(rf"^My Credits, {re.escape(figure)} credits"))
        expect(link).to_be_visible()

    def expect_credits_for_sms(self, figure: str) -> None:
        """The Dashboard's card."""
        self.open()
        card = self.page.get_by_role("region", name="Credits for SMS Services")
        expect(card.get_by_role("paragraph").first).to_have_text(figure)

    def send_sms(self, recipient: str, text: str) -> None:
        self.open("/send/sms/")
        self.page.get_by_label("To", exact=True).fill(recipient)
        self.page.get_by_label("Message", exact=True).fill(text)
        self.press("Send")

    def credit_history(self) -> History:
        """All of it; it must add up."""
        self.open("/billing/credit-history/?period=all")
        history = read_history(self.page)
        history.assert_adds_up()
        return history

    @property
    def problem(self) -> Locator:
        """The page's alert."""
        return self.page.get_by_role("main").get_by_role("alert")

    def expect_status(self, word: str) -> None:
        """The message's page says so by itself; without scripts it looks again every five seconds."""
        status = self.page.get_by_role("main").get_by_role("status")
        expect(status).to_contain_text(word, timeout=STATUS_WAIT_MS)


def _text_after_reload(page: Page, place: Locator) -> str:
    page.reload()
    return place.inner_text()
