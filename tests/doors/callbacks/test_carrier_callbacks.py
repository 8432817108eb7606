"""A message through a carrier reached by HTTP: handed over whole, priced by the segment, settled by what calls back."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client

from khata.callbacks.carriers import BODY_BYTES_MAX
from khata.carriers import callbacks
from khata.carriers.drivers.http import HttpCarrier
from khata.carriers.drivers.http import settings_of as http_settings_of
from khata.carriers.drivers.twilio import TwilioCarrier
from khata.kernel.errors import DatabaseUnavailable
from khata.ledger import queries as ledger
from khata.messaging.core.life import MessageStatus
from khata.messaging.models import Message, ParkedReceipt
from khata.messaging.operations import Handed, SendRequest, apply_parked_receipts, send_message, settle_news
from khata.tenancy.models import Organisation
from khata.workers.carrier_line import CarrierLine
from khata.workers.database_threads import DatabaseThreads
from khata.workers.dispatcher import Dispatcher, Turns
from tests.drivers.carriers.contract import store_nothing
from tests.drivers.carriers.far_server import serving
from tests.drivers.carriers.gateway_far_end import CALLBACK_SECRET
from tests.drivers.carriers.gateway_tables import json_table, line_table
from tests.drivers.carriers.twilio_bench import settings_for
from tests.drivers.carriers.twilio_far_end import ACCOUNT_SID, LOST, TwilioFarEnd, signature
from tests.leases import lease
from tests.routes import route_of, routes_in

LONG = "नमस्ते दुनिया " * 12  # three segments
PUBLIC_URL = "https://credits.example"
STATUS, INBOUND = "/callbacks/carriers/twilio/status", "/callbacks/carriers/twilio/inbound"

Called = tuple[str, bytes, dict[str, str]]


@pytest.fixture(autouse=True)
def _readers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The carriers of this test and no others."""
    monkeypatch.setattr(callbacks, "_READERS", {})


@pytest.fixture
def called() -> list[Called]:
    """What Twilio wants to call us with."""
    return []


@pytest.fixture
def far_end(called: list[Called]) -> TwilioFarEnd:
    return TwilioFarEnd(lambda *call: called.append(call))


@pytest.fixture
def twilio(far_end: TwilioFarEnd) -> Iterator[TwilioCarrier]:
    with serving(far_end.answer) as url:
        carrier = TwilioCarrier(settings_for(url))
        callbacks.register_callback_reader("twilio", carrier)
        yield carrier


@pytest.fixture
def database() -> Iterator[DatabaseThreads]:
    with closing(DatabaseThreads()) as threads:
        yield threads


def hand_over(carrier: TwilioCarrier, database: DatabaseThreads, sending: Callable[[], object]) -> None:
    """What a worker does with the messages that `sending` leaves."""

    async def work() -> None:
        def settle(handed: Handed) -> "asyncio.Future[None]":
            return asyncio.ensure_future(database.run(settle_news, [handed]))

        token = await database.run(lease)
        await carrier.start(store_nothing)
        dispatcher = Dispatcher(route.name, [CarrierLine(carrier)], database, settle, Turns(), lease_token=token)
        assert await dispatcher.claim() == 1
        await dispatcher.drain()
        await carrier.close()

    route = route_of(carriers=("twilio",))
    with routes_in(route):
        sending()
        asyncio.run(work())


def post(client: Client, path: str, body: bytes, headers: dict[str, str]) -> int:
    sent = {name: value for name, value in headers.items() if name != "content-type"}
    kind = headers.get("content-type", "application/x-www-form-urlencoded")
    answer = client.post(path, data=body, content_type=kind, headers=sent)
    assert answer.cookies == {}
    return answer.status_code


@pytest.mark.parametrize(
    ("recipient", "status"), [("+919812345678", MessageStatus.DELIVERED), (LOST, MessageStatus.UNDELIVERED)]
)
def test_a_long_message_goes_as_one_and_is_settled_by_its_callbacks(
    stranger: Client,
    twilio: TwilioCarrier,
    database: DatabaseThreads,
    called: list[Called],
    organisation: Organisation,
    give_credits: Callable[[int, int], None],
    recipient: str,
    status: MessageStatus,
) -> None:
    give_credits(organisation.id, 100)
    request = SendRequest(recipient, LONG)
    hand_over(twilio, database, lambda: send_message(organisation_id=organisation.id, request=request))
    message = Message.objects.get(organisation_id=organisation.id)
    assert (message.status, message.segments, message.carrier) == (MessageStatus.SUBMITTED, 3, "twilio")
    assert message.credits_captured == message.credits
    assert ledger.balance(organisation_id=organisation.id).held == 0
    for url, body, headers in called:
        assert post(stranger, urlsplit(url).path, body, headers) == 200
    message.refresh_from_db()
    assert message.status == status
    for url, body, headers in reversed(called):
        assert post(stranger, urlsplit(url).path, body, headers) == 200, "told again, it changes nothing"
    message.refresh_from_db()
    assert message.status == status


