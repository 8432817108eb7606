"""The part of the tour about e-mail: a domain of one's own, what was sent from it, who must not be written to."""

from collections.abc import Iterator

import httpx
from playwright.sync_api import expect

from tests.cli.waiting import wait_until
from tests.faults.running_demo import RunningDemo

from .console import Console
from .tour_of_paying import Stop

DOMAIN = "shop.subsidiary.example.com"
LOOK_MS = 60_000


def emails(console: Console, visitor: Console, demo: RunningDemo) -> Iterator[Stop]:
    page = console.page
    console.open("/send/email/")
    yield "send-email-without-domain", page
    console.follow("Domains")
    yield "domains-empty", page
    yield from _domain(console, demo)
    console.open("/send/email/")
    yield "send-email", page
    _write(console, "asha@example.org")
    page.get_by_label("To", exact=True).fill("asha")
    console.press("Send")
    expect(console.problem).to_be_visible()
    yield "send-email-refused", page
    _write(console, "asha@example.org")
    console.press("Send")
    expect(page.get_by_text("The mail server has it.")).to_be_visible(timeout=LOOK_MS)
    yield "email", page
    visitor.page.goto(_unsubscribe_url(demo, "asha@example.org"))
    yield "unsubscribe", visitor.page
    visitor.press("Unsubscribe")
    visitor.expect_heading("You are unsubscribed")
    yield "unsubscribed", visitor.page
    console.open("/logs/suppressions/")
    yield "suppressions", page
    console.press("Allow again asha@example.org")
    expect(page.get_by_text("E-mails may go to this address again.")).to_be_visible()


def _domain(console: Console, demo: RunningDemo) -> Iterator[Stop]:
    page = console.page
    page.get_by_role("textbox", name="Domain").fill(DOMAIN)
    console.press("Add domain")
    console.expect_heading(DOMAIN)
    yield "domain", page
    console.press("Check now")
    expect(page.get_by_text("The key was not found yet.")).to_be_visible()
    yield "domain-unpublished", page
    codes = page.locator("main dd code").all_inner_texts()
    for name, text in zip(codes[::2], codes[1::2], strict=True):
        record = {"name": name, "text": text}
        httpx.post(f"{demo.ready['mailbox_url']}/records.json", json=record, trust_env=False).raise_for_status()
    console.press("Check now")
    expect(page.get_by_text(f"{DOMAIN} is verified")).to_be_visible()
    yield "domain-verified", page
    console.follow("Remove")
    yield "domain-remove", page
    console.follow("Keep it")
    console.open("/send/email/domains/")
    yield "domains", page


def _write(console: Console, to: str) -> None:
    page = console.page
    page.get_by_label("To", exact=True).fill(to)
    page.get_by_label("Subject", exact=True).fill("Your order 4711")
    page.get_by_label("Text", exact=True).fill("It is on its way.")
    page.get_by_label("HTML").fill("<p>It is <b>on its way</b>.</p>")


def _unsubscribe_url(demo: RunningDemo, address: str) -> str:
    found: list[str] = []

    def has_come() -> bool:
        query = {"to": address}
        mails = httpx.get(f"{demo.ready['mailbox_url']}/mails.json", params=query, trust_env=False).json()
        found[:] = [mail["unsubscribe_url"] for mail in mails]
        return bool(found)

    wait_until(has_come, f"an e-mail came to {address}")
    return found[0]
