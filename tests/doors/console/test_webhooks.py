"""The Webhooks pages: endpoints, their secret shown once, their deliveries, and who may do what."""

import json
from collections.abc import Iterator
from uuid import UUID

import pytest
from bs4 import Tag
from django.test import Client

from khata.kernel.clock import utc_now
from khata.kernel.ids import public_id
from khata.kernel.transactions import in_transaction
from khata.tenancy.models import Organisation
from khata.webhooks import queries
from khata.webhooks.models import Delivery, WebhookEndpoint
from khata.webhooks.operations import (
    CHOOSABLE,
    Event,
    EventType,
    Outcome,
    create_endpoint,
    delete_endpoint,
    record_events,
    write_outcomes,
)
from tests.doors.console.reading import main_text, page_of, value_of
from tests.leases import claim_all_deliveries

PAGE = "/developers/webhooks/"
URL = "https://shop.example.com/khata"
TYPED = {"url": URL, "description": "Shop", "event_types": ["message.delivered", "top_up.paid"]}


@pytest.fixture
def endpoint_id(organisation: Organisation) -> Iterator[UUID]:
    id_, _ = create_endpoint(organisation_id=organisation.id, url=URL, event_types=CHOOSABLE)
    yield id_
    for row in queries.endpoints(organisation_id=organisation.id):
        delete_endpoint(organisation_id=organisation.id, endpoint_id=row.id)


def page(endpoint_id: UUID, verb: str = "") -> str:
    return f"{PAGE}{public_id('whe', endpoint_id)}/{verb}"


def delivered(organisation: Organisation, status_code: int | None, error: str = "", answer: str = "") -> UUID:
    """An event with one attempt behind it; the delivery's id."""
    data = {"id": "msg_1", "body": "<b>नमस्ते</b>"}
    with in_transaction() as connection:
        record_events(connection, [Event(organisation.id, EventType.MESSAGE_DELIVERED, utc_now(), data)])
    ours = set(Delivery.objects.filter(organisation_id=organisation.id).values_list("id", flat=True))
    claimed = [found for found in claim_all_deliveries() if found.id in ours]
    write_outcomes([Outcome(found, utc_now(), 34, status_code, error, answer) for found in claimed])
    return claimed[-1].id


def test_an_endpoint_is_added_and_its_secret_is_shown_once(client: Client, organisation: Organisation) -> None:
    assert "No endpoint yet" in main_text(client.get(PAGE))
    answer = client.post(PAGE, TYPED)
    assert "no-store" in answer["Cache-Control"]
    secret = page_of(answer).find(id="secret-text")
    assert isinstance(secret, Tag)
    assert secret.text.startswith("whsec_")
    (row,) = queries.endpoints(organisation_id=organisation.id)
    assert (row.url, row.description, row.event_types) == (URL, "Shop", ("message.delivered", "top_up.paid"))
    for address in (PAGE, page(row.id)):
        assert "whsec_" not in client.get(address).content.decode()
        assert "Shop" in main_text(client.get(address))


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("url", "", "This field is required."),
        ("url", "shop.example.com", "begins with https://"),
        ("url", "ftp://shop.example.com/", "begins with https://"),
        ("url", "https://me:word@shop.example.com/", "Leave out user names"),
        ("event_types", [], "Choose at least one."),
        ("event_types", ["message.opened"], "Select a valid choice."),
        ("description", "x" * 121, "at most 120 characters"),
    ],
)
def test_what_cannot_be_is_refused_and_kept(client: Client, field: str, typed: object, words: str) -> None:
    answer = client.post(PAGE, {**TYPED, field: typed})
    assert answer.status_code == 422
    assert words in main_text(answer)
    assert value_of(answer, "description") == (typed if field == "description" else "Shop")


def test_there_are_at_most_ten(client: Client, organisation: Organisation) -> None:
    for _ in range(10):
        assert client.post(PAGE, TYPED).status_code == 200
    answer = client.post(PAGE, TYPED)
    assert answer.status_code == 422
    assert "at most 10 webhook endpoints" in main_text(answer)
    assert len(queries.endpoints(organisation_id=organisation.id)) == 10


def test_an_endpoint_is_changed(client: Client, organisation: Organisation, endpoint_id: UUID) -> None:
    assert client.post(page(endpoint_id), TYPED)["Location"] == page(endpoint_id)
    assert "Endpoint saved." in main_text(client.get(page(endpoint_id)))
    assert value_of(client.get(page(endpoint_id)), "description") == "Shop"
    assert client.post(page(endpoint_id), {**TYPED, "url": "nonsense"}).status_code == 422
    assert queries.endpoint(organisation_id=organisation.id, endpoint_id=endpoint_id).url == URL


def test_deliveries_show_what_came_back(client: Client, organisation: Organisation, endpoint_id: UUID) -> None:
    assert "Nothing was sent to it yet" in main_text(client.get(page(endpoint_id)))
    delivered(organisation, 200)
    delivered(organisation, 500, answer="<h1>Sorry</h1>")
    text = main_text(client.get(page(endpoint_id)))
    for words in ("message.delivered", "200 in 34 ms", "500 in 34 ms", "Retrying", "Failing"):
        assert words in text


