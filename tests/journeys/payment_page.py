"""A payment's page as a person reads it: its blocks of facts, and the papers that hang on it."""

from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.cli.waiting import wait_until

from .console import Console


def open_last_payment(console: Console) -> None:
    """From Billing's list."""
    console.open("/billing/")
    console.page.get_by_role("region", name="Last payments").get_by_role("link").first.click()
    expect(facts(console.page, "Payment ID")).to_be_visible()


def payment_ref(page: Page) -> str:
    """The gateway's id of the payment that brought the credits."""
    return facts(page, "Payment ID").get_by_role("definition").first.inner_text()


def facts(page: Page, what: str) -> Locator:
    """The newest block of this kind: `Payment ID`, `Refund` or `Dispute`."""
    word = page.get_by_role("term").filter(has_text=what)
    return page.locator("dl.attempt").filter(has=word).last


def reload_until(page: Page, place: Locator) -> None:
    """A payment that has ended does not look again by itself."""

    def is_there() -> bool:
        page.reload()
        return place.is_visible()

    wait_until(is_there, f"the page showed {place}")


def reload_until_headed(console: Console, words: str) -> None:
    reload_until(console.page, console.page.get_by_role("heading", level=1, name=words, exact=True))


def download(page: Page, link: Locator) -> bytes:
    """What the link gives, in a browser that saves it."""
    with page.expect_download() as saved:
        link.click()
    return Path(saved.value.path()).read_bytes()
