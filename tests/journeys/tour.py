"""Every page in every state, once: what is measured at 320 pixels, and what pictures are taken of."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import expect

from tests.faults.running_demo import RunningDemo

from . import (
    tour_of_alerts,
    tour_of_auto_top_up,
    tour_of_emails,
    tour_of_guards,
    tour_of_money,
    tour_of_paying,
    tour_of_plans,
    tour_of_templates,
    tour_of_webhooks,
)
from .console import Console
from .customers import PASSWORD, Customer
from .mailbox import link_in_mail
from .tour_of_paying import Stop

DELIVERED, UNDELIVERED, REJECTED, WITHOUT_RECEIPT = "+919812345678", "+919812340002", "+919812340001", "+919812340003"
"""The sandbox's message centre goes by the last four digits."""
INDIA = ZoneInfo("Asia/Kolkata")


@dataclass(frozen=True, slots=True)
class Party:
    """`console` is used by the customer; `visitor` has neither scripts nor a sign-in."""

    demo: RunningDemo
    customer: Customer
    console: Console
    visitor: Console


def tour(party: Party) -> Iterator[Stop]:
    yield from _before_logging_in(party)
    yield from _new_organisation(party.console)
    yield from _add_credits(party.console)
    yield from tour_of_paying.at_the_gateway(party.console, party.demo)
    yield from tour_of_paying.payments(party.console, party.visitor, party.demo)
    yield from tour_of_paying.links_and_codes(party.console)
    yield from _messages(party.console)
    yield from _filled(party.console)
    yield from tour_of_alerts.alerts(party.console, DELIVERED)
    yield from tour_of_guards.guards(party.console, party.demo, DELIVERED)
    yield from tour_of_auto_top_up.auto_top_up(party.console, party.demo)
    yield from _keys_and_settings(party.console)
    yield from tour_of_webhooks.webhooks(party.console)
    yield from tour_of_money.money_back(party.console, party.demo, DELIVERED)
    yield from tour_of_plans.plans(party.console, party.demo)
    yield from tour_of_templates.templates(party.console, DELIVERED)
    yield from tour_of_emails.emails(party.console, party.visitor, party.demo)
    yield from _far_ends(party)


def _before_logging_in(party: Party) -> Iterator[Stop]:
    console, page = party.console, party.console.page
    console.open("/accounts/login/")
    yield "log-in", page
    page.get_by_label("E-mail").fill(party.customer.email)
    page.get_by_label("Password").fill("not hers")
    console.press("Log in")
    expect(page.get_by_role("alert")).to_be_visible()
    yield "log-in-refused", page
    console.open("/accounts/signup/")
    yield "sign-up", page
    console.press("Sign up")
    expect(page.get_by_role("alert")).to_be_visible()
    yield "sign-up-refused", page
    console.open("/nowhere/")
    yield "not-found-for-visitors", page
    console.open("/accounts/password/reset/")
    yield "reset-password", page
    page.get_by_label("E-mail").fill(party.customer.email)
    console.press("Send the link")
    console.expect_heading("Check your mail")
    yield "reset-password-sent", page
    link = link_in_mail(party.demo, party.customer.email, "/accounts/password/reset/key/")
    page.goto(link)
    yield "reset-password-choose", page
    for field in page.locator("input[type=password]").all():
        field.fill(PASSWORD)
    console.press("Save password")
    console.expect_heading("Password saved")
    yield "reset-password-saved", page
    page.goto(link)
    yield "reset-password-link-used", page
    console.log_in(party.customer)


def _new_organisation(console: Console) -> Iterator[Stop]:
    page = console.page
    yield "dashboard-new", page
    page.get_by_label("Your account").click()
    yield "account-menu", page
    for name, path in {
        "billing-new": "/billing/",
        "credit-history-empty": "/billing/credit-history/",
        "invoices-empty": "/billing/invoices/",
        "logs-empty": "/logs/",
        "send": "/send/sms/",
        "keys-empty": "/developers/keys/",
        "not-found": "/logs/messages/msg_nobodys/",
    }.items():
        console.open(path)
        yield name, page
    console.send_sms("+91 12", "Hello")
    expect(console.problem).to_be_visible()
    yield "send-refused", page
    console.send_sms(DELIVERED, "Nobody has paid for this one")
    expect(console.problem).to_contain_text("Needs 1, you have 0")
    yield "send-short-of-credits", page


def _add_credits(console: Console) -> Iterator[Stop]:
    page = console.page
    console.open()
    console.press_top_up()
    yield "add-credits-dialog", page
    console.open("/billing/add-credits/?amount=1234.50")
    yield "add-credits-page", page
    console.amount.fill("5")
    console.press("Add Credits")
    expect(console.problem).to_be_visible()
    yield "add-credits-refused", page


