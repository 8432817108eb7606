"""The Auto top-up page in its states, and what people may do there."""

from collections.abc import Iterator

import pytest
from django.test import Client

from khata.billing.core.auto_top_up import AutoTopUpState, PauseReason
from khata.billing.models import AutoTopUp, TopUp
from khata.billing.operations import settle_top_up
from khata.billing.operations.auto_looks import top_up_automatically
from khata.payments import registry
from khata.payments.port import PaymentStatus
from khata.tenancy.models import Organisation
from tests.database.billing.charging_gateway import TOKEN, ChargingGateway
from tests.doors.console.reading import main_text, page_of, value_of

PAGE = "/billing/auto-top-up/"
TYPED = {"amount": "1000", "level": "6,000", "cap": "2,360", "gateway": "", "token": "first"}


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChargingGateway]:
    staged = ChargingGateway()
    monkeypatch.setattr(registry, "_gateways", {})
    registry.register_gateway(staged)
    yield staged
    AutoTopUp.objects.update(state=AutoTopUpState.OFF.value, pause_reason="")
    staged.close()


@pytest.fixture
def switched_on(client: Client, gateway: ChargingGateway, organisation: Organisation) -> AutoTopUp:
    client.post(PAGE, TYPED)
    first = TopUp.objects.get(organisation=organisation)
    gateway.stage(first.order_ref, PaymentStatus.CAPTURED, token_ref=TOKEN)
    settle_top_up(top_up_id=first.id)
    return row_of(organisation)


def row_of(organisation: Organisation) -> AutoTopUp:
    return AutoTopUp.objects.get(organisation=organisation)


def test_the_page_explains_what_would_happen_and_chooses_no_cap(client: Client, gateway: ChargingGateway) -> None:
    answer = client.get(PAGE)
    words = main_text(answer)
    for said in ("Off", "Now you pay the first amount", "up to 36 hours", "You can stop at any time", "None yet."):
        assert said in words
    assert value_of(answer, "cap") == ""


def test_setting_it_up_leads_to_an_ordinary_first_payment(
    client: Client, gateway: ChargingGateway, organisation: Organisation
) -> None:
    answer = client.post(PAGE, TYPED)
    top_up = TopUp.objects.get(organisation=organisation)
    assert answer["Location"] == f"/billing/payments/{top_up.public_id}/checkout/"
    assert (top_up.total_minor, top_up.mandate_max_minor) == (118_000, 236_000)
    waiting = client.get(PAGE)
    assert "Waiting for the first payment" in main_text(waiting)
    client.post(PAGE, TYPED)
    assert TopUp.objects.filter(organisation=organisation).count() == 1, "a second click is no second wish"


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("cap", "", "Enter an amount."),
        ("cap", "1179.99", "a smaller cap would never let one through"),
        ("amount", "nothing", "Enter an amount in rupees"),
        ("amount", "12711.87", "At most ₹15,000.00 with tax"),
        ("level", "-1", "Enter whole credits"),
    ],
)
def test_what_cannot_work_is_refused_beside_its_field_and_kept(
    client: Client, gateway: ChargingGateway, organisation: Organisation, field: str, typed: str, words: str
) -> None:
    answer = client.post(PAGE, TYPED | {field: typed})
    assert answer.status_code == 422
    error = page_of(answer).find(id=f"id_{field}-error")
    assert error is not None
    assert words in error.get_text()
    assert value_of(answer, field) == typed
    assert not TopUp.objects.filter(organisation=organisation).exists()


def test_once_on_the_page_tells_terms_month_method_and_what_is_next(
    client: Client, switched_on: AutoTopUp, gateway: ChargingGateway
) -> None:
    words = main_text(client.get(PAGE))
    for said in ("₹1,180.00 with tax", "₹0.00 of at most ₹2,360.00", "asha@okbank", "When credits run low"):
        assert said in words
    top_up_automatically()
    words = main_text(client.get(PAGE))
    assert "₹1,180.00 of at most ₹2,360.00" in words
    assert "Pending" in words


def test_terms_are_changed_without_a_payment(
    client: Client, switched_on: AutoTopUp, organisation: Organisation
) -> None:
    assert client.post(PAGE, TYPED | {"cap": "5000", "level": ""})["Location"] == PAGE
    row = row_of(organisation)
    assert (row.cap_minor, row.level_credits_micro, row.state) == (500_000, 0, "on")
    assert TopUp.objects.filter(organisation=organisation).count() == 1


@pytest.mark.parametrize("reason", list(PauseReason))
def test_a_pause_says_why_and_goes_on_at_a_press(
    client: Client, switched_on: AutoTopUp, organisation: Organisation, reason: PauseReason
) -> None:
    AutoTopUp.objects.filter(id=switched_on.id).update(
        state="paused", pause_reason=reason.value, problem="Declined by the bank."
    )
    words = main_text(client.get(PAGE))
    assert "Paused" in words
    assert "The gateway said: Declined by the bank." in words
    client.post(f"{PAGE}resume/")
    row = row_of(organisation)
    assert (row.state, row.problem) == ("on", "")


def test_a_stop_is_one_press_away(client: Client, switched_on: AutoTopUp, organisation: Organisation) -> None:
    assert page_of(client.get(PAGE)).find("button", string="Stop auto top-up") is not None
    answer = client.post(f"{PAGE}stop/", follow=True)
    assert "Auto top-up is off. Nothing more is charged by itself." in main_text(answer)
    assert row_of(organisation).state == "off"


def test_a_member_sees_it_and_changes_nothing(
    bilals_client: Client, switched_on: AutoTopUp, organisation: Organisation
) -> None:
    assert "On" in main_text(bilals_client.get(PAGE))
    for address in (PAGE, f"{PAGE}stop/", f"{PAGE}resume/"):
        assert bilals_client.post(address, TYPED).status_code == 403
    assert row_of(organisation).state == "on"


def test_another_organisation_neither_sees_nor_stops_it(
    chens_client: Client, switched_on: AutoTopUp, organisation: Organisation
) -> None:
    assert "Off" in main_text(chens_client.get(PAGE))
    chens_client.post(f"{PAGE}stop/")
    assert row_of(organisation).state == "on"


def test_an_automatic_payment_is_never_paid_by_hand(
    client: Client, switched_on: AutoTopUp, organisation: Organisation
) -> None:
    top_up_automatically()
    top_up = TopUp.objects.exclude(token_ref="").get(organisation=organisation)
    answer = client.get(f"/billing/payments/{top_up.public_id}/checkout/")
    assert answer["Location"] == f"/billing/payments/{top_up.public_id}/"
    assert "Continue to payment" not in main_text(client.get(answer["Location"]))


def test_a_gateway_that_cannot_charge_by_itself_is_said_so(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_gateways", {})
    assert "cannot charge by itself" in main_text(client.get(PAGE))
