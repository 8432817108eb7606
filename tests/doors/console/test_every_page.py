"""Every page answers, says what it must, and shows nothing to strangers."""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, reverse

from khata.billing.queries import TopUpRow
from khata.console.urls import urlpatterns
from khata.messaging.operations import SendRequest, send_message
from tests.conftest import World
from tests.doors.console.reading import main_text, page_of, text_of

PAGES = {
    "/": ("Dashboard", "Credits for SMS Services", "Credit History", "Sent today", "Get started"),
    "/billing/": ("Billing", "My Credits", "Plan", "Pay as you go", "Prices in force", "UPI QR", "Netbanking"),
    "/billing/add-credits/": ("Add Credits", "Amount", "UPI QR", "UPI", "Cards", "Netbanking", "Wallet", "₹1,180.00"),
    "/billing/invoices/": ("Invoices", "Period", "Export CSV", "Your first invoice appears"),
    "/billing/credit-history/": ("Credit History", "Opening balance", "Closing balance"),
    "/billing/alerts/": ("Alerts", "Low credit alert", "How it stands", "What you were told"),
    "/billing/auto-top-up/": ("Auto top-up", "Set it up", "At most in a calendar month", "Automatic payments"),
    "/billing/plan/": ("Plan", "Pay as you go"),
    "/billing/details/": ("Billing details", "Legal name", "State", "GSTIN"),
    "/send/sms/": ("Send SMS", "To", "Sender", "Message"),
    "/send/email/": ("Send e-mail", "To", "From", "Subject", "Text"),
    "/send/email/domains/": ("Sending domains", "No domain yet", "Add domain"),
    "/logs/suppressions/": ("Suppressed addresses", "No address is suppressed"),
    "/templates/": ("Templates", "Senders", "Add template"),
    "/templates/senders/": ("Senders", "Add sender", "Registration in India (DLT)"),
    "/templates/new/": ("Add template", "Template number", "Variables"),
    "/templates/import/": ("Import templates", "CSV file", "Columns"),
    "/templates/test/": ("Test a text", "Result"),
    "/logs/": ("Logs", "Status"),
    "/logs/inbound/": ("Inbound messages", "No message came in yet."),
    "/logs/opt-outs/": ("Opt-outs", "Nobody has opted out yet.", "Add numbers"),
    "/logs/opt-outs/add/": ("Add opt-outs", "Numbers", "Reason"),
    "/developers/keys/": ("API Keys", "Make API key"),
    "/developers/webhooks/": ("Webhooks", "No endpoint yet", "Address", "Add endpoint"),
    "/settings/": ("Settings", "Organisation", "Theme", "Change password"),
    "/settings/countries/": ("Countries", "India", "1 credit a segment, always on", "Save countries"),
    "/accounts/password/change/": ("Change password",),
    "/accounts/logout/": ("Log out?",),
    "/accounts/email/": ("E-mail address",),
}
VISITOR_PAGES = {
    "/accounts/login/": "Log in",
    "/accounts/signup/": "Sign up",
    "/accounts/password/reset/": "Reset password",
    "/accounts/password/reset/done/": "Check your mail",
    "/accounts/confirm-email/": "Check your mail",
    "/accounts/inactive/": "This sign-in is switched off",
    "/accounts/password/reset/key/1-none/": "This link no longer works",
    "/accounts/confirm-email/none/": "This link no longer works",
}
OPEN_TO_VISITORS = {"payment", "theme", "unsubscribe"}


