"""What mail services tell of mails, believed and read."""

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.utils.module_loading import import_string

from khata.carriers.callbacks import Callback, ForgedCallback
from khata.carriers.drivers.anymail import AnymailCarrier, settings_of
from khata.carriers.drivers.anymail.mail_services import MAIL_SERVICES
from khata.carriers.port import CarrierNews, Feedback, Receipt, ReceiptState

from .mail_services import (
    ASHA,
    BOUNCE,
    DELIVERED,
    DELIVERY,
    EVENTS_KEY,
    FAILED,
    MAILGUN,
    POSTMARK,
    PUBLIC_URL,
    WEBHOOK_SECRET,
    Mailgun,
    Postmark,
    Taken,
    basic,
    table_of,
)  # fmt: skip
from .test_anymail_contract import carrier_at, event

REF = "b" * 56
URL = "https://api.example"
COMPLAINT = {**BOUNCE, "RecordType": "SpamComplaint", "Type": "SpamComplaint", "Details": "Test details"}
LEFT = {
    "RecordType": "SubscriptionChange", "ChangedAt": "2026-11-23T10:15:00Z", "Recipient": ASHA,
    "Origin": "Recipient", "SuppressSending": True, "SuppressionReason": "ManualSuppression",
}  # fmt: skip

UNTESTED_BY_THEM = pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailNotSupportedWarning")

Report = Callable[..., list[CarrierNews]]


def carrier_of(service: str) -> AnymailCarrier:
    return AnymailCarrier(settings_of("post", table_of(service, URL), is_sandbox=False))


def reader_of(make: type[Postmark | Mailgun], service: dict[str, str]) -> Report:
    carrier = carrier_at(URL, service)

    def told(*, id_: str = "<the-id>", **more: Any) -> list[CarrierNews]:
        news: list[CarrierNews] = []
        far_end = make(lambda body, headers: news.extend(carrier.read_callback(event(body, headers))))
        ids = {"Metadata": {"khata": REF}, "v:khata": REF}
        far_end.report(Taken(id_, ASHA, "hello", ids), **more)
        return news

    return told


@pytest.fixture
def postmark() -> Report:
    return reader_of(Postmark, POSTMARK)


@pytest.fixture
def mailgun() -> Report:
    return reader_of(Mailgun, MAILGUN)


def test_a_delivery_is_a_receipt(postmark: Report) -> None:
    before = datetime.now(UTC)
    [receipt] = postmark(**DELIVERY)
    assert isinstance(receipt, Receipt)
    assert receipt[:4] == ("post", "<the-id>", ReceiptState.DELIVERED, "")
    assert before <= receipt.received_at <= datetime.now(UTC)


def test_a_mailbox_that_is_gone_is_a_receipt_and_suppresses(postmark: Report) -> None:
    receipt, feedback = postmark(**BOUNCE)
    assert isinstance(receipt, Receipt)
    assert receipt[:4] == ("post", "<the-id>", ReceiptState.UNDELIVERED, "5.1.1")
    assert "No such mailbox" in receipt.raw
    assert isinstance(feedback, Feedback)
    assert (feedback.ref, feedback.reason) == (REF, "bounce")


def test_an_event_without_an_id_names_the_mail_by_our_reference(postmark: Report) -> None:
    [receipt] = postmark(id_="", **DELIVERY)
    assert isinstance(receipt, Receipt)
    assert receipt.carrier_ref == REF


@pytest.mark.parametrize("id_", ["x" * 256, "a b", "a\0"])
def test_an_event_under_an_id_that_cannot_be_kept_still_suppresses(postmark: Report, id_: str) -> None:
    assert [type(item) for item in postmark(id_=id_, **BOUNCE)] == [Feedback]


def test_mailgun_tells_the_same(mailgun: Report) -> None:
    [delivered] = mailgun(**DELIVERED)
    receipt, feedback = mailgun(**FAILED)
    assert isinstance(delivered, Receipt)
    assert delivered[:4] == ("post", "<the-id>", ReceiptState.DELIVERED, "")
    assert isinstance(receipt, Receipt)
    assert receipt[:4] == ("post", "<the-id>", ReceiptState.UNDELIVERED, "5.1.1")
    assert isinstance(feedback, Feedback)


@pytest.mark.parametrize("details", ["smtp;552 5.2.2 Mailbox full", "smtp;550 5.7.1 Spam", "smtp;550 no", ""])
def test_a_bounce_that_may_pass_suppresses_nothing(postmark: Report, details: str) -> None:
    [receipt] = postmark(**{**BOUNCE, "Type": "SoftBounce", "Details": details})
    assert isinstance(receipt, Receipt)
    assert receipt.state is ReceiptState.UNDELIVERED
    assert receipt.error_code


@pytest.mark.parametrize(
    ("told", "reason"), [(COMPLAINT, "complaint"), (LEFT, "unsubscribe")], ids=["complaint", "unsubscribe"]
)
def test_what_a_reader_wishes_suppresses_and_changes_no_state(
    postmark: Report, told: dict[str, Any], reason: str
) -> None:
    [feedback] = postmark(**told)
    assert isinstance(feedback, Feedback)
    assert (feedback.ref, feedback.reason) == (REF, reason)


