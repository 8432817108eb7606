"""Add Credits: what is typed, what it costs, and the way to the gateway."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from khata.billing import queries as billing
from khata.payments import registry
from khata.payments.port import Unavailable
from khata.tenancy.models import Organisation
from tests.database.billing.staged_gateway import StagedGateway
from tests.doors.console.reading import Answer, main_text, page_of, value_of

ADDRESS = "/billing/add-credits/"
NOT_AN_AMOUNT = "Enter an amount in rupees above zero, with at most two decimals"


def typed(amount: str, **more: str) -> dict[str, str]:
    """What the page sends: the preset untouched, the amount as typed."""
    return {"amount": amount, "amount_shown": "1000", "preset": "1000", "token": uuid4().hex, **more}


def started(organisation: Organisation) -> list[billing.TopUpRow]:
    return billing.top_ups(organisation_id=organisation.id).rows


@pytest.mark.parametrize(
    ("amount", "complaint"),
    [
        ("", "Enter an amount."),
        ("   ", "Enter an amount."),
        ("0", NOT_AN_AMOUNT),
        ("0.00", NOT_AN_AMOUNT),
        ("-500", NOT_AN_AMOUNT),
        ("\u2212500", NOT_AN_AMOUNT),
        ("abc", NOT_AN_AMOUNT),
        ("1e3", NOT_AN_AMOUNT),
        ("NaN", NOT_AN_AMOUNT),
        ("1000.001", NOT_AN_AMOUNT),
        ("10 00", NOT_AN_AMOUNT),
        ("१०००", NOT_AN_AMOUNT),
        ("9" * 40, NOT_AN_AMOUNT),
        ("99.99", "The smallest amount is ₹100.00."),
        ("500000.01", "The largest amount is ₹5,00,000.00."),
        ("999999999999", "The largest amount is"),
    ],
)
def test_a_wrong_amount_is_explained_and_kept(
    client: Client, organisation: Organisation, gateway: StagedGateway, amount: str, complaint: str
) -> None:
    answer = client.post(ADDRESS, typed(amount))
    assert answer.status_code == 422
    assert complaint in main_text(answer)
    assert value_of(answer, "amount") == amount
    field = page_of(answer).find(id="id_amount")
    assert field is not None
    assert field["aria-invalid"] == "true"
    assert page_of(answer).find(id="id_amount-error") is not None
    assert started(organisation) == []
    assert gateway.orders == {}


@pytest.mark.parametrize(
    ("amount", "amount_minor"),
    [("1000", 100_000), ("1,000", 100_000), ("₹1,000.00", 100_000), ("₹ 1,00,000.5", 10_000_050), (" 100 ", 10_000)],
)
def test_an_amount_is_read_as_people_write_it(
    client: Client, organisation: Organisation, gateway: StagedGateway, amount: str, amount_minor: int
) -> None:
    answer = client.post(ADDRESS, typed(amount))
    (top_up,) = started(organisation)
    assert top_up.amount_minor == amount_minor
    assert answer["Location"] == f"/billing/payments/{top_up.public_id}/checkout/"


@pytest.mark.parametrize(
    ("amount", "preset", "amount_minor"),
    [("1000", "1000", 100_000), ("1000", "5000", 500_000), ("750", "5000", 75_000), ("1000", "", 100_000)],
)
def test_without_scripts_what_was_changed_counts_and_what_was_typed_first(
    client: Client, organisation: Organisation, gateway: StagedGateway, amount: str, preset: str, amount_minor: int
) -> None:
    client.post(ADDRESS, typed(amount, preset=preset))
    assert [top_up.amount_minor for top_up in started(organisation)] == [amount_minor]


def test_a_second_click_gives_the_same_top_up(
    client: Client, organisation: Organisation, gateway: StagedGateway
) -> None:
    form = typed("1000")
    first, second = client.post(ADDRESS, form), client.post(ADDRESS, form)
    assert first["Location"] == second["Location"]
    assert len(started(organisation)) == len(gateway.orders) == 1


def test_going_back_to_change_the_amount_is_a_new_top_up(
    client: Client, organisation: Organisation, gateway: StagedGateway
) -> None:
    form = typed("1000")
    client.post(ADDRESS, form)
    client.post(ADDRESS, form | {"amount": "2000"})
    assert sorted(top_up.amount_minor for top_up in started(organisation)) == [100_000, 200_000]


def test_every_form_has_a_key_of_its_own(client: Client) -> None:
    assert value_of(client.get(ADDRESS), "token") != value_of(client.get(ADDRESS), "token")


def test_the_amount_lives_in_the_address(client: Client) -> None:
    answer = client.get(f"{ADDRESS}?amount=5000")
    assert value_of(answer, "amount") == "5000"
    assert "₹5,900.00" in main_text(answer)
    chosen = page_of(answer).select('input[name="preset"][checked]')
    assert [radio["value"] for radio in chosen] == ["5000"]


def test_the_first_form_is_filled_in(client: Client) -> None:
    answer = client.get(ADDRESS)
    assert value_of(answer, "amount") == "1000"
    words = main_text(answer)
    assert "= 5,000 credits , about 5,000 SMS or 50,000 e-mails" in words
    assert "CGST 9 % 90.00 SGST 9 % 90.00 Total ₹1,180.00" in words
    assert "From ₹100 to ₹5,00,000" in words
    assert "Billed to ACME Private Limited, Karnataka · GSTIN 29AAGCR4375J1ZU" in words
    assert "Credits you buy never expire" in words


@pytest.mark.parametrize("text", ["", "abc", "99", "<script>", "9" * 60])
def test_an_unfinished_amount_has_no_quote(client: Client, text: str) -> None:
    answer = client.get(f"{ADDRESS}quote/", {"amount": text})
    assert answer.status_code == 200
    assert "Enter an amount to see its credits and tax." in answer.content.decode()


def test_a_coupon_that_no_database_takes_brings_no_bonus(client: Client) -> None:
    answer = client.get(f"{ADDRESS}quote/", {"amount": "1000", "coupon": "\0"})
    assert "5,000 credits" in answer.content.decode()
    assert "bonus" not in answer.content.decode()
    assert client.post(ADDRESS, typed("1000", coupon="\0")).status_code == 422


def test_another_states_tax_is_igst(client: Client, organisation: Organisation) -> None:
    organisation.state_code, organisation.gstin = "27", ""
    organisation.save()
    assert "IGST 18 % 180.00" in main_text(client.get(ADDRESS))


def test_above_what_upi_takes_the_other_methods_are_named(client: Client, gateway: StagedGateway) -> None:
    note = "UPI takes at most ₹1,00,000 in one payment. Cards, Netbanking, Wallet take more."
    assert note in main_text(client.get(ADDRESS, {"amount": "100000"}))
    assert note not in main_text(client.get(ADDRESS, {"amount": "80000"}))


def test_the_dialog_is_the_same_form_without_the_frame(client: Client) -> None:
    answer = client.get(ADDRESS, HTTP_HX_REQUEST="true")
    page = page_of(answer)
    assert page.find("html") is None
    title = page.find(id="dialog-title")
    assert title is not None
    assert title.get_text() == "Add Credits"
    assert page.find("button", string="Add Credits") is not None


def test_a_missing_state_is_asked_for_here(chens_client: Client, gateway: StagedGateway) -> None:
    asked = chens_client.get(ADDRESS)
    assert page_of(asked).find("select", attrs={"name": "state_code"}) is not None
    assert "State (optional)" not in main_text(asked)
    refused = chens_client.post(ADDRESS, typed("1000"))
    assert refused.status_code == 422
    assert "Please choose your State" in main_text(refused)
    accepted = chens_client.post(ADDRESS, typed("1000", state_code="27"))
    assert accepted.status_code == 302
    assert "Billed to Other Ltd, Maharashtra" in main_text(chens_client.get(ADDRESS))


def test_a_large_amount_needs_an_address_or_a_gstin(chens_client: Client, gateway: StagedGateway) -> None:
    answer = chens_client.post(ADDRESS, typed("50000", state_code="27"))
    assert answer.status_code == 422
    assert "your invoice needs your address or a GSTIN" in main_text(answer)


def test_a_gateway_that_is_away_starts_nothing_and_says_so(
    client: Client, organisation: Organisation, gateway: StagedGateway
) -> None:
    gateway.order_trouble = Unavailable("down")
    answer = client.post(ADDRESS, typed("1000"))
    assert answer.status_code == 422
    assert "You were not charged. Please try again." in main_text(answer)
    gateway.order_trouble = None
    again = {"amount": "1000", "amount_shown": "1000", "token": value_of(answer, "token")}
    assert client.post(ADDRESS, again).status_code == 302
    assert len(gateway.orders) == 1


def test_without_any_gateway_nothing_can_be_started(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_gateways", {})
    answer = client.get(ADDRESS)
    assert "No payment gateway is set up yet." in main_text(answer)
    button = page_of(answer).find("button", string="Add Credits")
    assert button is not None
    assert button.has_attr("disabled")


def checkout_form(answer: Answer) -> tuple[str, dict[str, Any]]:
    form = page_of(answer).find("form", attrs={"data-autosubmit": True})
    assert form is not None
    return str(form["action"]), {str(field["name"]): field["value"] for field in form("input")}


def test_the_checkout_page_posts_to_the_gateway(client: Client, gateway: StagedGateway) -> None:
    answer = client.post(ADDRESS, typed("1000"), follow=True)
    action, fields = checkout_form(answer)
    (order_ref,) = gateway.orders
    assert action.startswith("http://127.0.0.1:9/")
    assert (fields["order_id"], fields["amount"]) == (order_ref, "118000")
    assert fields["callback_url"].startswith("http://localhost:8000/callbacks/razorpay/return/top_")
    assert fields["cancel_url"].startswith("http://localhost:8000/callbacks/razorpay/cancel/top_")
    assert "csrfmiddlewaretoken" not in fields
    words = main_text(answer)
    assert "Total ₹1,180.00" in words
    assert "Continue to payment" in words
