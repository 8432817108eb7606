"""Cancelling a message that waits: asked first, told afterwards, and refused once it is under way."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client

from khata.console.message_words import message_sentence
from khata.kernel.clock import utc_now
from khata.ledger.queries import balance
from khata.messaging import queries as messaging
from khata.messaging.core.life import Cancellation, MessageStatus
from khata.messaging.operations import SendRequest, send_message
from khata.tenancy.models import Organisation
from tests.conftest import World
from tests.doors.console.reading import main_text, page_of
from tests.leases import claim_all

Give = Callable[[int, int], None]
CANCELLED = "Cancelled before it was sent, as asked for. Not charged."


@pytest.fixture(params=[timedelta(days=2), None], ids=["scheduled", "waiting"])
def message(request: pytest.FixtureRequest, organisation: Organisation, give_credits: Give) -> messaging.MessageDetail:
    give_credits(organisation.id, 10)
    at = utc_now() + request.param if request.param else None
    asked = SendRequest("+919876543210", "Hello", scheduled_at=at)
    sent = send_message(organisation_id=organisation.id, request=asked)
    return messaging.message(organisation_id=organisation.id, message_id=sent.id)


def status_of(organisation: Organisation, message: messaging.MessageDetail) -> MessageStatus:
    return messaging.message(organisation_id=organisation.id, message_id=message.id).status


def page(message: messaging.MessageDetail) -> str:
    return f"/logs/messages/{message.public_id}/"


def question(message: messaging.MessageDetail) -> str:
    return f"{page(message)}cancel/"


def test_it_is_asked_first(client: Client, organisation: Organisation, message: messaging.MessageDetail) -> None:
    link = page_of(client.get(page(message))).find("a", string="Cancel message")
    assert link is not None
    words = main_text(client.get(str(link["href"])))
    assert "Cancel this message?" in words
    assert "will not be sent, and 1 credit is returned. This cannot be undone." in words
    assert ("scheduled for" in words) is (message.scheduled_at is not None)
    assert status_of(organisation, message) is message.status


def test_it_is_cancelled_and_its_credits_return(
    bilals_client: Client, organisation: Organisation, message: messaging.MessageDetail
) -> None:
    for _ in range(2):
        words = main_text(bilals_client.post(question(message), follow=True))
        assert "The message is cancelled. 1 credit is returned." in words
        assert CANCELLED in words
        assert f"Why {Cancellation.ON_REQUEST.value} {Cancellation.ON_REQUEST.detail}" in words
        assert "Cancel message" not in words
        assert balance(organisation_id=organisation.id).available == 10_000_000
    assert status_of(organisation, message) is MessageStatus.CANCELLED
    assert bilals_client.get(question(message))["Location"] == page(message)


def test_what_is_under_way_goes_on_and_the_page_says_so(
    client: Client, organisation: Organisation, give_credits: Give
) -> None:
    give_credits(organisation.id, 10)
    sent = send_message(organisation_id=organisation.id, request=SendRequest("+919876543210", "Hello"))
    message = messaging.message(organisation_id=organisation.id, message_id=sent.id)
    claim_all()
    assert "Cancel message" not in main_text(client.get(page(message)))
    assert client.get(question(message))["Location"] == page(message)
    alert = page_of(client.post(question(message), follow=True)).select_one("main [role=alert]")
    assert alert is not None
    assert "only what still waits can be cancelled" in alert.get_text()
    assert status_of(organisation, message) is MessageStatus.SUBMITTING
    assert balance(organisation_id=organisation.id).available == 9_000_000


def test_what_may_have_gone_out_before_is_offered_no_cancelling(message: messaging.MessageDetail) -> None:
    assert message.may_be_cancelled
    assert not replace(message, is_possible_duplicate=True).may_be_cancelled


def test_only_its_own_organisation_cancels_it(
    world: World, chens_client: Client, message: messaging.MessageDetail
) -> None:
    assert chens_client.get(question(message)).status_code == chens_client.post(question(message)).status_code == 404
    assert status_of(world.organisation, message) is message.status


def test_without_its_token_a_form_cancels_nothing(world: World, message: messaging.MessageDetail) -> None:
    strict = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
    strict.force_login(world.asha)
    assert strict.post(question(message)).status_code == 403
    assert status_of(world.organisation, message) is message.status


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (Cancellation.ON_REQUEST, CANCELLED),
        (Cancellation.RECIPIENT_OPTED_OUT, "its recipient opted out meanwhile. Not charged."),
        (Cancellation.RECIPIENT_SUPPRESSED, "its address was suppressed meanwhile. Not charged."),
        (Cancellation.API_KEY_REVOKED, "It was cancelled before it was sent. Not charged."),
    ],
)
def test_each_reason_has_its_words(message: messaging.MessageDetail, reason: Cancellation, words: str) -> None:
    cancelled = replace(message, status=MessageStatus.CANCELLED, credits_captured_micro=0, error_code=reason.value)
    assert words in message_sentence(cancelled)


def test_what_is_scheduled_is_seldom_looked_at(client: Client, message: messaging.MessageDetail) -> None:
    answer = client.get(page(message))
    polled = page_of(answer).find(id="message")
    assert polled is not None
    assert polled["hx-trigger"] == ("every 20s" if message.scheduled_at else "every 2s")
    assert f'content="{60 if message.scheduled_at else 5}"' in answer.content.decode()
