"""E-mails by the API: what is accepted, what it costs, and what is refused before anything is held."""

from base64 import b64encode
from typing import Any

import pytest

from khata.kernel.ids import uuid_from_public
from khata.kernel.transactions import in_transaction
from khata.mail.models import SuppressionReason
from khata.mail.operations import NewSuppression, note_suppressions
from khata.messaging.core.mail_draft import ATTACHMENTS_BYTES_MAX
from khata.messaging.models import MailAttachment, MailContent
from tests.mails import verify_domain

from .program import Program

EMAIL = {"channel": "email", "to": "asha@example.org", "subject": "Hello", "body": "It is on its way."}


@pytest.fixture
def mailer(program: Program) -> Program:
    """May send from acme.example."""
    verify_domain(program.organisation_id, "acme.example")
    return program


def file(name: str = "bill.pdf", content: bytes = b"%PDF", content_type: str = "application/pdf") -> dict[str, str]:
    return {"name": name, "content_type": content_type, "content": b64encode(content).decode()}


def suppress(organisation_id: int, address: str, reason: SuppressionReason) -> None:
    with in_transaction() as connection:
        note_suppressions(connection, [NewSuppression(organisation_id, address, reason, "", None)])


def test_an_email_costs_a_tenth_of_a_credit(mailer: Program) -> None:
    sent = mailer.post("/v1/messages", EMAIL).json()
    assert (sent["channel"], sent["to"], sent["segments"], sent["encoding"]) == ("email", "asha@example.org", 1, "utf8")
    assert (sent["credits"], sent["balance"]) == ("0.1", "99.9")


def test_without_a_sender_it_comes_from_the_domain_verified_first(mailer: Program) -> None:
    verify_domain(mailer.organisation_id, "aaa.example")
    sent = mailer.post("/v1/messages", EMAIL).json()
    assert mailer.get(f"/v1/messages/{sent['id']}").json()["from"] == "no-reply@acme.example"


def test_what_was_sent_can_be_read_again(mailer: Program) -> None:
    html = "<p>नमस्ते</p>"
    more = {"html": html, "from": "आशा <asha@acme.example>", "attachments": [file()], "unsubscribe": False}
    sent = mailer.post("/v1/messages", EMAIL | more).json()
    read = mailer.get(f"/v1/messages/{sent['id']}").json()
    assert (read["from"], read["body"]) == ("आशा <asha@acme.example>", "It is on its way.")
    files = [{"name": "bill.pdf", "size": 4}]
    assert read["email"] == {"subject": "Hello", "html": html, "attachments": files, "unsubscribe": False}
    message_id = uuid_from_public("msg", sent["id"])
    assert MailContent.objects.get(message_id=message_id).organisation_id == mailer.organisation_id
    assert bytes(MailAttachment.objects.get(message_id=message_id).content) == b"%PDF"


def test_the_list_finds_an_email_by_its_address(mailer: Program) -> None:
    sent = mailer.post("/v1/messages", EMAIL | {"to": "bilal@Example.org"}).json()
    found = mailer.get("/v1/messages", params={"to": "bilal@example.org"}).json()["data"]
    assert [row["id"] for row in found] == [sent["id"]]


def test_a_quote_says_the_same_price_and_refuses_the_same(mailer: Program) -> None:
    assert mailer.post("/v1/quotes", EMAIL).json()["credits"] == "0.1"
    content = EMAIL | {"from": "asha@other.example"}
    mailer.refused("POST", 422, "sender_not_verified", "/v1/quotes", content=content)


def test_a_repeated_key_answers_the_same_and_another_attachment_is_another_request(mailer: Program) -> None:
    key = {"Idempotency-Key": "email-1"}
    first = mailer.post("/v1/messages", EMAIL | {"attachments": [file()]}, headers=key)
    again = mailer.post("/v1/messages", EMAIL | {"attachments": [file()]}, headers=key)
    assert (again.json(), again.headers["idempotent-replayed"]) == (first.json(), "true")
    other = EMAIL | {"attachments": [file(content=b"%PDF2")]}
    mailer.refused("POST", 422, "idempotency_key_reused", "/v1/messages", content=other, headers=key)


@pytest.mark.parametrize(
    "sender", ["asha@other.example", "asha@sub.acme.example", "asha@example", "acme.example", "Asha <asha@acme.example"]
)
def test_only_a_verified_domain_may_be_sent_from(mailer: Program, sender: str) -> None:
    answer = mailer.post("/v1/messages", EMAIL | {"from": sender})
    assert answer.status_code == 422
    assert answer.json()["code"] in ("sender_not_verified", "invalid_request")


def test_another_organisations_domain_is_not_ours(mailer: Program, chens_program: Program) -> None:
    content = EMAIL | {"from": "asha@acme.example"}
    chens_program.refused("POST", 422, "sender_not_verified", "/v1/messages", content=content)


