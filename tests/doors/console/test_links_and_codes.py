"""Paying otherwise than at the checkout: chosen under Add Credits; the page that shows the link or the code."""

from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from khata.billing import queries as billing
from khata.billing.models import TopUp
from khata.billing.operations import settle_top_up, start_top_up
from khata.billing.queries import TopUpRow, TopUpState
from khata.payments import registry
from khata.payments.port import Capabilities, PaymentStatus, Unknown
from khata.payments.ways import PayBy
from khata.tenancy.models import Organisation
from tests.database.billing.staged_gateway import StagedGateway
from tests.doors.console.reading import main_text, page_of

ADD_CREDITS = "/billing/add-credits/"


def begun(organisation: Organisation, way: PayBy) -> TopUpRow:
    return start_top_up(organisation_id=organisation.id, amount_minor=100_000, idempotency_key=uuid4().hex, pay_by=way)


def typed(way: str, amount: str = "1000") -> dict[str, str]:
    return {"amount": amount, "amount_shown": amount, "token": uuid4().hex, "pay_by": way}


def address(top_up: TopUpRow) -> str:
    return reverse("payment", args=[top_up.id])


def test_add_credits_offers_what_the_gateway_has(client: Client, gateway: StagedGateway) -> None:
    page = page_of(client.get(ADD_CREDITS))
    ways = page.select('input[name="pay_by"]')
    assert [way["value"] for way in ways] == ["checkout", "upi_qr", "link"]
    assert [way["value"] for way in ways if way.has_attr("checked")] == ["checkout"]


def test_a_gateway_with_its_checkout_only_asks_nothing(
    client: Client, gateway: StagedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Capabilities(frozenset({"INR"}), ("Cards",), 1_00_000_00)
    monkeypatch.setattr(registry.default_gateway(), "capabilities", plain)
    assert page_of(client.get(ADD_CREDITS)).select('input[name="pay_by"]') == []


@pytest.mark.parametrize("way", [PayBy.LINK, PayBy.UPI_QR])
def test_choosing_it_leads_to_the_payments_page_and_not_to_the_gateway(
    client: Client, gateway: StagedGateway, organisation: Organisation, way: PayBy
) -> None:
    answer = client.post(ADD_CREDITS, typed(way.value))
    (top_up,) = billing.top_ups(organisation_id=organisation.id).rows
    assert (answer.status_code, answer["location"], top_up.pay_by) == (302, address(top_up), way)
    assert "Waiting for payment" in main_text(client.get(address(top_up)))


def test_a_code_above_what_upi_takes_is_explained(
    client: Client, gateway: StagedGateway, organisation: Organisation
) -> None:
    answer = client.post(ADD_CREDITS, typed("upi_qr", "90000"))
    assert answer.status_code == 422
    assert "UPI takes at most ₹1,00,000.00 in one payment, tax included." in main_text(answer)
    assert billing.top_ups(organisation_id=organisation.id).rows == []


def test_a_link_can_be_copied_mailed_and_opened(
    client: Client, gateway: StagedGateway, organisation: Organisation
) -> None:
    top_up = begun(organisation, PayBy.LINK)
    page = page_of(client.get(address(top_up)))
    shown = page.find(id="pay-link")
    assert shown is not None
    assert shown.get_text() == top_up.pay_url
    assert page.select('[data-copy="pay-link"]')
    mail = next(str(link["href"]) for link in page.find_all("a") if link.get_text() == "E-mail it")
    told = parse_qs(urlsplit(mail).query)
    assert mail.startswith("mailto:?")
    assert told["subject"] == ["Please pay ₹1,180.00"]
    assert top_up.pay_url in told["body"][0]
    assert page.find("img", class_="upi-code") is None


def test_a_code_is_drawn_here_and_opens_a_upi_app(
    client: Client, gateway: StagedGateway, organisation: Organisation
) -> None:
    top_up = begun(organisation, PayBy.UPI_QR)
    page = page_of(client.get(address(top_up)))
    drawn = page.find("img", class_="upi-code")
    assert drawn is not None
    assert str(drawn["src"]).startswith("data:image/svg+xml")
    links = {link.get_text(): link["href"] for link in page.find_all("a")}
    assert links["Open a UPI app"] == top_up.upi_uri
    assert links["The gateway's own image"] == top_up.pay_url


def test_a_code_the_gateway_keeps_to_itself_is_opened_there(
    client: Client, gateway: StagedGateway, organisation: Organisation
) -> None:
    top_up = begun(organisation, PayBy.UPI_QR)
    TopUp.objects.filter(id=top_up.id).update(upi_uri="")
    page = page_of(client.get(address(top_up)))
    assert page.find("img", class_="upi-code") is None
    links = {link.get_text(): link["href"] for link in page.find_all("a")}
    assert links["Open the QR code"] == top_up.pay_url
    assert "Open a UPI app" not in links


@pytest.mark.parametrize("way", [PayBy.LINK, PayBy.UPI_QR])
def test_once_paid_or_over_it_is_shown_no_more(
    client: Client, gateway: StagedGateway, organisation: Organisation, way: PayBy
) -> None:
    paid, over = begun(organisation, way), begun(organisation, way)
    gateway.stage(paid.order_ref, PaymentStatus.CAPTURED)
    settle_top_up(top_up_id=paid.id)
    assert client.post(reverse("payment_cancel", args=[over.id])).status_code == 302
    for top_up in (paid, over):
        assert top_up.pay_url not in client.get(address(top_up)).content.decode()


def test_a_lost_answer_is_asked_for_again_by_the_button(
    client: Client, gateway: StagedGateway, organisation: Organisation
) -> None:
    gateway.order_trouble = Unknown("the answer was lost")
    top_up = begun(organisation, PayBy.LINK)
    assert "The gateway has not answered yet." in main_text(client.get(address(top_up)))
    gateway.order_trouble = None
    client.post(reverse("payment_check", args=[top_up.id]))
    assert "Whoever has this link can pay." in main_text(client.get(address(top_up)))


def test_starting_again_is_paid_the_same_way(
    client: Client, gateway: StagedGateway, organisation: Organisation
) -> None:
    top_up = begun(organisation, PayBy.LINK)
    client.post(reverse("payment_cancel", args=[top_up.id]))
    answer = client.post(reverse("payment_again", args=[top_up.id]))
    fresh = billing.top_ups(organisation_id=organisation.id).rows[0]
    assert (fresh.pay_by, fresh.state, answer["location"]) == (PayBy.LINK, TopUpState.CREATED, address(fresh))


def test_whoever_is_not_of_the_organisation_sees_no_link(
    anonymous: Client, chens_client: Client, gateway: StagedGateway, organisation: Organisation
) -> None:
    top_up = begun(organisation, PayBy.LINK)
    for stranger in (anonymous, chens_client):
        assert top_up.pay_url not in stranger.get(address(top_up)).content.decode()