def _messages(console: Console) -> Iterator[Stop]:
    page = console.page
    console.open("/send/sms/")
    page.get_by_label("To", exact=True).fill(f"{DELIVERED}\n{UNDELIVERED}\n+91 12")
    page.get_by_label("Message", exact=True).fill("नमस्ते! Your parcel comes today between 10 and 12. " * 2)
    expect(page.get_by_text("UCS-2")).to_be_visible()
    yield "send-quote", page
    for name, recipient, word in (
        ("message-delivered", DELIVERED, "Delivered"),
        ("message-failed", UNDELIVERED, "Failed"),
        ("message-rejected", REJECTED, "Rejected"),
        ("message-sent", WITHOUT_RECEIPT, "Sent"),
    ):
        console.send_sms(recipient, "Your parcel comes today between 10 and 12. Reply STOP to stop.")
        console.expect_status(word)
        yield name, page
    yield from _message_for_later(console)


def _message_for_later(console: Console) -> Iterator[Stop]:
    page = console.page
    at = datetime.now(INDIA) + timedelta(days=1)
    console.open("/send/sms/")
    page.get_by_label("To", exact=True).fill(DELIVERED)
    page.get_by_label("Message", exact=True).fill("Your parcel comes today between 10 and 12.")
    page.get_by_label("Schedule").fill(f"{at - timedelta(days=2):%Y-%m-%dT%H:%M}")
    page.get_by_role("button", name="Schedule for").click()
    expect(console.problem).to_contain_text("This time has passed.")
    yield "send-later-refused", page
    page.get_by_label("Schedule").fill(f"{at:%Y-%m-%dT%H:%M}")
    schedule = page.get_by_role("button", name=f"Schedule for {at:%d %b %Y, %H:%M}")
    expect(schedule).to_be_visible()
    yield "send-later", page
    schedule.click()
    console.expect_status("Scheduled")
    yield "message-scheduled", page
    console.open("/logs/?status=scheduled")
    yield "logs-scheduled", page
    page.get_by_role("table").get_by_role("link").click()
    console.follow("Cancel message")
    console.expect_heading("Cancel this message?")
    yield "message-cancel", page
    console.press("Cancel message")
    expect(page.get_by_text("The message is cancelled. 1 credit is returned.")).to_be_visible()
    yield "message-cancelled", page


def _filled(console: Console) -> Iterator[Stop]:
    for name, path in {
        "dashboard": "/",
        "billing": "/billing/",
        "credit-history": "/billing/credit-history/",
        "invoices": "/billing/invoices/",
        "invoices-filter-refused": "/billing/invoices/?period=never",
        "credit-history-filtered-to-nothing": "/billing/credit-history/?type=bonus",
        "credit-history-filter-refused": "/billing/credit-history/?period=custom&first=2026-02-02&last=2026-01-01",
        "logs": "/logs/",
        "logs-filtered-to-nothing": "/logs/?status=expired",
    }.items():
        console.open(path)
        yield name, console.page


def _keys_and_settings(console: Console) -> Iterator[Stop]:
    page = console.page
    console.open("/developers/keys/")
    console.press("Make API key")
    expect(console.problem).to_be_visible()
    yield "keys-refused", page
    page.get_by_label("Name", exact=True).fill("shop server")
    console.press("Make API key")
    expect(page.get_by_role("heading", name="Your new API key")).to_be_visible()
    yield "keys-made", page
    console.open("/developers/keys/")
    yield "keys", page
    page.get_by_role("link", name="Revoke").first.click()
    console.button("Revoke API key").wait_for()
    yield "keys-revoke", page
    console.press("Revoke API key")
    expect(page.get_by_role("status")).to_be_visible()
    yield "keys-revoked", page
    console.open("/billing/details/")
    yield "billing-details", page
    page.get_by_label("GSTIN").fill("29AAGCR4375J1ZX")
    console.press("Save")
    expect(console.problem).to_be_visible()
    yield "billing-details-refused", page
    for name, path in {
        "settings": "/settings/",
        "change-password": "/accounts/password/change/",
        "e-mail-address": "/accounts/email/",
        "log-out": "/accounts/logout/",
    }.items():
        console.open(path)
        yield name, page


def _far_ends(party: Party) -> Iterator[Stop]:
    page, ready = party.console.page, party.demo.ready
    for name, url in {
        "gateway-control": f"{ready['gateway_url']}/control",
        "gateway-not-found": f"{ready['gateway_url']}/checkout/nobodys",
        "phones": ready["phone_url"],
        "mailbox": ready["mailbox_url"],
        "mailbox-mail": f"{ready['mailbox_url']}/mails/1",
    }.items():
        page.goto(url)
        yield name, page
