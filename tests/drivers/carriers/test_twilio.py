"""What is Twilio's own: signatures, words, senders, asking."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import pytest

from khata.carriers.callbacks import CallbackKind, ForgedCallback
from khata.carriers.drivers.twilio import TwilioCarrier, settings_of
from khata.carriers.drivers.twilio.signatures import is_authentic
from khata.carriers.drivers.twilio.words import STATES
from khata.carriers.port import Accepted, Answer, InboundMessage, Receipt, ReceiptState, Refused, Unavailable
from tests.drivers.payments.scripted_server import ScriptedServer, replies

from .bench import submissions
from .contract import store_nothing
from .far_server import serving
from .twilio_bench import PUBLIC_URL, settings_for, status_callback
from .twilio_far_end import ACCOUNT_SID, AUTH_TOKEN, TwilioFarEnd, new_message, signature

PATH = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages"
STATUS_URL = f"{PUBLIC_URL}/callbacks/carriers/twilio/status"
SID = "SM" + "0a" * 16
RECEIPT = {"MessageSid": SID, "AccountSid": ACCOUNT_SID, "MessageStatus": "delivered"}
INBOUND = {"MessageSid": SID, "AccountSid": ACCOUNT_SID, "From": "+14158675309", "To": "+18005551212", "Body": "STOP"}


@pytest.fixture
def carrier() -> TwilioCarrier:
    return TwilioCarrier(settings_for("http://127.0.0.1:9"))


@asynccontextmanager
async def answering(reply: Any, method: str = "POST", path: str = f"{PATH}.json") -> AsyncIterator[Any]:
    with ScriptedServer() as server:
        server.on(method, path, reply)
        carrier = TwilioCarrier(settings_for(server.url))
        await carrier.start(store_nothing)
        yield carrier, server
        await carrier.close()


def read(carrier: TwilioCarrier, form: dict[str, str], url: str = STATUS_URL, kind: CallbackKind = "status") -> Any:
    called: list[tuple[str, bytes, dict[str, str]]] = []
    TwilioFarEnd(lambda *call: called.append(call)).call(url, form)
    [(url, body, headers)] = called
    return carrier.read_callback(status_callback(url, body, headers, kind))


# Published with Twilio's own libraries.
VECTOR = {
    "auth_token": "12345",
    "url": "https://mycompany.com/myapp.php?foo=1&bar=2",
    "fields": [
        ("CallSid", "CA1234567890ABCDE"),
        ("Caller", "+14158675309"),
        ("Digits", "1234"),
        ("From", "+14158675309"),
        ("To", "+18005551212"),
    ],
    "signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
}


def test_the_published_signature_is_authentic() -> None:
    assert is_authentic(**VECTOR)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [
        {"auth_token": "12346"},
        {"url": "https://mycompany.com/myapp.php?foo=1&bar=3"},
        {"url": "http://mycompany.com/myapp.php?foo=1&bar=2"},
        {"fields": VECTOR["fields"][:-1]},
        {"fields": [*VECTOR["fields"], ("Extra", "1")]},
        {"signature": ""},
        {"signature": "RSOYDt4T1cUTdK1PDd93/VVr8B9="},
        {"signature": "é"},
    ],
)
def test_anything_else_is_not(change: dict[str, Any]) -> None:
    assert not is_authentic(**(VECTOR | change))


@pytest.mark.parametrize(
    ("signed", "called"),
    [("https://a.example/x", "https://a.example:443/x"), ("https://a.example:443/x", "https://a.example/x")],
)
def test_the_port_may_be_named_or_not(signed: str, called: str) -> None:
    form = {"A": "1"}
    assert is_authentic(auth_token="t", url=called, fields=form.items(), signature=signature("t", signed, form))


def test_a_signed_receipt_is_read(carrier: TwilioCarrier) -> None:
    [receipt] = read(carrier, RECEIPT | {"Future": "parameter", "Empty": ""})
    assert isinstance(receipt, Receipt)
    assert receipt[:4] == ("twilio", SID, ReceiptState.DELIVERED, "")


def test_a_receipt_says_in_plain_words_why(carrier: TwilioCarrier) -> None:
    [receipt] = read(carrier, RECEIPT | {"MessageStatus": "undelivered", "ErrorCode": "30005"})
    assert receipt[2:5] == (ReceiptState.UNDELIVERED, "30005", "undelivered: The phone is unknown (30005).")


def test_a_message_that_ran_out_of_time_is_expired(carrier: TwilioCarrier) -> None:
    [receipt] = read(carrier, RECEIPT | {"MessageStatus": "undelivered", "ErrorCode": "30036"})
    assert receipt.state is ReceiptState.EXPIRED


def test_a_state_twilio_never_told_of_decides_nothing(carrier: TwilioCarrier) -> None:
    [receipt] = read(carrier, RECEIPT | {"MessageStatus": "teleported"})
    assert receipt.state is ReceiptState.UNKNOWN


def test_a_signed_message_from_a_phone_is_read(carrier: TwilioCarrier) -> None:
    url = f"{PUBLIC_URL}/callbacks/carriers/twilio/inbound"
    [message] = read(carrier, INBOUND | {"Body": "STOP\0 नमस्ते"}, url, "inbound")
    assert isinstance(message, InboundMessage)
    assert message[:5] == ("twilio", SID, "+14158675309", "+18005551212", "STOP नमस्ते")


@pytest.mark.parametrize("form", [RECEIPT | {"AccountSid": "AC" + "1" * 32}, {}, RECEIPT | {"MessageSid": "x\x1fy"}])
def test_a_signed_form_that_names_no_message_of_ours_is_not_believed(
    carrier: TwilioCarrier, form: dict[str, str]
) -> None:
    with pytest.raises(ForgedCallback):
        read(carrier, form)


def test_a_receipt_signed_for_another_address_is_not_believed(carrier: TwilioCarrier) -> None:
    url = f"{PUBLIC_URL}/callbacks/carriers/other/status"
    body = urlencode(RECEIPT).encode()
    headers = {"x-twilio-signature": signature(AUTH_TOKEN, url, RECEIPT)}
    with pytest.raises(ForgedCallback):
        carrier.read_callback(status_callback(STATUS_URL, body, headers))


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("sender", "sent"), [("HDRXYZ", "HDRXYZ"), ("15005550006", "+15005550006"), ("56161", "56161")]
)
async def test_a_number_is_sent_from_in_full_and_a_name_as_it_is(sender: str, sent: str) -> None:
    reply = replies(201, new_message({"To": "x", "Body": "x", "StatusCallback": "x"}))
    async with answering(reply) as (carrier, server):
        [submission] = submissions(carrier, "hello & = ₹", "+919812340100")
        assert isinstance(await carrier.submit(submission._replace(sender=sender)), Accepted)
        [request] = server.requests
    expected = {"To": "+919812340100", "From": sent, "Body": "hello & = ₹", "StatusCallback": STATUS_URL}
    assert request.form() == expected


@pytest.mark.anyio
async def test_a_messaging_service_chooses_the_sender_and_a_key_signs_in() -> None:
    service, key = "MG" + "0" * 32, "SK" + "1" * 32
    far_end = TwilioFarEnd(lambda *_: None, credentials=(key, "key-secret"))
    with serving(far_end.answer) as url:
        more = {"messaging_service_sid": service, "api_key_sid": key, "api_key_secret": "key-secret"}
        carrier = TwilioCarrier(settings_for(url, **more))
        await carrier.start(store_nothing)
        assert isinstance(await carrier.submit(submissions(carrier, "hello", "+919812340100")[0]), Accepted)
        await carrier.close()
    [message] = far_end.messages.values()
    assert (message["messaging_service_sid"], message["from"]) == (service, None)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, 21211, Refused("21211", "The recipient is no valid number (21211).")),
        (400, 21610, Refused("21610", "The recipient has opted out (21610).")),
        (400, 99999, Refused("99999", "Something new (99999).")),
        (401, 20003, Unavailable("The credentials are wrong, or the account is suspended (20003).")),
        (403, 20403, Unavailable("The account lacks permission; it may be suspended (20403).")),
        (400, 10001, Unavailable("The account is not active; its balance may be used up (10001).")),
        (429, 20429, Unavailable("Too many requests (20429).", is_throttled=True)),
        (429, 21611, Unavailable("The sender's queue is full (21611).", is_throttled=True)),
    ],
)
async def test_each_code_is_told_in_plain_words(status: int, code: int, expected: Answer) -> None:
    reply = replies(status, {"code": code, "message": "Something new.", "status": status})
    async with answering(reply) as (carrier, _):
        assert await carrier.submit(submissions(carrier, "hello", "+919812340100")[0]) == expected


@pytest.mark.anyio
async def test_a_message_that_failed_at_once_is_refused() -> None:
    message = new_message({"To": "x", "Body": "x", "StatusCallback": "x"}) | {"status": "failed", "error_code": 30007}
    async with answering(replies(201, message)) as (carrier, _):
        answer = await carrier.submit(submissions(carrier, "hello", "+919812340100")[0])
    assert answer == Refused("30007", "The message was filtered (30007).")


@pytest.mark.anyio
@pytest.mark.parametrize(("status", "state"), list(STATES.items()))
async def test_asked_it_tells_how_a_message_stands(status: str, state: ReceiptState) -> None:
    reply = replies(200, {"sid": SID, "status": status, "error_code": None, "error_message": None})
    async with answering(reply, "GET", f"{PATH}/{SID}.json") as (carrier, _):
        receipt = await carrier.query(SID, sender="HDRXYZ")
    assert receipt is not None
    assert receipt[:3] == ("twilio", SID, state)


@pytest.mark.anyio
@pytest.mark.parametrize(
    "reply",
    [
        replies(404, {"code": 20404, "message": "not found", "status": 404}),
        replies(500, b""),
        replies(200, b"<html>"),
        replies(200, {"sid": "SM" + "f" * 32, "status": "delivered"}),
    ],
)
async def test_asked_about_what_it_cannot_tell_it_says_nothing(reply: Any) -> None:
    async with answering(reply, "GET", f"{PATH}/{SID}.json") as (carrier, _):
        assert await carrier.query(SID, sender="HDRXYZ") is None


TABLE: dict[str, Any] = {"account_sid": ACCOUNT_SID, "auth_token": "the-auth-token", "public_url": PUBLIC_URL}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"acount_sid": "x"}, "twilio: unknown: acount_sid"),
        ({"account_sid": "AC12"}, "account_sid is AC and 32 hexadecimal digits"),
        ({"auth_token": ""}, "auth_token_env must name"),
        ({"api_key_sid": "SK" + "0" * 32}, "belong together"),
        ({"messaging_service_sid": "MG1"}, "messaging_service_sid is MG"),
        ({"base_url": "http://api.twilio.com"}, "must begin with https://"),
        ({"window": 0}, "window must be a whole number"),
    ],
)
def test_settings_that_cannot_work_are_refused(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as refusal:
        settings_of("twilio", TABLE | change, is_sandbox=False)
    assert "the-auth-token" not in str(refusal.value)


def test_the_settings_of_an_account_show_no_secret() -> None:
    assert "the-auth-token" not in repr(settings_of("twilio", TABLE, is_sandbox=False))


def test_a_sandbox_sends_nothing_through_twilio_itself() -> None:
    with pytest.raises(ValueError, match="a sandbox must not send"):
        settings_of("twilio", TABLE, is_sandbox=True)
