"""The part of the tour that is told of auto top-up: nobody's yet, refused, waiting, on, paused and off."""

from collections.abc import Iterator

from playwright.sync_api import expect

from tests.faults.running_demo import RunningDemo

from . import gateway
from .console import Console
from .tour_of_paying import Stop

PATH = "/billing/auto-top-up/"


def auto_top_up(console: Console, demo: RunningDemo) -> Iterator[Stop]:
    """Set up and stopped again, so that nothing is charged while others walk on."""
    page = console.page
    console.open(PATH)
    yield "auto-top-up-off", page
    page.get_by_label("At most in a calendar month").fill("10")
    console.press("Pay the first and set up")
    expect(console.problem).to_be_visible()
    yield "auto-top-up-refused", page
    page.get_by_label("When fewer are left than").fill("1")
    page.get_by_label("At most in a calendar month").fill("5,000")
    console.press("Pay the first and set up")
    expect(page.get_by_role("heading", name="Choose how to pay")).to_be_visible()
    console.open(PATH)
    yield "auto-top-up-waiting", page
    page.get_by_role("link", name="See that payment").click()
    page.get_by_role("link", name="Continue to payment").click()
    gateway.pay(page, "Netbanking", has_scripts=True)
    gateway.return_now(page)
    console.open(PATH)
    expect(page.get_by_text("of at most ₹5,000.00")).to_be_visible()
    yield "auto-top-up-on", page
    _pause(demo)
    console.open(PATH)
    yield "auto-top-up-paused", page
    console.press("Stop auto top-up")
    expect(page.get_by_text("Nothing more is charged by itself.")).to_be_visible()
    yield "auto-top-up-stopped", page


def _pause(demo: RunningDemo) -> None:
    """As after three payments that did not succeed, of which the first two take more than a day."""
    with demo.as_owner() as connection:
        connection.execute(
            "update billing_autotopup set state = 'paused', pause_reason = 'declined', failures_count = 3,"
            " problem = 'Your payment was declined by your bank.' where state = 'on'"
        )
