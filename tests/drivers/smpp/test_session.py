"""What goes on beside submissions: binds, signs of life, receipts, inbound messages."""

import asyncio
import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khata.carriers.drivers.smpp import SmppCarrier, session
from khata.carriers.drivers.smpp.bind import reconnect_pause_s
from khata.carriers.drivers.smpp.message_ids import MessageIds
from khata.carriers.drivers.smpp.pdu import Pdu
from khata.carriers.port import Accepted, CarrierNews, ReceiptState

from .fake_smsc import (
    ANSWER,
    DATA,
    DELIVER,
    ENQUIRE,
    SUBMIT,
    UNBIND,
    Bound,
    FakeSmsc,
    Inbox,
    Link,
    accept,
    delivery_body,
    eventually,
    frame,
    settings_for,
    submission,
)

pytestmark = pytest.mark.anyio

RECEIPT = delivery_body(b"id:7f stat:DELIVRD err:000 text:")
DELIVER_ANSWER = ANSWER | DELIVER


COMMANDS = (0, 1, 3, 4, 5, 6, 9, 0x15, 0x102, 0x103, 2**31, 2**31 | SUBMIT, 2**31 | ENQUIRE, 2**32 - 1)


class ClosedInbox(Inbox):
    """Cannot store until it is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.opened = asyncio.Event()
        self.waiting_count = 0

    async def store(self, news: CarrierNews) -> None:
        self.waiting_count += 1
        await self.opened.wait()
        await super().store(news)


class FailingInbox(Inbox):
    """Fails the first time."""

    def __init__(self) -> None:
        super().__init__()
        self.failures_left = 1

    async def store(self, news: CarrierNews) -> None:
        if self.failures_left:
            self.failures_left -= 1
            raise OSError("the database is away")
        await super().store(news)


async def test_a_receipt_is_stored() -> None:
    inbox = Inbox()
    async with FakeSmsc() as smsc, Bound(smsc, inbox):
        await smsc.links[0].send(DELIVER, 5, 0, RECEIPT)
        await eventually(lambda: smsc.answers == [(DELIVER_ANSWER, 0, 5)])
    [receipt] = inbox.receipts
    assert (receipt.carrier, receipt.carrier_ref, receipt.state) == ("fake", "7f", ReceiptState.DELIVERED)


async def test_a_receipt_is_acknowledged_only_once_it_is_stored() -> None:
    inbox = ClosedInbox()
    async with FakeSmsc() as smsc, Bound(smsc, inbox) as carrier:
        await smsc.links[0].send(DELIVER, 5, 0, RECEIPT)
        await eventually(lambda: inbox.waiting_count == 1)
        assert isinstance(await carrier.submit(submission()), Accepted)
        assert smsc.answers == []
        inbox.opened.set()
        await eventually(lambda: smsc.answers == [(DELIVER_ANSWER, 0, 5)])


async def test_a_receipt_that_could_not_be_stored_is_asked_for_again() -> None:
    inbox = FailingInbox()
    async with FakeSmsc() as smsc, Bound(smsc, inbox):
        await smsc.links[0].send(DELIVER, 5, 0, RECEIPT)
        await eventually(lambda: smsc.answers == [(DELIVER_ANSWER, 0x64, 5)])
        await smsc.links[0].send(DELIVER, 6, 0, RECEIPT)
        await eventually(lambda: (DELIVER_ANSWER, 0, 6) in smsc.answers)
    assert len(inbox.receipts) == 1


async def test_a_receipt_before_the_submit_answer_is_stored() -> None:
    inbox = Inbox()

    async def receipt_first(link: Link, sequence: int, body: bytes) -> None:
        await link.send(DELIVER, 5, 0, delivery_body(b"id:id-%d stat:DELIVRD" % sequence))
        await accept(link, sequence, body)

    async with FakeSmsc(on_submit=receipt_first) as smsc, Bound(smsc, inbox) as carrier:
        answer = await carrier.submit(submission())
        await eventually(lambda: len(inbox.receipts) == 1)
    assert answer == Accepted(inbox.receipts[0].carrier_ref)


async def test_an_inbound_message_is_stored_and_is_no_receipt_whatever_it_says() -> None:
    inbox = Inbox()
    async with FakeSmsc() as smsc, Bound(smsc, inbox):
        await smsc.links[0].send(DELIVER, 5, 0, delivery_body(b"id:7f stat:DELIVRD", esm_class=0))
        await eventually(lambda: smsc.answers == [(DELIVER_ANSWER, 0, 5)])
    assert inbox.receipts == []
    [message] = inbox.messages
    assert (message.carrier, message.sender, message.recipient) == ("fake", "+919812345678", "HDRXYZ")
    assert message.text == "id:7f stat:DELIVRD"


async def test_a_receipt_may_come_as_data_sm() -> None:
    inbox = Inbox()
    body = b"\0\1\1919812345678\0\5\0HDRXYZ\0\x04\0\0" + b"\x00\x1e\x00\x037f\0" + b"\x04\x27\x00\x01\x02"
    async with FakeSmsc() as smsc, Bound(smsc, inbox):
        await smsc.links[0].send(DATA, 5, 0, body)
        await eventually(lambda: smsc.answers == [(ANSWER | DATA, 0, 5)])
    [receipt] = inbox.receipts
    assert (receipt.carrier_ref, receipt.state) == ("7f", ReceiptState.DELIVERED)


async def test_a_receipts_id_is_spelled_as_the_answers_was() -> None:
    inbox = Inbox()

    async def answer_in_hex(link: Link, sequence: int, _body: bytes) -> None:
        await link.send(ANSWER | SUBMIT, sequence, 0, b"0000001F\0")
        await link.send(DELIVER, 5, 0, delivery_body(b"id:0000000031 stat:DELIVRD"))

    rule = MessageIds.DECIMAL_IN_RECEIPTS
    async with FakeSmsc(on_submit=answer_in_hex) as smsc, Bound(smsc, inbox, message_ids=rule) as carrier:
        answer = await carrier.submit(submission())
        await eventually(lambda: len(inbox.receipts) == 1)
    assert answer == Accepted("1f") == Accepted(inbox.receipts[0].carrier_ref)


async def test_a_receipt_that_names_no_message_is_acknowledged_and_dropped() -> None:
    inbox = Inbox()
    async with FakeSmsc() as smsc, Bound(smsc, inbox):
        await smsc.links[0].send(DELIVER, 5, 0, delivery_body(b"stat:DELIVRD"))
        await eventually(lambda: smsc.answers == [(DELIVER_ANSWER, 0, 5)])
    assert inbox.receipts == []


async def test_a_delivery_that_cannot_be_read_is_refused_for_good_and_the_link_stays() -> None:
    async with FakeSmsc() as smsc, Bound(smsc) as carrier:
        await smsc.links[0].send(DELIVER, 5, 0, RECEIPT[:20])
        await eventually(lambda: smsc.answers == [(DELIVER_ANSWER, 0x65, 5)])
        assert isinstance(await carrier.submit(submission()), Accepted)


async def test_more_deliveries_than_we_can_hold_are_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "DELIVERIES_MAX", 2)
    inbox = ClosedInbox()
    async with FakeSmsc() as smsc, Bound(smsc, inbox):
        for sequence in (1, 2, 3):
            await smsc.links[0].send(DELIVER, sequence, 0, RECEIPT)
        await eventually(lambda: smsc.answers == [(DELIVER_ANSWER, 0x64, 3)])
        inbox.opened.set()
        await eventually(lambda: len(smsc.answers) == 3)


async def test_closing_stores_the_receipt_under_way() -> None:
    inbox = ClosedInbox()
    async with FakeSmsc() as smsc, Bound(smsc, inbox) as carrier:
        await smsc.links[0].send(DELIVER, 5, 0, RECEIPT)
        await eventually(lambda: inbox.waiting_count == 1)
        closing = asyncio.create_task(carrier.close())
        await smsc.round_trip()
        assert smsc.unbind_count == 0
        inbox.opened.set()
        await closing
        assert len(inbox.receipts) == 1
        await eventually(lambda: (DELIVER_ANSWER, 0, 5) in smsc.answers)


async def test_the_far_ends_enquiry_is_answered() -> None:
    async with FakeSmsc() as smsc, Bound(smsc):
        await smsc.links[0].send(ENQUIRE, 9)
        await eventually(lambda: smsc.answers == [(ANSWER | ENQUIRE, 0, 9)])


async def test_we_enquire_and_an_answering_link_stays() -> None:
    async with FakeSmsc() as smsc, Bound(smsc, enquire_link_s=0.01):
        await eventually(lambda: smsc.enquiry_count >= 5)
        assert len(smsc.links) == 1


async def test_a_far_end_that_does_not_answer_enquiries_is_left_for_a_new_connection() -> None:
    smsc = FakeSmsc(answers_enquiries=False)
    async with smsc, Bound(smsc, enquire_link_s=0.02, response_timeout_s=0.1):
        await eventually(lambda: len(smsc.bind_bodies) >= 2)


async def test_a_write_that_fails_at_once_is_not_connected() -> None:
    class BrokenTransport(asyncio.Transport):
        """What asyncio's own does when the socket refuses the first byte."""

        is_broken = False

        def is_closing(self) -> bool:
            return self.is_broken

        def write(self, _data: bytes | bytearray | memoryview) -> None:
            self.is_broken = True

    def refuse(_pdu: Pdu) -> int:
        return 0

    broken = session.Session(refuse, response_timeout_s=1)
    broken.connection_made(BrokenTransport())
    with pytest.raises(session.NotConnected):
        await broken.request(0x04)


