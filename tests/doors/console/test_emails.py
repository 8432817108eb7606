"""E-mail in the console: sending, domains, suppressed addresses; and the unsubscribe page that needs no sign-in."""

from collections.abc import Callable

import pytest
from django.test import Client

from khata.kernel.transactions import in_transaction
from khata.mail import queries as mail
from khata.mail.message_refs import MessageRef, ref_text
from khata.mail.models import SendingDomain, SuppressionReason
from khata.mail.operations import NewSuppression, check_domain, note_suppressions
from khata.messaging import queries as messaging
from khata.messaging.operations import MailParts, SendRequest, send_message
from tests.conftest import World
from tests.doors.console.reading import main_text, page_of
from tests.mails import verify_domain

PAGE = "/send/email/"
DOMAINS = "/send/email/domains/"
SUPPRESSED = "/logs/suppressions/"
WRITTEN = {
    "recipients": "asha@example.org",
    "sender": "ACME <orders@acme.example>",
    "subject": "Your order",
    "body": "It is\r\non its way.",
    "html": "<p>On its way</p>",
    "has_unsubscribe": "on",
    "token": "",
}


@pytest.fixture
def mailer(world: World, give_credits: Callable[[int, int], None]) -> int:
    give_credits(world.organisation.id, 10)
    verify_domain(world.organisation.id, "acme.example")
    return world.organisation.id


def sent_by(organisation_id: int) -> list[messaging.MessageSummary]:
    return messaging.messages(organisation_id=organisation_id).rows


def test_an_email_is_sent_and_its_page_shows_it(client: Client, mailer: int) -> None:
    answer = client.post(PAGE, WRITTEN)
    assert answer.status_code == 302
    [row] = sent_by(mailer)
    assert (row.channel, row.credits_micro, row.body) == ("email", 100_000, "It is\non its way.")
    text = main_text(client.get(answer["location"]))
    for shown in ("E-mail to", "Your order", "It is", "One click", "0.1"):
        assert shown in text
    assert "E-mail to a•••@example.org" in main_text(client.get("/billing/credit-history/"))
    assert "Segments" not in text


def test_each_address_gets_an_email_of_its_own(client: Client, mailer: int) -> None:
    client.post(PAGE, WRITTEN | {"recipients": "a@example.org, b@example.org\na@example.org"})
    assert sorted(row.recipient for row in sent_by(mailer)) == ["a@example.org", "b@example.org"]


