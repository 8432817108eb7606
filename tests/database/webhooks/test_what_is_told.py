"""Messages, top-ups and low credits are told as the API shows them, in the commit that makes them so."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from khata.carriers.port import Accepted, Answer, Receipt, ReceiptState, Refused, Unavailable, Unknown
from khata.kernel.clock import rfc3339, utc_now
from khata.kernel.ids import public_organisation_id
from khata.ledger.operations import freeze_wallet
from khata.messaging import queries as messaging
from khata.messaging.core.hand_over import decide_hand_over
from khata.messaging.message_object import message_object
from khata.messaging.models import Message
from khata.messaging.operations import (
    Handed,
    News,
    SendRequest,
    cancel_message,
    send_message,
    settle_news,
)
from khata.notices.operations import announce_disabled_endpoints, raise_alerts
from khata.webhooks.models import RecordedEvent, WebhookEndpoint
from tests.conftest import World
from tests.database.notices.jobs import send as send_mails
from tests.database.webhooks.courier import carry, endpoint_at, record
from tests.leases import claim_all, lease, release_all, sweep_all
from tests.webhook_receiver import Receiver, status

TO = "+919812345678"
URL = "https://hooks.example.com/khata"


@pytest.fixture
def mine(world: World, give_credits: Callable[[int, int], None]) -> int:
    """ACME's, with 600 credits that the alarms have seen, and an endpoint that wants everything."""
    organisation_id = world.organisation.id
    raise_alerts()
    give_credits(organisation_id, 600)
    raise_alerts()
    endpoint_at(URL, organisation_id)
    return organisation_id


def told(organisation_id: int) -> list[dict[str, Any]]:
    events = RecordedEvent.objects.filter(organisation_id=organisation_id).order_by("id")
    return [json.loads(event.body) for event in events]


def types(organisation_id: int) -> list[str]:
    return [event["type"] for event in told(organisation_id)]


def handed(organisation_id: int, *answers: Answer) -> Handed:
    send_message(organisation_id=organisation_id, request=SendRequest(TO, "Hello", reference="order-1"))
    (message,) = [message for message in claim_all() if message.organisation_id == organisation_id]
    return Handed(message, "smpp", decide_hand_over(answers, message.segments))


def announce_all() -> None:
    """Other tests' endpoints, too: a limited number is announced at once."""
    while announce_disabled_endpoints():
        continue


def receipt(ref: str, state: ReceiptState) -> Receipt:
    return Receipt("smpp", ref, state, "001", f"id:{ref}", utc_now())


def test_a_message_is_told_of_as_the_api_shows_it(mine: int) -> None:
    settle_news([handed(mine, Accepted("told-1"))])
    (event,) = told(mine)
    (row,) = messaging.messages(organisation_id=mine).rows
    assert event["type"] == "message.submitted"
    assert event["data"] == message_object(messaging.message(organisation_id=mine, message_id=row.id))
    assert (event["data"]["status"], event["data"]["credits_used"], event["data"]["reference"]) == (
        "submitted",
        "1",
        "order-1",
    )


@pytest.mark.parametrize(
    ("answer", "type", "used"),
    [
        (Accepted("t-2"), "message.submitted", "1"),
        (Refused("88", "Throttled"), "message.failed", "0"),
        (Unknown("No answer."), "message.unknown", None),
    ],
)
def test_every_answer_of_a_carrier_that_decides_is_told(mine: int, answer: Answer, type: str, used: str | None) -> None:
    settle_news([handed(mine, answer)])
    (event,) = told(mine)
    assert (event["type"], event["data"]["credits_used"]) == (type, used)


def test_a_message_that_is_cancelled_while_it_waits_is_told_of(mine: int) -> None:
    send_message(organisation_id=mine, request=SendRequest(TO, "Hello"))
    freeze_wallet(mine)
    sweep_all(lease())
    (event,) = told(mine)
    assert (event["type"], event["data"]["status"], event["data"]["credits_used"]) == (
        "message.cancelled",
        "cancelled",
        "0",
    )


def test_a_message_is_told_of_when_it_is_cancelled_and_not_when_it_is_released(mine: int) -> None:
    at = utc_now() + timedelta(hours=1)
    request = SendRequest(TO, "Hello", scheduled_at=at)
    released, cancelled = (send_message(organisation_id=mine, request=request).id for _ in range(2))
    Message.objects.filter(id=released).update(due_at=utc_now())
    release_all()
    assert told(mine) == []
    cancel_message(organisation_id=mine, message_id=cancelled)
    (event,) = told(mine)
    assert (event["type"], event["data"]["scheduled_at"]) == ("message.cancelled", rfc3339(at))
    assert event["data"]["error"]["code"] == "cancelled_on_request"


def test_a_message_put_back_to_be_tried_again_is_not_told_of(mine: int) -> None:
    settle_news([handed(mine, Unavailable("No carrier is connected."))])
    assert told(mine) == []


@pytest.mark.parametrize("state", [ReceiptState.DELIVERED, ReceiptState.UNDELIVERED, ReceiptState.EXPIRED])
def test_an_answer_and_its_receipt_in_one_commit_are_told_one_by_one(mine: int, state: ReceiptState) -> None:
    ref = f"told-{state}"
    news: list[News] = [handed(mine, Accepted(ref)), receipt(ref, state)]
    settle_news(news)
    assert types(mine) == ["message.submitted", f"message.{state.lower()}"]
    assert [event["data"]["status"] for event in told(mine)] == ["submitted", state.lower()]


def test_what_did_not_change_is_not_told_again(mine: int) -> None:
    settle_news([handed(mine, Accepted("told-3"))])
    for _ in range(3):
        settle_news([receipt("told-3", ReceiptState.DELIVERED)])
    assert types(mine) == ["message.submitted", "message.delivered"]


def test_without_an_endpoint_nothing_is_recorded(world: World, give_credits: Callable[[int, int], None]) -> None:
    give_credits(world.organisation.id, 10)
    settle_news([handed(world.organisation.id, Accepted("told-4"))])
    assert told(world.organisation.id) == []


def test_low_credits_are_told_once(mine: int) -> None:
    for _ in range(150):
        send_message(organisation_id=mine, request=SendRequest(TO, "Hello"))
    raise_alerts()
    raise_alerts()
    (event,) = told(mine)
    assert event["type"] == "credits.low"
    assert event["data"] == {"id": public_organisation_id(mine), "available": "450", "level": "500"}


def test_the_owner_is_told_once_when_an_endpoint_is_disabled(world: World, mine: int, receiver: Receiver) -> None:
    endpoint_at(receiver.url, mine)
    WebhookEndpoint.objects.filter(organisation_id=mine, url=URL).update(failing_since="2026-01-01T10:30:00Z")
    receiver.behaviour = status(410)
    record(mine)
    carry()
    for _ in range(2):
        announce_all()
    send_mails(mine)
    letters = [letter.body for letter in mail.outbox if letter.to == [world.asha.email]]
    assert len(letters) == 2
    gone, failing = sorted(letters, key=lambda text: "410" not in text)
    assert receiver.url in gone
    assert URL in failing
    assert "Since 16:00 on 1 January 2026 every attempt has failed." in failing
