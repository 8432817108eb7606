"""The part of the tour that is told of low credits: the Alerts page in its states, and the Dashboard beside it."""

import re
from collections.abc import Iterator

from playwright.sync_api import expect

from tests.cli.waiting import wait_until

from .console import Console
from .tour_of_paying import Stop

NEXT_LOOK_S = 90.0
"""Wallets are looked at every minute."""


def alerts(console: Console, recipient: str) -> Iterator[Stop]:
    """Sets the level at the balance and sends one message: the next look tells."""
    page = console.page
    console.open("/billing/alerts/")
    yield "alerts-empty", page
    page.get_by_label("Low below").fill("a few")
    page.get_by_label("Also tell").fill("accounts")
    console.press("Save")
    expect(console.problem).to_be_visible()
    yield "alerts-refused", page
    balance = page.get_by_role("region", name="How it stands").get_by_role("definition").first.inner_text()
    page.get_by_label("Low below").fill(balance.split(".")[0])
    page.get_by_label("Also tell").fill("accounts-and-bookkeeping@subsidiary.example.com")
    console.press("Save")
    expect(page.get_by_text("Alerts saved.")).to_be_visible()
    yield "alerts-saved", page
    console.send_sms(recipient, "One below the level")
    console.open()
    expect(page.get_by_text("Credits are low:")).to_be_visible()
    yield "dashboard-low", page
    console.open("/billing/alerts/")
    wait_until(lambda: _is_told(console), "the mail is sent", deadline_s=NEXT_LOOK_S)
    yield "alerts", page
    console.open("/billing/alerts/?kind=empty")
    yield "alerts-filtered-to-nothing", page
    console.open("/billing/one-tap/?link=nonsense")
    yield "one-tap-link-too-old", page


def _is_told(console: Console) -> bool:
    console.page.reload()
    sent = console.page.get_by_role("row").filter(has_text=re.compile("Credits low:.*20[0-9]{2}", re.DOTALL))
    return sent.count() > 0
