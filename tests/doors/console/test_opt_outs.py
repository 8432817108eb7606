"""Opt-outs and inbound messages: listed, found without a number in any address, added as a list, removed, obeyed."""

from collections.abc import Callable

import pytest
from bs4 import Tag
from django.test import Client
from django.urls import reverse

from khata.messaging.models import Message
from khata.messaging.operations import add_opt_outs
from khata.messaging.opt_out_queries import opt_outs
from khata.tenancy.models import Organisation
from tests.doors.console.reading import main_text, page_of, value_of
from tests.inbound import PHONE, number_of, phone_writes

LIST, ADD, INBOUND = "/logs/opt-outs/", "/logs/opt-outs/add/", "/logs/inbound/"
NUMBERS = ["+919812345678", "+919812345679", "+9779841234567"]


def opted_out(organisation: Organisation) -> list[str]:
    return [row.recipient for row in opt_outs(organisation_id=organisation.id).rows]


def rows(page: Tag) -> list[str]:
    return [" ".join(row.get_text(" ").split()) for row in page.select("tbody tr")]


def test_from_nobody_to_a_list(client: Client, organisation: Organisation) -> None:
    assert "Nobody has opted out yet." in main_text(client.get(LIST))
    typed = {"numbers": "098123 45678\n\n+91 98123 45679, +977 984-1234567\r\n", "reason": "asked by phone"}
    answer = client.post(ADD, typed, follow=True)
    assert "3 numbers are opted out." in main_text(answer)
    assert sorted(opted_out(organisation)) == sorted(NUMBERS)
    assert all("asked by phone Remove" in row for row in rows(page_of(answer)))
    assert "9812345678" not in answer.content.decode()


def test_a_number_that_is_there_is_told(client: Client, organisation: Organisation) -> None:
    add_opt_outs(organisation_id=organisation.id, recipients=NUMBERS[:1])
    answer = client.post(ADD, {"numbers": "\n".join(NUMBERS[:2])}, follow=True)
    assert "1 number is opted out. 1 was opted out before." in main_text(answer)


def test_wrong_lines_come_back_to_be_corrected(client: Client, organisation: Organisation) -> None:
    answer = client.post(ADD, {"numbers": f"{NUMBERS[0]}\nAsha\n\n+91 12", "reason": "by post"})
    assert answer.status_code == 422
    words = main_text(answer)
    assert "2 entries were not added 1 number is opted out." in words
    assert rows(page_of(answer)) == [
        "2 Asha This is not a telephone number.",
        "4 +91 12 No such telephone number exists.",
    ]
    assert (value_of(answer, "numbers"), value_of(answer, "reason")) == ("Asha\n+91 12", "by post")
    assert opted_out(organisation) == NUMBERS[:1]


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        ({}, "This field is required."),
        ({"numbers": ",\n;"}, "Enter at least one number."),
        ({"numbers": NUMBERS[0], "reason": "x" * 201}, "at most 200 characters"),
        ({"numbers": "\n".join(f"+9198{place:08}" for place in range(10_001))}, "1 to 10,000 numbers"),
    ],
    ids=["nothing", "marks", "reason", "too many"],
)
def test_a_wrong_form_says_why(
    client: Client, organisation: Organisation, typed: dict[str, str], complaint: str
) -> None:
    answer = client.post(ADD, typed)
    assert answer.status_code == 422
    assert complaint in main_text(answer)
    assert opted_out(organisation) == []


@pytest.mark.parametrize(
    ("typed", "count"),
    [("98123 4567", 2), ("+91 98123 45678", 1), ("919812345679", 1), ("+977", 1), ("+1", 0), ("0 98", 2), ("no", 3)],
)
def test_a_number_is_found_and_stands_in_no_address(
    client: Client, organisation: Organisation, typed: str, count: int
) -> None:
    add_opt_outs(organisation_id=organisation.id, recipients=NUMBERS)
    answer = client.post(LIST, {"number": typed}, follow=True)
    assert len(rows(page_of(answer))) == count
    addresses = [address for address, _ in answer.redirect_chain]
    assert not any(part in address for part in ("9812", "977") for address in addresses if "search=" not in address)
    if not count:
        assert "No number that begins like this is opted out. Show all" in main_text(answer)


