"""An e-mail through a mail service: handed over, and settled by what the mail service calls back with."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from khata.carriers import callbacks
from khata.carriers.drivers.anymail import AnymailCarrier, settings_of
from khata.ledger.queries import balance
from khata.mail import queries as mail_queries
from khata.messaging.core.life import MessageStatus
from khata.messaging.models import Message
from khata.messaging.operations import Handed, MailParts, SendRequest, send_message, settle_news
from khata.tenancy.models import Organisation
from khata.workers.carrier_line import CarrierLine
from khata.workers.database_threads import DatabaseThreads
from khata.workers.dispatcher import Dispatcher, Turns
from tests.drivers.carriers.contract import store_nothing
from tests.drivers.carriers.far_server import serving
from tests.drivers.carriers.mail_services import ASHA, DELIVERY, LOST, POSTMARK, PUBLIC_URL, REFUSED, Postmark
from tests.leases import lease
from tests.mails import verify_domain
from tests.routes import route_of, routes_in

EVENTS = "/callbacks/carriers/post/status"
Called = tuple[bytes, dict[str, str]]


@pytest.fixture
def called() -> list[Called]:
    """What the mail service wants to call us with."""
    return []


@pytest.fixture
def far_end(called: list[Called]) -> Postmark:
    return Postmark(lambda *call: called.append(call))


@pytest.fixture
def carrier(far_end: Postmark, monkeypatch: pytest.MonkeyPatch) -> Iterator[AnymailCarrier]:
    monkeypatch.setattr(callbacks, "_READERS", {})
    with serving(far_end.answer) as url:
        table = {"public_url": PUBLIC_URL, "api_url": url, **POSTMARK}
        carrier = AnymailCarrier(settings_of("post", table, is_sandbox=True))
        callbacks.register_callback_reader("post", carrier)
        yield carrier


@pytest.fixture
def mailer(organisation: Organisation, give_credits: Callable[[int, int], None]) -> int:
    give_credits(organisation.id, 10)
    verify_domain(organisation.id, "acme.example")
    return organisation.id


@pytest.fixture
def send(carrier: AnymailCarrier, mailer: int) -> Iterator[Callable[[str], UUID]]:
    """Accepts an e-mail and does with it what a worker does."""
    with closing(DatabaseThreads()) as database, routes_in(route := route_of(carriers=("post",), channel="email")):

        async def work() -> None:
            def settle(handed: Handed) -> "asyncio.Future[None]":
                return asyncio.ensure_future(database.run(settle_news, [handed]))

            token = await database.run(lease)
            await carrier.start(store_nothing)
            dispatcher = Dispatcher(route.name, [CarrierLine(carrier)], database, settle, Turns(), lease_token=token)
            assert await dispatcher.claim() == 1
            await dispatcher.drain()
            await carrier.close()

        def sent(recipient: str) -> UUID:
            request = SendRequest(recipient, "Hello", "ACME <orders@acme.example>", "email", mail=MailParts("Hello"))
            message_id = send_message(organisation_id=mailer, request=request).id
            asyncio.run(work())
            return message_id

        yield sent


def post(client: Client, called: Called) -> int:
    body, headers = called
    return client.post(
        EVENTS, data=body, content_type="application/json", headers={"authorization": headers["authorization"]}
    ).status_code


def status(message_id: UUID) -> MessageStatus:
    return MessageStatus(Message.objects.get(id=message_id).status)


def test_a_mail_that_arrived_is_delivered_at_once(
    stranger: Client, send: Callable[[str], UUID], called: list[Called]
) -> None:
    message_id = send(ASHA)
    assert status(message_id) is MessageStatus.SUBMITTED
    assert post(stranger, called[0]) == 200
    assert status(message_id) is MessageStatus.DELIVERED


def test_a_mailbox_that_is_gone_is_suppressed_however_often_it_is_told(
    stranger: Client, send: Callable[[str], UUID], called: list[Called], mailer: int
) -> None:
    message_id = send(LOST)
    assert [post(stranger, called[0]) for _ in range(2)] == [200, 200]
    assert status(message_id) is MessageStatus.UNDELIVERED
    [row] = mail_queries.suppressions(organisation_id=mailer).rows
    assert (row.address, row.reason, row.message_id) == (LOST, "bounce", message_id)


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"RecordType": "SpamComplaint", "Type": "SpamComplaint"}, "complaint"),
        ({"RecordType": "SubscriptionChange", "SuppressSending": True, "SuppressionReason": "ManualSuppression"},
         "unsubscribe"),
    ],
)  # fmt: skip
def test_a_reader_who_wants_no_more_is_suppressed_also_after_it_arrived(
    stranger: Client,
    send: Callable[[str], UUID],
    far_end: Postmark,
    called: list[Called],
    mailer: int,
    told: dict[str, Any],
    reason: str,
) -> None:
    message_id = send(ASHA)
    far_end.report(far_end.taken[0], **told)
    assert [post(stranger, call) for call in called] == [200, 200]
    assert status(message_id) is MessageStatus.DELIVERED
    [row] = mail_queries.suppressions(organisation_id=mailer).rows
    assert (row.address, row.reason) == (ASHA, reason)


def test_a_refusal_costs_nothing(send: Callable[[str], UUID], mailer: int) -> None:
    assert status(send(REFUSED)) is MessageStatus.FAILED
    assert balance(organisation_id=mailer).available == 10_000_000


def test_whoever_makes_an_event_up_changes_nothing(
    stranger: Client, send: Callable[[str], UUID], far_end: Postmark, called: list[Called]
) -> None:
    message_id = send(ASHA)
    called.clear()
    far_end.report(far_end.taken[0], secret="khata:guessed", **DELIVERY)
    assert post(stranger, called[0]) == 400
    assert status(message_id) is MessageStatus.SUBMITTED


@pytest.mark.parametrize("method", ["head", "get"])
def test_who_looks_whether_anybody_is_there_finds_somebody(
    stranger: Client, carrier: AnymailCarrier, method: str
) -> None:
    assert getattr(stranger, method)(EVENTS).status_code == 200