@pytest.mark.parametrize("address", PAGES)
def test_a_page_says_what_it_must(client: Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 200
    missing = [label for label in PAGES[address] if label not in main_text(answer)]
    assert missing == []


@pytest.mark.parametrize("address", PAGES)
def test_every_page_has_the_header_with_credits_and_top_up(client: Client, address: str) -> None:
    header = page_of(client.get(address)).find("header")
    assert header is not None
    credits = header.find("a", class_="my-credits")
    assert credits is not None
    assert credits["href"] == "/billing/"
    assert str(credits["aria-label"]).startswith("My Credits, 0 credits, about 0 SMS")
    top_up = header.find("a", string="Top up")
    assert top_up is not None
    assert top_up["href"] == "/billing/add-credits/"


@pytest.mark.parametrize("address", [*PAGES, *VISITOR_PAGES])
def test_every_page_keeps_the_content_security_policy(client: Client, anonymous: Client, address: str) -> None:
    answer = (client if address in PAGES else anonymous).get(address)
    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert f"form-action 'self' {settings.ENVIRONMENT.razorpay_checkout_url}" in policy
    page = page_of(answer)
    assert page.find("style") is None
    assert page.find(style=True) is None
    assert [script for script in page("script") if not script.get("src")] == []
    assert [name for tag in page(True) for name in tag.attrs if name.startswith(("on", "hx-on"))] == []


@pytest.mark.parametrize("address", [*PAGES, *VISITOR_PAGES])
def test_no_page_names_another_host(client: Client, anonymous: Client, address: str) -> None:
    answer = (client if address in PAGES else anonymous).get(address)
    assert re.findall(r"https?://(?!localhost)[^\s\"']+", answer.content.decode()) == []


@pytest.mark.parametrize("address", [*PAGES, *VISITOR_PAGES])
def test_every_page_has_one_heading_a_language_and_labels(client: Client, anonymous: Client, address: str) -> None:
    page = page_of((client if address in PAGES else anonymous).get(address))
    assert page.find("html", lang="en") is not None
    assert len(page("h1")) == 1
    ids = [str(tag["id"]) for tag in page(id=True)]
    assert len(ids) == len(set(ids))
    labelled = {str(label["for"]) for label in page("label", attrs={"for": True})}
    fields = [field for field in page(["input", "select", "textarea"]) if field.get("type") not in ("hidden", "submit")]
    unlabelled = [field for field in fields if field.get("id") not in labelled and field.find_parent("label") is None]
    assert unlabelled == []


@pytest.mark.parametrize("address", [*PAGES, *VISITOR_PAGES])
def test_every_form_is_plain_html(client: Client, anonymous: Client, address: str) -> None:
    page = page_of((client if address in PAGES else anonymous).get(address))
    for form in page("form"):
        assert form.find("button", type="submit") is not None
        if form.get("method") == "post":
            assert form.find("input", attrs={"name": "csrfmiddlewaretoken"}) is not None


@pytest.mark.parametrize("address", VISITOR_PAGES)
def test_a_visitors_page_says_what_it_must(anonymous: Client, address: str) -> None:
    answer = anonymous.get(address)
    assert answer.status_code == 200
    assert VISITOR_PAGES[address] in main_text(answer)
    assert page_of(answer).find("header") is None


@pytest.mark.parametrize(
    "pattern", [one for one in urlpatterns if one.name not in OPEN_TO_VISITORS], ids=lambda one: str(one.name)
)
def test_a_visitor_is_sent_to_log_in(anonymous: Client, pattern: URLPattern) -> None:
    address = address_of(pattern)
    for answer in (anonymous.get(address), anonymous.post(address)):
        assert answer.status_code == 302
        assert answer["Location"].startswith("/accounts/login/?next=/")


def address_of(pattern: URLPattern) -> str:
    ids = {
        "top_up_id": uuid4(),
        "message_id": uuid4(),
        "api_key_id": uuid4(),
        "document_id": uuid4(),
        "endpoint_id": uuid4(),
        "delivery_id": uuid4(),
        "template_id": uuid4(),
        "opt_out_id": uuid4(),
        "domain_id": uuid4(),
        "suppression_id": uuid4(),
        "code": "starter",
    }
    return reverse(pattern.name or "", kwargs={name: ids[name] for name in pattern.pattern.converters})


def test_another_organisations_things_are_missing(
    world: World, client: Client, chens_client: Client, top_up: TopUpRow, give_credits: Callable[[int, int], None]
) -> None:
    give_credits(world.organisation.id, 10)
    message = send_message(organisation_id=world.organisation.id, request=SendRequest("+919876543210", "Hello"))
    payment = reverse("payment", args=[top_up.id])
    addresses = (payment, f"{payment}checkout/", reverse("message", args=[message.id]))
    assert [client.get(address).status_code for address in addresses] == [200, 200, 200]
    assert [chens_client.get(address).status_code for address in addresses] == [404, 404, 404]
    assert [chens_client.post(f"{payment}{verb}/").status_code for verb in ("check", "cancel", "again")] == [404] * 3
    assert "3210" not in text_of(chens_client.get("/logs/"))


WRONG_ADDRESSES = (
    "/nope/",
    "/billing/payments/top_zzz/",
    "/logs/messages/msg_0/",
    f"/logs/messages/msg_{'z' * 26}/",
    f"/logs/messages/msg_{'0' * 26}/",
)


@pytest.mark.parametrize("address", WRONG_ADDRESSES)
def test_a_wrong_address_is_explained(client: Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 404
    assert "There is no such page" in main_text(answer)


def test_a_wrong_address_is_explained_to_visitors_too(anonymous: Client) -> None:
    answer = anonymous.get("/nope/")
    assert answer.status_code == 404
    assert "There is no such page" in main_text(answer)


def test_a_form_without_its_token_changes_nothing(world: World) -> None:
    strict = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
    strict.force_login(world.asha)
    assert strict.post("/developers/keys/", {"name": "x", "scopes": ["send"]}).status_code == 403
