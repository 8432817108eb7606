"""Messages for later: the time as it is typed, what is said of it, and what is refused."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from khata.kernel.clock import utc_now
from khata.ledger.queries import balance
from khata.messaging import queries as messaging
from khata.messaging.core.life import MessageStatus
from khata.messaging.template_queries import templates_in_use
from khata.tenancy.models import Organisation
from tests.doors.console.reading import Answer, main_text, page_of, value_of
from tests.mails import verify_domain
from tests.templates import SALE, register

SMS, EMAIL, BUTTON = "/send/sms/", "/send/email/", "/send/button/"
KOLKATA = "Asia/Kolkata"
Give = Callable[[int, int], None]


def at_ten(days_ahead: int, zone: str = KOLKATA) -> datetime:
    """At ten in the morning there: no clock changes at that hour."""
    local = utc_now().astimezone(ZoneInfo(zone)) + timedelta(days=days_ahead)
    return local.replace(hour=10, minute=0, second=0, microsecond=0)


def typed(at: datetime | str) -> str:
    """As a browser sends it."""
    return at if isinstance(at, str) else f"{at:%Y-%m-%dT%H:%M}"


def told(at: datetime) -> str:
    return f"{at:%d %b %Y, %H:%M}"


def sms(at: datetime | str, recipients: str = "+919876543210", **more: str) -> dict[str, str]:
    written = {"recipients": recipients, "body": "Hello", "sender": "", "token": uuid4().hex, "action": "send"}
    return written | {"scheduled_at": typed(at)} | more


def email(at: datetime | str, recipients: str) -> dict[str, str]:
    written = {"recipients": recipients, "sender": "orders@acme.example", "subject": "Order", "body": "On its way."}
    return written | {"scheduled_at": typed(at)}


def live_in(organisation: Organisation, zone: str) -> None:
    Organisation.objects.filter(id=organisation.id).update(time_zone=zone)


def messages_of(organisation: Organisation) -> list[messaging.MessageSummary]:
    return messaging.messages(organisation_id=organisation.id).rows


@pytest.fixture
def credits(organisation: Organisation, give_credits: Give) -> None:
    give_credits(organisation.id, 10)


@pytest.mark.usefixtures("credits")
@pytest.mark.parametrize("zone", [KOLKATA, "America/New_York"])
def test_a_message_is_scheduled_by_the_organisations_clock(
    client: Client, organisation: Organisation, zone: str
) -> None:
    live_in(organisation, zone)
    assert f"Otherwise a time in {zone}, at most 30 days ahead." in main_text(client.get(SMS))
    at = at_ten(2, zone)
    words = main_text(client.post(SMS, sms(at), follow=True))
    assert f"Scheduled It is scheduled for {told(at)}. 1 credit stays reserved until then." in words
    assert f"Scheduled for {told(at)}" in words
    assert f"· for {told(at)}" in words
    [message] = messages_of(organisation)
    assert (message.status, message.scheduled_at) == (MessageStatus.SCHEDULED, at)
    assert balance(organisation_id=organisation.id).available == 9_000_000


@pytest.mark.usefixtures("credits")
def test_several_are_told_with_their_time_and_what_is_reserved(client: Client) -> None:
    at = at_ten(2)
    answer = client.post(SMS, sms(at, "+919876543210, +919812345678, +919812345679"), follow=True)
    assert f"3 messages are scheduled for {told(at)}. 3 credits are reserved." in main_text(answer)
    rows = page_of(client.get("/logs/?status=scheduled")).select("tbody tr")
    assert [f"Scheduled {told(at)}" in " ".join(row.get_text(" ").split()) for row in rows] == [True] * 3


@pytest.mark.usefixtures("credits")
def test_emails_are_scheduled_too(client: Client, organisation: Organisation) -> None:
    verify_domain(organisation.id, "acme.example")
    at, recipients = at_ten(29), [f"a{number}@example.org" for number in range(10)]
    answer = client.post(EMAIL, email(at, ", ".join(recipients)), follow=True)
    assert f"10 e-mails are scheduled for {told(at)}. 1 credit is reserved." in main_text(answer)
    assert {(each.status, each.scheduled_at) for each in messages_of(organisation)} == {(MessageStatus.SCHEDULED, at)}


@pytest.mark.usefixtures("credits")
def test_what_may_go_only_by_day_is_told_with_the_hour_it_goes(client: Client, organisation: Organisation) -> None:
    register(organisation.id)
    [template] = [each for each in templates_in_use(organisation_id=organisation.id) if each.name == SALE.name]
    at = at_ten(3).replace(hour=23)
    written = sms(at, template=template.public_id, value_1="50%")
    words = main_text(client.post(SMS, written, follow=True))
    assert f"It waits for {told(at_ten(4))}: such messages go out only by day." in words
    assert f"Scheduled for {told(at)}" in words


@pytest.mark.usefixtures("credits")
@pytest.mark.parametrize("path", [SMS, EMAIL])
@pytest.mark.parametrize(
    ("at", "words"),
    [
        (at_ten(-1), "This time has passed. Choose a later one, or none to send now."),
        ("0002-01-01T00:00", "This time has passed."),
        (at_ten(32), "at most 30 days ahead"),
        ("9998-12-31T23:59", "at most 30 days ahead"),
        ("9999-12-31T23:59-05:00", "Enter a day and a time"),
        ("0001-01-01T00:00+05:30", "Enter a day and a time"),
        ("tomorrow", "Enter a day and a time, like 2026-12-24 10:00."),
        ("2026-02-30T10:00", "Enter a day and a time"),
        ("2031-03-30T02:30", "The clocks change then: this time is left out or comes twice."),
        ("2031-10-26T02:30", "The clocks change then: this time is left out or comes twice."),
    ],
)
def test_a_time_that_cannot_be_is_refused_beside_its_field(
    client: Client, organisation: Organisation, path: str, at: datetime | str, words: str
) -> None:
    verify_domain(organisation.id, "acme.example")
    live_in(organisation, "Europe/Berlin")
    written = sms(at) if path == SMS else email(at, "asha@example.org")
    answer = client.post(path, written)
    assert answer.status_code == 422
    error = page_of(answer).find(id="id_scheduled_at-error")
    assert error is not None
    assert words in error.get_text()
    assert value_of(answer, "scheduled_at") == typed(at)
    assert messages_of(organisation) == []
    assert balance(organisation_id=organisation.id).available == 10_000_000


@pytest.mark.usefixtures("credits")
def test_the_same_form_is_not_refused_once_its_time_has_come(client: Client, organisation: Organisation) -> None:
    first = client.post(SMS, sms(at_ten(1), token="one"))
    again = client.post(SMS, sms(at_ten(-1), token="one"))
    assert again["Location"] == first["Location"]
    assert len(messages_of(organisation)) == 1


def test_without_credits_the_time_is_kept_with_the_draft(client: Client, organisation: Organisation) -> None:
    at = at_ten(2)
    refused = client.post(SMS, sms(at))
    assert refused.status_code == 402
    for answer in (refused, client.get(SMS)):
        assert value_of(answer, "scheduled_at") == typed(at)
        assert button_of(answer) == f"Schedule for {told(at)}"
    assert messages_of(organisation) == []


@pytest.mark.parametrize("path", [SMS, EMAIL])
def test_the_button_says_what_it_does(client: Client, path: str) -> None:
    assert button_of(client.get(path)) == "Send"
    assert button_of(client.post(path, {"scheduled_at": typed(at_ten(2))})) == f"Schedule for {told(at_ten(2))}"
    field = page_of(client.get(path)).select_one(f'[hx-post="{BUTTON}"]')
    assert field is not None
    assert page_of(client.get(path)).select_one(str(field["hx-target"])) is not None


@pytest.mark.parametrize(
    ("at", "words"),
    [("", "Send"), ("tomorrow", "Send"), ("2031-03-30T02:30", "Schedule for 30 Mar 2031, 02:30"), (None, "Send")],
)
def test_the_button_follows_what_is_typed(client: Client, at: str | None, words: str) -> None:
    answer = client.post(BUTTON, {} if at is None else {"scheduled_at": at})
    assert answer.content.decode() == words


def button_of(answer: Answer) -> str:
    button = page_of(answer).find(id="send")
    assert button is not None
    return button.get_text()