@given(st.lists(st.tuples(st.sampled_from(COMMANDS), st.integers(0, 2**32 - 1), st.binary(max_size=40)), max_size=20))
def test_whatever_the_far_end_sends_nothing_but_its_connection_ends(pdus: list[tuple[int, int, bytes]]) -> None:
    class Sink(asyncio.Transport):
        is_aborted = False

        def is_closing(self) -> bool:
            return self.is_aborted

        def write(self, _data: bytes | bytearray | memoryview) -> None:
            assert not self.is_aborted

        def abort(self) -> None:
            self.is_aborted = True

        def close(self) -> None:
            self.is_aborted = True

    async def feed() -> None:
        carrier = SmppCarrier(settings_for(1))
        fed = session.Session(carrier._take_delivery, response_timeout_s=1)
        fed.connection_made(Sink())
        asked = fed.request(SUBMIT, b"")
        for command, sequence, body in pdus:
            fed.data_received(frame(command, sequence, body=body))
        fed.connection_lost(None)
        assert asked.done()
        await asyncio.gather(asked, return_exceptions=True)
        await carrier.close()

    asyncio.run(feed())


async def test_an_unbind_is_answered_and_followed_by_a_new_bind() -> None:
    async with FakeSmsc() as smsc, Bound(smsc) as carrier:
        await smsc.links[0].send(UNBIND, 9)
        await eventually(lambda: (ANSWER | UNBIND, 0, 9) in smsc.answers)
        await eventually(lambda: len(smsc.bind_bodies) == 2 and carrier.health().is_bound)
        assert isinstance(await carrier.submit(submission()), Accepted)