def test_a_delivery_shows_body_attempts_and_the_beginning_of_the_answer(
    client: Client, organisation: Organisation, endpoint_id: UUID
) -> None:
    id_ = delivered(organisation, 500, answer="<h1>Sorry</h1>")
    answer = client.get(f"{PAGE}deliveries/{public_id('whd', id_)}/")
    text = main_text(answer)
    for words in ("500 in 34 ms", "Attempt 1 of 10", "Next attempt", "evt_", "<h1>Sorry</h1>"):
        assert words in text
    body = page_of(answer).find("pre")
    assert isinstance(body, Tag)
    assert json.loads(body.text)["data"]["body"] == "<b>नमस्ते</b>"


def test_a_test_event_is_recorded_by_the_button(client: Client, organisation: Organisation, endpoint_id: UUID) -> None:
    assert client.post(page(endpoint_id, "test/"))["Location"] == page(endpoint_id)
    text = main_text(client.get(page(endpoint_id)))
    assert "webhook.test" in text
    assert "On its way" in text


def test_a_delivery_is_sent_again_by_the_button(client: Client, organisation: Organisation, endpoint_id: UUID) -> None:
    id_ = delivered(organisation, 200)
    answer = client.post(f"{PAGE}deliveries/{public_id('whd', id_)}/resend/")
    assert "The first attempt is about to be made." in main_text(client.get(answer["Location"]))
    assert len(queries.deliveries(organisation_id=organisation.id, endpoint_id=endpoint_id).rows) == 2


def test_a_new_secret_is_asked_about_then_shown_once(client: Client, endpoint_id: UUID) -> None:
    assert "Make a new secret?" in main_text(client.get(page(endpoint_id, "secret/")))
    answer = client.post(page(endpoint_id, "secret/"))
    assert "The former one counts for a day more." in main_text(answer)
    assert "whsec_" in main_text(answer)


def test_an_endpoint_is_disabled_enabled_and_deleted(
    client: Client, organisation: Organisation, endpoint_id: UUID
) -> None:
    client.post(page(endpoint_id, "switch/"), {"to": "off"})
    assert "somebody switched it off" in main_text(client.get(page(endpoint_id)))
    assert client.post(page(endpoint_id, "test/")).status_code == 409
    client.post(page(endpoint_id, "switch/"), {"to": "on"})
    assert "Enabled" in main_text(client.get(page(endpoint_id)))
    assert "Delete this endpoint?" in main_text(client.get(page(endpoint_id, "delete/")))
    client.post(page(endpoint_id, "delete/"))
    assert client.get(page(endpoint_id)).status_code == 404
    assert queries.endpoints(organisation_id=organisation.id) == []


@pytest.mark.parametrize(
    ("reason", "words"), [("gone", "it answered 410 Gone"), ("failing", "for days every attempt had failed")]
)
def test_a_disabled_endpoint_says_why(client: Client, endpoint_id: UUID, reason: str, words: str) -> None:
    WebhookEndpoint.objects.filter(id=endpoint_id).update(disabled_at=utc_now(), disabled_reason=reason)
    assert words in main_text(client.get(page(endpoint_id)))
    assert "Disabled" in main_text(client.get(PAGE))


def test_a_member_who_is_no_owner_looks_and_changes_nothing(
    bilals_client: Client, organisation: Organisation, endpoint_id: UUID
) -> None:
    id_ = delivered(organisation, 200)
    delivery = f"{PAGE}deliveries/{public_id('whd', id_)}/"
    assert [bilals_client.get(address).status_code for address in (PAGE, page(endpoint_id), delivery)] == [200] * 3
    verbs = ("", "test/", "secret/", "switch/", "delete/")
    for address in (PAGE, *(page(endpoint_id, verb) for verb in verbs), f"{delivery}resend/"):
        assert bilals_client.post(address, TYPED).status_code == 403
    assert len(queries.deliveries(organisation_id=organisation.id, endpoint_id=endpoint_id).rows) == 1
    (row,) = queries.endpoints(organisation_id=organisation.id)
    assert (row.description, row.disabled_at, row.former_secret_until) == ("", None, None)


def test_another_organisations_endpoints_are_missing(
    chens_client: Client, organisation: Organisation, endpoint_id: UUID
) -> None:
    id_ = delivered(organisation, 200)
    delivery = f"{PAGE}deliveries/{public_id('whd', id_)}/"
    assert URL not in main_text(chens_client.get(PAGE))
    assert [chens_client.get(address).status_code for address in (page(endpoint_id), delivery)] == [404, 404]
    verbs = ("", "test/", "secret/", "switch/", "delete/")
    for address in (*(page(endpoint_id, verb) for verb in verbs), f"{delivery}resend/"):
        assert chens_client.post(address, TYPED).status_code == 404
    assert queries.endpoint(organisation_id=organisation.id, endpoint_id=endpoint_id).description == ""