def test_a_receipt_that_is_faster_than_the_answer_waits_for_it(
    stranger: Client,
    twilio: TwilioCarrier,
    far_end: TwilioFarEnd,
    database: DatabaseThreads,
    organisation: Organisation,
    give_credits: Callable[[int, int], None],
) -> None:
    give_credits(organisation.id, 100)
    answers: list[int] = []

    def call_at_once(url: str, body: bytes, headers: dict[str, str]) -> None:
        answers.append(post(stranger, urlsplit(url).path, body, headers))
        connection.close()  # of the far end's own thread

    far_end.deliver = call_at_once
    request = SendRequest("+919812345678", "hello")
    hand_over(twilio, database, lambda: send_message(organisation_id=organisation.id, request=request))
    assert answers == [200, 200]
    message = Message.objects.get(organisation_id=organisation.id)
    assert message.status == MessageStatus.SUBMITTED
    while apply_parked_receipts():
        pass
    message.refresh_from_db()
    assert message.status == MessageStatus.DELIVERED


def forms(**changes: str) -> dict[str, str]:
    form = {"MessageSid": "SM" + "0" * 32, "AccountSid": ACCOUNT_SID, "MessageStatus": "delivered"}
    return form | changes


@pytest.mark.parametrize(
    ("body", "signed"),
    [
        (urlencode(forms()), ""),
        (urlencode(forms()), "0" * 28),
        (urlencode(forms(MessageStatus="failed")), signature("twilio-auth-token", PUBLIC_URL + STATUS, forms())),
        (urlencode(forms()), signature("another-token", PUBLIC_URL + STATUS, forms())),
        (urlencode(forms()), signature("twilio-auth-token", PUBLIC_URL + INBOUND, forms())),
        ("", ""),
        ("\0%ff%00", ""),
    ],
)
def test_whatever_is_forged_gets_the_same_answer_and_leaves_no_trace(
    stranger: Client, twilio: TwilioCarrier, body: str, signed: str
) -> None:
    before = ParkedReceipt.objects.count()
    answer = stranger.post(
        STATUS,
        data=body.encode(),
        content_type="application/x-www-form-urlencoded",
        headers={"x-twilio-signature": signed},
    )
    assert (answer.status_code, answer.json()) == (400, {"type": "about:blank", "title": "Bad Request", "status": 400})
    assert ParkedReceipt.objects.count() == before


def test_a_message_from_a_phone_is_answered_with_empty_twiml(
    stranger: Client, twilio: TwilioCarrier, far_end: TwilioFarEnd, called: list[Called]
) -> None:
    form = forms(From="+919812345678", To="+18005551212", Body="STOP", MessageSid="SM" + uuid4().hex)
    far_end.call(PUBLIC_URL + INBOUND, form)
    [(_, body, headers)] = called
    answer = stranger.post(
        INBOUND,
        data=body,
        content_type=headers["content-type"],
        headers={"x-twilio-signature": headers["x-twilio-signature"]},
    )
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert answer.content == b'<?xml version="1.0" encoding="UTF-8"?><Response/>'


def test_a_described_carrier_calls_with_its_secret_in_the_address(stranger: Client) -> None:
    name = f"acme-{uuid4().hex[:8]}"
    carrier = HttpCarrier(http_settings_of(name, line_table("https://sms.example"), is_sandbox=False))
    callbacks.register_callback_reader(name, carrier)
    path, query = f"/callbacks/carriers/{name}/status", urlencode({"myid": "msg_1", "stat": "DELIVRD"})
    assert stranger.get(f"{path}/{CALLBACK_SECRET}?{query}").content == b"OK"
    assert stranger.get(f"{path}?{query}").status_code == 400
    assert stranger.get(f"{path}/callback-secret-0002?{query}").status_code == 400
    assert ParkedReceipt.objects.filter(carrier=name).delete()[0] == 1


def test_a_carrier_nobody_knows_and_a_kind_nobody_knows_are_not_there(stranger: Client, twilio: TwilioCarrier) -> None:
    assert post(stranger, "/callbacks/carriers/other/status", b"", {}) == 404
    assert post(stranger, "/callbacks/carriers/twilio/balance", b"", {}) == 404


def test_far_too_much_is_not_read(stranger: Client, twilio: TwilioCarrier) -> None:
    assert post(stranger, STATUS, b"x" * (BODY_BYTES_MAX + 1), {}) == 413


def test_what_could_not_be_stored_is_asked_for_again(stranger: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_news: object) -> None:
        raise DatabaseUnavailable

    monkeypatch.setattr("khata.callbacks.carriers.settle_news", away)
    carrier = HttpCarrier(http_settings_of("acme", json_table("https://sms.example"), is_sandbox=False))
    callbacks.register_callback_reader("acme", carrier)
    answer = stranger.post(
        f"/callbacks/carriers/acme/status/{CALLBACK_SECRET}", data=b"{}", content_type="application/json"
    )
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
