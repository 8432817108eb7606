"""Send SMS: the cost before, the sending, and what is said when it cannot be."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client

from khata.console.number_lists import recipients_in
from khata.ledger.queries import balance
from khata.messaging import queries as messaging
from khata.tenancy.models import Organisation
from tests.doors.console.reading import main_text, page_of, value_of

ADDRESS = "/send/sms/"
Give = Callable[[int, int], None]


def typed(recipients: str = "+91 98765 43210", body: str = "Hello", **more: str) -> dict[str, str]:
    return {"recipients": recipients, "body": body, "sender": "", "token": uuid4().hex, "action": "send", **more}


def messages_of(organisation: Organisation) -> list[messaging.MessageSummary]:
    return messaging.messages(organisation_id=organisation.id).rows


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("", []),
        ("+91 98765 43210", ["+91 98765 43210"]),
        ("+91 98765 43210, 98123 45678;+1 650 253 0000", ["+91 98765 43210", "98123 45678", "+1 650 253 0000"]),
        ("+919876543210 +919812345678", ["+919876543210", "+919812345678"]),
        ("+919876543210\r\n\r\n+919812345678\n", ["+919876543210", "+919812345678"]),
    ],
)
def test_a_pasted_list_is_cut_into_numbers(text: str, numbers: list[str]) -> None:
    assert recipients_in(text) == numbers


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "The cost appears here before anything is sent."),
        ("Hello", "1 segment × 2 recipients = 2 credits. After sending: 8 GSM-7 · 5 characters · 155 left"),
        ("Nice 😀", "1 segment × 2 recipients = 2 credits. After sending: 8 UCS-2 (Unicode) · 7 characters · 63 left"),
        ("Nice 😀", "Unicode because of 😀"),
        ("x" * 161, "2 segments × 2 recipients = 4 credits. After sending: 6"),
        ("x" * 1000, "Needs 14, you have 10."),
        ("two\r\nlines", "9 characters"),
    ],
)
def test_the_cost_is_told_while_it_is_written(
    client: Client, organisation: Organisation, give_credits: Give, body: str, words: str
) -> None:
    give_credits(organisation.id, 10)
    told = typed("+91 98765 43210, +919812345678", body)
    assert words in " ".join(page_of(client.post(f"{ADDRESS}quote/", told)).get_text(" ").split())


def test_numbers_that_cannot_be_reached_are_named_while_it_is_written(client: Client) -> None:
    words = client.post(f"{ADDRESS}quote/", typed("+919876543210, 12, <b>")).content.decode()
    assert "Not a number we can reach: 12, &lt;b&gt;" in words


def test_the_preview_button_shows_the_cost_and_sends_nothing(
    client: Client, organisation: Organisation, give_credits: Give
) -> None:
    give_credits(organisation.id, 10)
    answer = client.post(ADDRESS, typed(action="preview"))
    assert "1 segment × 1 recipient = 1 credit. After sending: 9" in main_text(answer)
    assert value_of(answer, "body") == "Hello"
    assert messages_of(organisation) == []


def test_sending_opens_the_message_and_reserves_its_credits(
    client: Client, organisation: Organisation, give_credits: Give
) -> None:
    give_credits(organisation.id, 10)
    answer = client.post(ADDRESS, typed())
    (message,) = messages_of(organisation)
    assert answer["Location"] == f"/logs/messages/{message.public_id}/"
    words = main_text(client.get(answer["Location"]))
    assert "Accepted" in words
    assert "Credits reserved −1" in words
    assert "1 reserved" in words
    assert balance(organisation_id=organisation.id).available == 9_000_000


def test_several_recipients_each_get_one_message_repeats_left_out(
    client: Client, organisation: Organisation, give_credits: Give
) -> None:
    give_credits(organisation.id, 10)
    answer = client.post(ADDRESS, typed("+919876543210, +919812345678\n+91 98765 43210"), follow=True)
    assert {message.recipient for message in messages_of(organisation)} == {"+919876543210", "+919812345678"}
    assert "2 messages accepted." in main_text(answer)


def test_a_line_break_costs_one_character(client: Client, organisation: Organisation, give_credits: Give) -> None:
    give_credits(organisation.id, 10)
    client.post(ADDRESS, typed(body="two\r\nlines"))
    assert [message.body for message in messages_of(organisation)] == ["two\nlines"]


def test_sending_the_same_form_twice_sends_once(client: Client, organisation: Organisation, give_credits: Give) -> None:
    give_credits(organisation.id, 10)
    form = typed()
    first, second = client.post(ADDRESS, form), client.post(ADDRESS, form)
    assert first["Location"] == second["Location"]
    assert len(messages_of(organisation)) == 1


def test_without_enough_credits_nothing_is_sent_and_the_draft_is_kept(
    client: Client, organisation: Organisation, give_credits: Give
) -> None:
    give_credits(organisation.id, 4)
    answer = client.post(ADDRESS, typed("+919876543210, +919812345678, +919999900001", "x" * 161))
    assert answer.status_code == 402
    words = main_text(answer)
    assert "Needs 6, you have 4." in words
    assert "Nothing was sent and nothing was charged." in words
    link = page_of(answer).select_one("main .notice a.button")
    assert link is not None
    assert (link.get_text(), link["href"]) == ("Top up", "/billing/add-credits/?amount=100")
    assert messages_of(organisation) == []
    assert balance(organisation_id=organisation.id).available == 4_000_000
    assert value_of(answer, "body") == value_of(client.get(ADDRESS), "body") == "x" * 161


def test_a_draft_goes_once_it_is_sent(client: Client, organisation: Organisation, give_credits: Give) -> None:
    client.post(ADDRESS, typed(body="A draft"))
    give_credits(organisation.id, 4)
    client.post(ADDRESS, typed(body=value_of(client.get(ADDRESS), "body")))
    assert [message.body for message in messages_of(organisation)] == ["A draft"]
    assert value_of(client.get(ADDRESS), "body").strip() == ""


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"recipients": ""}, "This field is required."),
        ({"recipients": " , ,"}, "Enter at least one number."),
        ({"recipients": "12, hello"}, "Not a number we can reach: 12, hello."),
        ({"body": ""}, "This field is required."),
        ({"body": "   "}, "Please write a message."),
        ({"body": "bell \x07"}, "control character"),
        ({"sender": "far too long a name"}, "at most 16 characters"),
        ({"sender": "né"}, "A sender is 1 to 11 letters and digits"),
        ({"recipients": "\n".join(f"+9198{number:08}" for number in range(1001))}, "At most 1,000 numbers at once."),
    ],
)
def test_what_is_wrong_is_told_beside_its_field_and_costs_nothing(
    client: Client, organisation: Organisation, give_credits: Give, changes: dict[str, str], complaint: str
) -> None:
    give_credits(organisation.id, 10)
    answer = client.post(ADDRESS, typed(**{"recipients": "+919876543210", "body": "Hello"} | changes))
    assert answer.status_code == 422
    assert complaint in main_text(answer)
    assert page_of(answer).select_one("main .notice[role=alert] a") is not None
    assert messages_of(organisation) == []
    assert balance(organisation_id=organisation.id).available == 10_000_000


def test_a_member_may_send(bilals_client: Client, organisation: Organisation, give_credits: Give) -> None:
    give_credits(organisation.id, 10)
    assert bilals_client.post(ADDRESS, typed()).status_code == 302
    assert len(messages_of(organisation)) == 1