def test_the_same_form_sent_twice_sends_once(client: Client, mailer: int) -> None:
    first, again = (client.post(PAGE, WRITTEN | {"token": "t1"}) for _ in range(2))
    assert first["location"] == again["location"]
    assert len(sent_by(mailer)) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"recipients": "asha"}, "An e-mail address looks like"),
        ({"recipients": " , ;"}, "Enter at least one address."),
        ({"recipients": ",".join(f"a{n}@example.org" for n in range(101))}, "At most 100 addresses"),
        ({"sender": "x@other.example"}, "Add and check the domain first"),
        ({"subject": ""}, "required"),
        ({"body": " "}, "Please write a text"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_sent(
    client: Client, mailer: int, change: dict[str, str], words: str
) -> None:
    answer = client.post(PAGE, WRITTEN | change)
    assert answer.status_code == 422
    assert words in main_text(answer)
    assert sent_by(mailer) == []


def test_without_credits_the_email_is_kept(client: Client, world: World) -> None:
    verify_domain(world.organisation.id, "acme.example")
    answer = client.post(PAGE, WRITTEN)
    assert answer.status_code == 402
    assert "Needs 0.1, you have 0" in main_text(answer)
    assert "Your order" in client.get(PAGE).content.decode()


def test_without_a_domain_the_page_leads_to_one(client: Client) -> None:
    assert "No domain is verified yet" in main_text(client.get(PAGE))


def test_a_domain_is_added_shown_and_removed(client: Client, world: World) -> None:
    answer = client.post(DOMAINS, {"name": "Shop.Example.com"})
    text = main_text(client.get(answer["location"]))
    [domain] = mail.domains(organisation_id=world.organisation.id)
    for record, _ in domain.records:
        assert record.name in text
        assert record.value in text
    assert "Waiting for DNS" in main_text(client.get(DOMAINS))
    assert "Remove shop.example.com?" in main_text(client.get(f"{answer['location']}remove/"))
    client.post(f"{answer['location']}remove/")
    assert mail.domains(organisation_id=world.organisation.id) == []


def test_only_an_owner_removes_a_domain(client: Client, bilals_client: Client, world: World) -> None:
    location = client.post(DOMAINS, {"name": "shop.example.com"})["location"]
    shown = [page_of(each.get(location)).find("a", string="Remove") is not None for each in (client, bilals_client)]
    assert shown == [True, False]
    assert bilals_client.post(f"{location}remove/").status_code == 403
    assert len(mail.domains(organisation_id=world.organisation.id)) == 1


def test_a_domain_is_checked(client: Client, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    location = client.post(DOMAINS, {"name": "shop.example.com"})["location"]
    [domain] = mail.domains(organisation_id=world.organisation.id)
    found = {record.name: [record.value] for record, _ in domain.records}
    monkeypatch.setitem(check_domain.__kwdefaults__, "find", found.get)
    text = main_text(client.post(f"{location}check/", follow=True))
    assert "Verified" in text
    assert "DKIM · found" in text


@pytest.mark.parametrize(("name", "words"), [("shop", "A domain looks like"), ("acme.example", "has that domain")])
def test_a_domain_that_cannot_be_added_is_said(client: Client, mailer: int, name: str, words: str) -> None:
    answer = client.post(DOMAINS, {"name": name})
    assert answer.status_code == 422
    assert words in main_text(answer)


def test_another_organisations_domain_is_not_there(client: Client, world: World, chens_client: Client) -> None:
    location = client.post(DOMAINS, {"name": "shop.example.com"})["location"]
    for answer in (
        chens_client.get(location),
        chens_client.post(f"{location}check/"),
        chens_client.post(f"{location}remove/"),
    ):
        assert answer.status_code == 404
    assert SendingDomain.objects.filter(organisation_id=world.organisation.id).exists()


def test_a_suppressed_address_is_listed_and_allowed_again(client: Client, chens_client: Client, world: World) -> None:
    with in_transaction() as connection:
        row = NewSuppression(world.organisation.id, "gone@example.org", SuppressionReason.BOUNCE, "No mailbox", None)
        note_suppressions(connection, [row])
    text = main_text(client.get(SUPPRESSED))
    for shown in ("gone@example.org", "Bounced", "No mailbox", "Allow again"):
        assert shown in text
    assert "No older addresses. Newest" in main_text(
        client.get(f"{SUPPRESSED}?before=00000000-0000-7000-8000-000000000000")
    )
    [kept] = mail.suppressions(organisation_id=world.organisation.id).rows
    path = f"{SUPPRESSED}{kept.public_id}/lift/"
    assert chens_client.post(path).status_code == 404
    assert "E-mails may go to this address again." in main_text(client.post(path, follow=True))
    assert mail.suppressions(organisation_id=world.organisation.id).rows == []


def unsubscribe_path(organisation_id: int) -> str:
    request = SendRequest("asha@example.org", "Hello", None, "email", mail=MailParts("Hello"))
    sent = send_message(organisation_id=organisation_id, request=request)
    return f"/unsubscribe/{ref_text('unsubscribe', MessageRef(organisation_id, sent.id))}"


def test_looking_at_the_unsubscribe_page_changes_nothing(anonymous: Client, mailer: int) -> None:
    text = main_text(anonymous.get(unsubscribe_path(mailer)))
    assert "asha@example.org will get no more e-mails" in text
    assert mail.suppressions(organisation_id=mailer).rows == []


def test_one_click_unsubscribes_without_cookies_or_tokens(mailer: int) -> None:
    stranger = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
    path = unsubscribe_path(mailer)
    for _ in range(2):
        answer = stranger.post(path, {"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
        assert not answer.cookies
    [row] = mail.suppressions(organisation_id=mailer).rows
    assert (row.address, row.reason) == ("asha@example.org", "unsubscribe")


@pytest.mark.parametrize("ref", ["x", "a" * 56])
def test_a_link_of_nobodys_is_not_there(anonymous: Client, ref: str) -> None:
    for answer in (anonymous.get(f"/unsubscribe/{ref}"), anonymous.post(f"/unsubscribe/{ref}")):
        assert answer.status_code == 404