async def test_a_request_we_do_not_know_is_nacked() -> None:
    async with FakeSmsc() as smsc, Bound(smsc):
        await smsc.links[0].send(0x0111, 9, 0, b"broadcast_sm")
        await eventually(lambda: smsc.answers == [(0x80000000, 0x03, 9)])


async def test_an_alert_notification_needs_no_answer() -> None:
    async with FakeSmsc() as smsc, Bound(smsc):
        await smsc.links[0].send(0x0102, 8)
        await smsc.links[0].send(ENQUIRE, 9)
        await eventually(lambda: smsc.answers == [(ANSWER | ENQUIRE, 0, 9)])


async def test_a_refused_bind_is_told_and_tried_again() -> None:
    async with FakeSmsc(bind_status=0x0E) as smsc:
        carrier = SmppCarrier(settings_for(smsc.port))
        await carrier.start(Inbox().store)
        await eventually(lambda: len(smsc.bind_bodies) >= 2)
        assert "ESME_RINVPASWD (0x0000000E)" in carrier.health().detail
        smsc.bind_status = 0
        await eventually(lambda: carrier.health().is_bound)
        await carrier.close()


async def test_with_tls_the_password_never_travels_in_the_clear() -> None:
    received = bytearray()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.extend(await reader.read(4096))
        writer.transport.abort()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    carrier = SmppCarrier(settings_for(server.sockets[0].getsockname()[1], tls=ssl.create_default_context()))
    await carrier.start(Inbox().store)
    await eventually(lambda: "cannot bind" in carrier.health().detail)
    await carrier.close()
    server.close()
    await server.wait_closed()
    assert received[:1] == b"\x16"  # a TLS handshake
    assert b"s3cret" not in received


@given(st.integers(0, 10_000))
def test_the_pause_before_a_reconnect_doubles_up_to_its_limit(failures: int) -> None:
    settings = settings_for(1, reconnect_min_s=0.5, reconnect_max_s=30)
    longest_s = {0: 0.5, 1: 1, 2: 2, 3: 4, 4: 8, 5: 16}.get(failures, 30)
    assert longest_s / 2 <= reconnect_pause_s(settings, failures) <= longest_s
