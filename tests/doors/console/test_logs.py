"""Logs and the message page: what happened, in plain words, and what it cost."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.test import Client
from django.urls import reverse

from khata.console.message_words import BADGES, EVENTS, message_sentence
from khata.ledger.operations import freeze_wallet
from khata.messaging import queries as messaging
from khata.messaging.core.life import MessageStatus
from khata.messaging.operations import SendRequest, send_message
from khata.tenancy.models import Organisation
from tests.doors.console.reading import main_text, page_of
from tests.leases import lease, sweep_all

Give = Callable[[int, int], None]


@pytest.fixture
def message(organisation: Organisation, give_credits: Give) -> messaging.MessageDetail:
    give_credits(organisation.id, 100)
    sent = send_message(organisation_id=organisation.id, request=SendRequest("+919876543210", "Hello <b>Asha</b>"))
    return messaging.message(organisation_id=organisation.id, message_id=sent.id)


def test_the_list_shows_masked_numbers_status_and_cost(client: Client, message: messaging.MessageDetail) -> None:
    answer = client.get("/logs/")
    row = page_of(answer).select_one("tbody tr")
    assert row is not None
    cells = [" ".join(cell.get_text(" ").split()) for cell in row("td")]
    assert cells[1:] == ["SMS", "+91 ••••• •3210", "Hello <b>Asha</b>", "Accepted", "1", "1.0"]
    assert "9876543210" not in answer.content.decode()


def test_the_list_can_be_narrowed_by_status(client: Client, message: messaging.MessageDetail) -> None:
    assert page_of(client.get("/logs/?status=accepted")).select("tbody tr") != []
    answer = client.get("/logs/?status=delivered")
    assert page_of(answer).select("tbody tr") == []
    assert "Clear filters" in main_text(answer)
    assert page_of(client.get("/logs/?status=nonsense")).select("tbody tr") != []


@pytest.mark.parametrize("cursor", ["", "abc", "0" * 40])
def test_a_wrong_cursor_is_the_first_page(client: Client, message: messaging.MessageDetail, cursor: str) -> None:
    assert page_of(client.get("/logs/", {"before": cursor})).select("tbody tr") != []


def test_older_and_newer_walk_through_every_message(
    client: Client, organisation: Organisation, give_credits: Give
) -> None:
    give_credits(organisation.id, 100)
    for count in range(30):
        send_message(organisation_id=organisation.id, request=SendRequest("+919876543210", f"No. {count}"))
    first = page_of(client.get("/logs/"))
    older = first.select_one('a[rel="next"]')
    assert older is not None
    second = page_of(client.get(f"/logs/{older['href']}"))
    assert (len(first.select("tbody tr")), len(second.select("tbody tr"))) == (25, 5)
    newer = second.select_one('a[rel="prev"]')
    assert newer is not None
    assert len(page_of(client.get(f"/logs/{newer['href']}")).select("tbody tr")) == 25


def test_an_empty_list_says_what_to_do(client: Client) -> None:
    assert "No message was sent yet. Send your first SMS" in main_text(client.get("/logs/"))


def test_a_message_looks_again_until_it_is_final(client: Client, message: messaging.MessageDetail) -> None:
    answer = client.get(reverse("message", args=[message.id]))
    polled = page_of(answer).find(id="message")
    assert polled is not None
    assert polled["hx-trigger"] == "every 2s"
    assert "Hello <b>Asha</b>" in main_text(answer)
    fragment = client.get(reverse("message", args=[message.id]), HTTP_HX_REQUEST="true")
    assert page_of(fragment).find("html") is None
    assert "HX-Refresh" not in fragment


def test_the_timeline_is_in_order(client: Client, message: messaging.MessageDetail) -> None:
    page = page_of(client.get(reverse("message", args=[message.id])))
    steps = [" ".join(step.get_text(" ").split()) for step in page.select(".timeline strong")]
    assert steps == ["Accepted", "Credits reserved"]


def test_every_status_and_event_has_words(message: messaging.MessageDetail) -> None:
    assert set(BADGES) == set(MessageStatus)
    for status in MessageStatus:
        assert message_sentence(replace(message, status=status))
        assert not status.is_final or status.word in EVENTS


def test_an_unknown_outcome_says_that_credits_stay_reserved(message: messaging.MessageDetail) -> None:
    told = message_sentence(replace(message, status=MessageStatus.UNKNOWN))
    assert told == "The carrier has not answered. 1 credit stays reserved until it does."


def test_what_was_not_sent_is_not_charged(message: messaging.MessageDetail) -> None:
    told = message_sentence(replace(message, status=MessageStatus.FAILED, credits_captured_micro=0))
    assert told == "No carrier took it, so nothing was sent. Not charged."


def test_a_message_that_was_cancelled_while_it_waited_says_why_and_what_became_of_its_credits(
    client: Client, organisation: Organisation, message: messaging.MessageDetail
) -> None:
    freeze_wallet(organisation.id)
    sweep_all(lease())
    answer = client.get(reverse("message", args=[message.id]))
    steps = [" ".join(step.get_text(" ").split()) for step in page_of(answer).select(".timeline strong")]
    assert steps == ["Accepted", "Credits reserved", "Credits returned", "Cancelled"]
    text = main_text(answer)
    assert "It was cancelled before it was sent. Not charged." in text
    assert "Sending was stopped for this organisation before it went out." in text
    assert page_of(client.get("/logs/?status=cancelled")).select("tbody tr") != []