def test_without_any_domain_nothing_is_sent(program: Program) -> None:
    program.refused("POST", 422, "sender_not_verified", "/v1/messages", content=EMAIL)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"to": "asha"}, "to"),
        ({"to": "asha@example.org\r\nBcc: x@example.org"}, "to"),
        ({"to": "asha@example.org,bilal@example.org"}, "to"),
        ({"to": "+919812345678"}, "to"),
        ({"subject": ""}, "subject"),
        ({"subject": None}, "subject"),
        ({"subject": "x" * 251}, "subject"),
        ({"subject": "Hello\r\nBcc: x@example.org"}, "subject"),
        ({"subject": "Hello\nBcc: x@example.org"}, "subject"),
        ({"subject": "Hello\u2028"}, "subject"),
        ({"from": "Asha\r\nBcc: x@example.org <asha@acme.example>"}, "from"),
        ({"from": "Asha <asha@acme.example>\r\nX-Header: y"}, "from"),
        ({"body": "  "}, "body"),
        ({"body": "x" * 100_001}, "body"),
        ({"body": "a\x07b"}, "body"),
        ({"html": "a\x08b"}, "html"),
        ({"html": "x" * 500_001}, "html"),
        ({"template": "1107161234567890123"}, "template"),
        ({"reference": "x" * 129}, "reference"),
        ({"attachments": [file(name="a\r\nContent-Type: text/html")]}, "attachments[0].name"),
        ({"attachments": [file(name='a"b')]}, "attachments[0].name"),
        ({"attachments": [file(name="../bill")]}, "attachments[0].name"),
        ({"attachments": [file(name="")]}, "attachments[0].name"),
        ({"attachments": [file(), file(content_type="pdf")]}, "attachments[1].content_type"),
        ({"attachments": [file(content_type="text/plain\r\nX: y")]}, "attachments[0].content_type"),
        ({"attachments": [file(content_type="text/html; charset=x")]}, "attachments[0].content_type"),
        ({"attachments": [file(content_type="message/rfc822")]}, "attachments[0].content_type"),
        ({"attachments": [file(content_type="multipart/mixed")]}, "attachments[0].content_type"),
        ({"attachments": [file()] * 11}, "attachments"),
        ({"attachments": [file(content=b"x" * (ATTACHMENTS_BYTES_MAX // 2 + 1))] * 2}, "attachments"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_held(mailer: Program, change: dict[str, Any], field: str) -> None:
    answer = mailer.post("/v1/messages", EMAIL | change)
    assert answer.status_code == 422, answer.text
    assert [problem["field"] for problem in answer.json()["errors"]] == [field]
    assert mailer.get("/v1/balance").json()["held"] == "0"


def test_content_that_is_no_base64_is_refused(mailer: Program) -> None:
    wrong = {"name": "a", "content_type": "text/plain", "content": "not base64!"}
    assert mailer.post("/v1/messages", EMAIL | {"attachments": [wrong]}).status_code == 422


@pytest.mark.parametrize(
    "more", [{"subject": "Hello"}, {"html": "<p>"}, {"attachments": [file()]}, {"unsubscribe": True}]
)
def test_an_sms_has_nothing_of_an_email(program: Program, more: dict[str, Any]) -> None:
    content = {"to": "+919812345678", "body": "Hello", **more}
    program.refused("POST", 422, "invalid_request", "/v1/messages", content=content)


@pytest.mark.parametrize("reason", [SuppressionReason.BOUNCE, SuppressionReason.COMPLAINT])
def test_nothing_goes_to_an_address_that_bounced_or_complained(mailer: Program, reason: SuppressionReason) -> None:
    suppress(mailer.organisation_id, "Asha@example.org", reason)
    for more in ({}, {"unsubscribe": False}, {"to": "ASHA@example.org"}):
        mailer.refused("POST", 422, "recipient_suppressed", "/v1/messages", content=EMAIL | more)


def test_who_unsubscribed_gets_only_what_offers_no_way_out(mailer: Program) -> None:
    suppress(mailer.organisation_id, "asha@example.org", SuppressionReason.UNSUBSCRIBE)
    mailer.refused("POST", 422, "recipient_suppressed", "/v1/messages", content=EMAIL)
    assert mailer.post("/v1/messages", EMAIL | {"unsubscribe": False}).status_code == 202


def test_a_bounce_outweighs_an_unsubscribe_and_not_the_other_way_round(mailer: Program) -> None:
    for reason in (SuppressionReason.UNSUBSCRIBE, SuppressionReason.BOUNCE, SuppressionReason.UNSUBSCRIBE):
        suppress(mailer.organisation_id, "asha@example.org", reason)
    [row] = mailer.get("/v1/suppressions").json()["data"]
    assert (row["address"], row["reason"]) == ("asha@example.org", "bounce")


def test_an_address_suppressed_elsewhere_is_none_of_ours(mailer: Program, chens_program: Program) -> None:
    suppress(chens_program.organisation_id, "asha@example.org", SuppressionReason.COMPLAINT)
    assert mailer.post("/v1/messages", EMAIL).status_code == 202
    assert mailer.get("/v1/suppressions").json()["data"] == []


def test_a_suppression_can_be_lifted_once(mailer: Program, chens_program: Program) -> None:
    suppress(mailer.organisation_id, "asha@example.org", SuppressionReason.BOUNCE)
    [row] = mailer.get("/v1/suppressions").json()["data"]
    path = f"/v1/suppressions/{row['id']}"
    assert chens_program.call("DELETE", path).status_code == 404
    assert mailer.call("DELETE", path).json()["address"] == "asha@example.org"
    assert mailer.call("DELETE", path).status_code == 404
    assert mailer.post("/v1/messages", EMAIL).status_code == 202


def test_a_batch_may_mix_channels_and_each_is_answered(mailer: Program) -> None:
    suppress(mailer.organisation_id, "gone@example.org", SuppressionReason.BOUNCE)
    sms = {"to": "+919812345678", "body": "Hello"}
    batch = [EMAIL, sms, EMAIL | {"to": "gone@example.org"}, EMAIL | {"from": "x@other.example"}]
    answer = mailer.post("/v1/messages/batch", {"messages": batch}).json()
    assert (answer["accepted"], answer["refused"], answer["credits"]) == (2, 2, "1.1")
    assert [row.get("code") for row in answer["results"]] == [None, None, "recipient_suppressed", "sender_not_verified"]