@UNTESTED_BY_THEM
@pytest.mark.parametrize(
    ("why", "reason"),
    [("Bounced Address", "bounce"), ("Invalid", "bounce"), ("Unsubscribed Address", "unsubscribe"), ("Other", None)],
)
def test_what_a_mail_service_holds_back_itself_is_suppressed_here_too(why: str, reason: str | None) -> None:
    dropped = {"event": "dropped", "email": ASHA, "timestamp": 1795428900, "reason": why, "anymail_id": "one"}
    body = json.dumps([{**dropped, "khata": REF}]).encode()
    signature = EVENTS_KEY.sign(b"1795428900" + body, ec.ECDSA(hashes.SHA256()))
    headers = {
        "content-type": "application/json",
        "x-twilio-email-event-webhook-signature": b64encode(signature).decode(),
        "x-twilio-email-event-webhook-timestamp": "1795428900",
    }
    receipt, *feedback = carrier_of("sendgrid").read_callback(event(body, headers))
    assert isinstance(receipt, Receipt)
    assert receipt[:3] == ("post", "one", ReceiptState.REJECTED)
    assert [each.reason for each in feedback if isinstance(each, Feedback)] == ([reason] if reason else [])


@pytest.mark.parametrize(
    "told",
    [
        {**BOUNCE, "Type": "Transient"},
        {**BOUNCE, "Type": "AutoResponder"},
        {"RecordType": "Open", "ReceivedAt": "2026-11-23T10:15:00Z", "FirstOpen": True},
        {"RecordType": "SomethingNew"},
        {**DELIVERY, "Metadata": {}},
        {**DELIVERY, "Metadata": {"khata": "X" * 56}},
    ],
)
def test_what_ends_nothing_or_is_about_no_mail_of_ours_tells_nothing(postmark: Report, told: dict[str, Any]) -> None:
    assert postmark(**told) == []


def test_whoever_does_not_know_the_secret_is_not_believed(postmark: Report, mailgun: Report) -> None:
    for secret in ("postmark:wrong", "", WEBHOOK_SECRET + "x"):
        with pytest.raises(ForgedCallback):
            postmark(secret=secret, **BOUNCE)
    with pytest.raises(ForgedCallback):
        mailgun(key="wrong", **FAILED)


@UNTESTED_BY_THEM
@pytest.mark.parametrize("service", MAIL_SERVICES)
def test_no_mail_service_is_believed_without_its_secret(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    carrier = carrier_of(service)
    view = import_string(f"anymail.webhooks.{service}.{MAIL_SERVICES[service].view}")
    monkeypatch.setattr(view, "parse_events", lambda _view, _request: [])
    for body in (b"{}", b"[]"):
        with pytest.raises(ForgedCallback):
            carrier.read_callback(event(body, {"content-type": "application/json"}))


@pytest.mark.parametrize("service", [POSTMARK, MAILGUN], ids=["postmark", "mailgun"])
@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"{}", b'{"signature": 7}', b"\xff\xfe", b"[" * 100_000, b'{"event-data": {}}']
)
def test_what_no_mail_service_would_send_is_not_believed(service: dict[str, str], body: bytes) -> None:
    carrier = carrier_at(URL, service)
    for kind in ("application/json", "multipart/form-data", ""):
        callback = event(body, {"content-type": kind, "authorization": basic(WEBHOOK_SECRET)})
        if service is POSTMARK and body in (b"{}", b'{"signature": 7}', b'{"event-data": {}}'):
            assert carrier.read_callback(callback) == [], "of an unknown kind"
        else:
            with pytest.raises(ForgedCallback):
                carrier.read_callback(callback)


def test_only_events_are_told_here() -> None:
    carrier = carrier_at(URL, POSTMARK)
    headers = {"content-type": "application/json", "authorization": basic(WEBHOOK_SECRET)}
    with pytest.raises(ForgedCallback):
        carrier.read_callback(Callback("inbound", "POST", "/", "", b"{}", headers))


def test_a_look_whether_anybody_is_there_tells_nothing() -> None:
    assert carrier_at(URL, POSTMARK).read_callback(Callback("status", "GET", "/", "", b"", {})) == []


def test_mandrill_signs_the_address_it_was_given() -> None:
    carrier = carrier_of("mandrill")
    events = [
        {"event": "hard_bounce", "_id": "one", "ts": 1795428900, "msg": {"metadata": {"khata": REF}, "diag": diag}}
        for diag in ("smtp;550 5.1.1 No such mailbox", "smtp;552 5.2.2 Full")
    ]
    form = {"mandrill_events": json.dumps(events)}
    signed = f"{PUBLIC_URL}/callbacks/carriers/post/statusmandrill_events" + form["mandrill_events"]
    signature = b64encode(hmac.digest(b"signing-key", signed.encode(), hashlib.sha1)).decode()
    headers = {"content-type": "application/x-www-form-urlencoded", "x-mandrill-signature": signature}
    news = carrier.read_callback(event(urlencode(form).encode(), headers))
    assert [type(each) for each in news] == [Receipt, Feedback, Receipt]
    with pytest.raises(ForgedCallback):
        carrier.read_callback(event(urlencode(form).encode(), {**headers, "x-mandrill-signature": "no"}))


def test_where_there_is_no_metadata_a_tag_names_the_mail() -> None:
    carrier = carrier_of("mailersend")
    email = {"tags": [REF], "message": {"id": "one"}, "recipient": {"email": ASHA}}
    body = json.dumps({"type": "activity.spam_complaint", "data": {"type": "spam_complaint", "email": email}}).encode()
    headers = {"content-type": "application/json", "signature": hmac.digest(b"signing-key", body, hashlib.sha256).hex()}
    [feedback] = carrier.read_callback(event(body, headers))
    assert isinstance(feedback, Feedback)
    assert (feedback.ref, feedback.reason) == (REF, "complaint")
