"""What an operator does to an organisation is asked, done once and written down."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from khata.billing.operations import open_organisation
from khata.kernel.clock import utc_now
from khata.ledger import queries as ledger
from tests.conftest import World
from tests.doors.console.operator.trail import deeds
from tests.doors.console.reading import main_text, page_of, value_of


def test_sending_is_stopped_and_allowed_with_a_reason(operator: Client, world: World) -> None:
    organisation_id = world.organisation.id
    stop, allow = reverse("operator_stop", args=[organisation_id]), reverse("operator_allow", args=[organisation_id])
    assert "New messages are refused" in main_text(operator.get(stop))
    refused = operator.post(stop, {"reason": " "})
    assert refused.status_code == 422
    assert "Say why." in main_text(refused)
    assert deeds(organisation_id) == []
    done = operator.post(stop, {"reason": "Fraud report 17"}, follow=True)
    assert "Sending is stopped" in main_text(done)
    assert ledger.balance(organisation_id=organisation_id).is_frozen
    operator.post(allow, {"reason": "Cleared"})
    assert not ledger.balance(organisation_id=organisation_id).is_frozen
    assert deeds(organisation_id) == [("freeze", "Fraud report 17"), ("unfreeze", "Cleared")]


def test_given_credits_are_a_grant_once_however_often_the_form_is_sent(operator: Client, world: World) -> None:
    organisation_id = world.organisation.id
    address = reverse("operator_grant", args=[organisation_id])
    token = value_of(operator.get(address), "token")
    form = {"credits": "1,250.5", "expires_on": "", "reason": "Outage of 12 May", "token": token}
    answers = [operator.post(address, form) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    balance = ledger.balance(organisation_id=organisation_id)
    assert (balance.available, balance.granted, balance.purchased) == (1_250_500_000, 1_250_500_000, 0)
    assert deeds(organisation_id) == [("grant", "Outage of 12 May")]
    assert "1,250.5" in main_text(operator.get(reverse("operator_organisation", args=[organisation_id])))


@pytest.mark.parametrize("credits", ["", "0", "-5", "many", "0.0000001", "9999999999999"])
def test_credits_that_are_none_are_refused_beside_the_field(operator: Client, world: World, credits: str) -> None:
    address = reverse("operator_grant", args=[world.organisation.id])
    answer = operator.post(address, {"credits": credits, "reason": "x"})
    assert answer.status_code == 422
    assert page_of(answer).select("#id_credits-error")
    assert ledger.balance(organisation_id=world.organisation.id).available == 0


def test_given_credits_can_have_a_last_day(operator: Client, world: World) -> None:
    address = reverse("operator_grant", args=[world.organisation.id])
    last_day = (utc_now() + timedelta(days=30)).date()
    operator.post(address, {"credits": "10", "expires_on": last_day.isoformat(), "reason": "Trial"})
    (expiring,) = ledger.balance(organisation_id=world.organisation.id).expiring
    # Midnight in India, after that day.
    assert expiring.expires_at.isoformat() == f"{last_day.isoformat()}T18:30:00+00:00"


def test_a_last_day_that_is_over_is_refused(operator: Client, world: World) -> None:
    address = reverse("operator_grant", args=[world.organisation.id])
    answer = operator.post(address, {"credits": "10", "expires_on": "2020-01-01", "reason": "Trial"})
    assert answer.status_code == 422
    assert deeds(world.organisation.id) == []


def test_organisations_are_found_by_name_mail_and_id(operator: Client, world: World) -> None:
    for search in (world.organisation.public_id, world.asha.email, world.bilal.email.upper()):
        text = main_text(operator.get("/operator/organisations/", {"search": search}))
        assert world.organisation.public_id in text
        assert world.chens_organisation.public_id not in text
    assert "No organisation fits" in main_text(operator.get("/operator/organisations/", {"search": uuid4().hex}))


def test_organisations_come_in_pages(operator: Client, world: World) -> None:
    mark = uuid4().hex
    for number in range(26):
        open_organisation(name=f"{mark} {number}", owner=world.chen)
    first = page_of(operator.get("/operator/organisations/", {"search": mark}))
    older = first.find("a", rel="next")
    assert older is not None
    second = page_of(operator.get(f"/operator/organisations/{older['href']}"))
    names = [link.get_text() for page in (first, second) for link in page.select("main td[data-label=Name] a")]
    assert sorted(names) == sorted(f"{mark} {number}" for number in range(26))
    assert operator.get("/operator/organisations/?before=x").status_code == 404
    assert operator.get(f"/operator/organisations/?before={2**63}").status_code == 404