def test_a_search_goes_with_the_pages_and_is_this_browsers_alone(
    client: Client, bilals_client: Client, organisation: Organisation
) -> None:
    numbers = [f"+91981234{place:04}" for place in range(1000, 1030)]
    add_opt_outs(organisation_id=organisation.id, recipients=[*numbers, NUMBERS[2]])
    first = client.post(LIST, {"number": "+91"}, follow=True)
    older = page_of(first).select_one('a[rel="next"]')
    assert older is not None
    second = page_of(client.get(f"{LIST}{older['href']}"))
    assert (len(rows(page_of(first))), len(rows(second))) == (25, 5)
    address, _ = first.redirect_chain[-1]
    assert len(rows(page_of(bilals_client.get(address)))) == 25
    assert value_of(bilals_client.get(address), "number") == ""
    assert "No older opt-outs. Newest" in main_text(client.get(f"{LIST}?before=00000000-0000-7000-8000-000000000000"))
    assert len(rows(page_of(client.get(f"{LIST}?before=x")))) == 25


def test_only_the_last_searches_are_kept(client: Client, organisation: Organisation) -> None:
    add_opt_outs(organisation_id=organisation.id, recipients=NUMBERS)
    first, _ = client.post(LIST, {"number": "+977"}, follow=True).redirect_chain[-1]
    assert len(rows(page_of(client.get(first)))) == 1
    for _ in range(20):
        client.post(LIST, {"number": "+91"})
    assert len(rows(page_of(client.get(first)))) == 3
    assert len(client.session["searches"]) == 20


def test_removing_asks_first(client: Client, chens_client: Client, organisation: Organisation) -> None:
    add_opt_outs(organisation_id=organisation.id, recipients=NUMBERS[:1], reason="asked by phone")
    (row,) = opt_outs(organisation_id=organisation.id).rows
    address = reverse("opt_out_remove", args=[row.id])
    assert [chens_client.get(address).status_code, chens_client.post(address).status_code] == [404, 404]
    asked = main_text(client.get(address))
    assert "Send to +91 ••••• •5678 again?" in asked
    assert "asked by phone" in asked
    assert opted_out(organisation) == NUMBERS[:1]
    assert "Messages may go to this number again." in main_text(client.post(address, follow=True))
    assert opted_out(organisation) == []


def test_sending_to_whoever_opted_out_is_refused_and_names_them(
    client: Client, organisation: Organisation, give_credits: Callable[[int, int], None]
) -> None:
    give_credits(organisation.id, 10)
    numbers = [f"+91981234500{place}" for place in range(7)]
    add_opt_outs(organisation_id=organisation.id, recipients=numbers)
    typed = {"recipients": "\n".join([NUMBERS[0], *numbers]), "body": "Hello", "token": "1", "action": "send"}
    answer = client.post("/send/sms/", typed)
    assert answer.status_code == 422
    assert f"Nothing was sent: {', '.join(numbers[:5])} and 2 more opted out." in main_text(answer)
    answer = client.post("/send/sms/", typed | {"recipients": numbers[0]})
    assert f"Nothing was sent: {numbers[0]} opted out." in main_text(answer)
    assert not Message.objects.filter(organisation_id=organisation.id).exists()


def test_what_phones_said_is_listed_with_its_effect(
    client: Client, chens_client: Client, organisation: Organisation
) -> None:
    assert "No message came in yet." in main_text(client.get(INBOUND))
    ours = number_of(organisation.id)
    for text in ("Is <b>it</b> open?", "STOP", "start"):
        phone_writes(text, to=ours)
    answer = client.get(INBOUND)
    told = [row.partition(ours)[2].strip() for row in rows(page_of(answer))]
    assert told == ["start Opted in again", "STOP Opted out", "Is <b>it</b> open?"]
    assert PHONE not in answer.content.decode()
    assert opted_out(organisation) == []
    assert "No message came in yet." in main_text(chens_client.get(INBOUND))
    assert "No older messages. Newest" in main_text(
        client.get(f"{INBOUND}?before=00000000-0000-7000-8000-000000000000")
    )


def test_a_phone_that_answers_stop_appears_by_itself(client: Client, organisation: Organisation) -> None:
    phone_writes("Stop!", to=number_of(organisation.id))
    (row,) = rows(page_of(client.get(LIST)))
    assert row.startswith("+91 ••••• •3210")
    assert "Sent STOP" in row


@pytest.mark.parametrize("address", ["/logs/", INBOUND, LIST])
def test_each_tab_says_where_one_is(client: Client, address: str) -> None:
    page = page_of(client.get(address))
    (here,) = page.select('nav[aria-label="Logs"] [aria-current="page"]')
    assert here["href"] == address
    (entry,) = page.select('nav[aria-label="Main"] [aria-current]')
    assert entry["href"] == "/logs/"
