"""Auto top-up in the browser: set up with a cap, credits run low, a second payment comes by itself and no third."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.cli.waiting import wait_until
from tests.faults.running_demo import RunningDemo

from . import gateway
from .console import Console
from .customers import Customer, top_ups_count
from .far_money import act
from .mailbox import link_in_mail

PATH = "/billing/auto-top-up/"
NEXT_LOOK_S = 150.0
"""Auto top-ups are looked at every minute, and what is begun is charged by a job."""


def test_low_credits_are_topped_up_by_themselves_until_the_cap(
    page: Page, console: Console, demo: RunningDemo, asha: Customer
) -> None:
    console.open(PATH)
    page.get_by_label("Add credits for").fill("1000")
    page.get_by_label("When fewer are left than").fill("1,000,000")
    page.get_by_label("At most in a calendar month").fill("2,000")
    console.press("Pay the first and set up")
    expect(page.get_by_role("heading", name="Choose how to pay")).to_be_visible()
    gateway.pay(page, "Netbanking", has_scripts=True)
    gateway.return_now(page)
    console.expect_payment_successful()
    console.open(PATH)
    expect(page.get_by_text("of at most ₹2,000.00")).to_be_visible()

    console.send_sms("+919812345678", "One of five thousand")
    _await(console, "the second payment", lambda: _payments(page) == ["Pending"])
    assert link_in_mail(demo, asha.email, "/billing/auto", deadline_s=NEXT_LOOK_S).endswith(PATH)
    act(demo, "payments", _payment_ref(console), "succeed")
    _await(console, "the second payment arrived", lambda: _payments(page) == ["Payment Successful"])
    console.expect_my_credits("9,999")

    _await(console, "the cap", lambda: page.get_by_text("This month's cap is reached.").is_visible())
    assert _payments(page) == ["Payment Successful"]
    assert top_ups_count(demo, asha) == 2
    console.press("Stop auto top-up")
    expect(page.get_by_text("Auto top-up is off. Nothing more is charged by itself.")).to_be_visible()


def _payments(page: Page) -> list[str]:
    """The states in the list of automatic payments."""
    rows = page.get_by_role("table", name="Automatic payments").get_by_role("row")
    return [row.get_by_role("cell").nth(1).inner_text().strip() for row in rows.all()[1:]]


def _payment_ref(console: Console) -> str:
    """Of the automatic payment, once the gateway has been asked for it."""
    console.page.get_by_role("table", name="Automatic payments").get_by_role("link").first.click()
    ref = console.page.get_by_text(re.compile(r"^pay_\w+$"))
    expect(ref).to_be_visible(timeout=NEXT_LOOK_S * 1_000)
    return ref.inner_text()


def _await(console: Console, what: str, is_there: Callable[[], bool]) -> None:
    def look() -> bool:
        console.open(PATH)
        return is_there()

    wait_until(look, what, deadline_s=NEXT_LOOK_S)
