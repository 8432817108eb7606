"""A far end that says exactly what a test tells it to. Reads and writes the protocol by itself: it shares no code
with the driver, so that a mistake in the driver's codec cannot hide in both."""

import asyncio
import ssl
import struct
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from khata.carriers.drivers.smpp import SmppCarrier, SmppSettings
from khata.carriers.port import CarrierNews, InboundMessage, Receipt, Submission

BIND_RECEIVER = 0x01
BIND_TRANSMITTER = 0x02
BIND = 0x09
QUERY = 0x03
SUBMIT = 0x04
DELIVER = 0x05
UNBIND = 0x06
ENQUIRE = 0x15
DATA = 0x103
ANSWER = 0x80000000

DEADLINE_S = 60


def frame(command: int, sequence: int, status: int = 0, body: bytes = b"") -> bytes:
    return struct.pack(">IIII", 16 + len(body), command, status, sequence) + body


@dataclass
class Link:
    """One accepted connection."""

    writer: asyncio.StreamWriter
    chunk_size: int = 0
    """When set, everything leaves in pieces of this size."""
    bound_by: int = 0
    """The command of its bind."""

    async def send(self, command: int, sequence: int, status: int = 0, body: bytes = b"") -> None:
        await self.send_bytes(frame(command, sequence, status, body))

    async def send_bytes(self, data: bytes) -> None:
        size = self.chunk_size or len(data)
        for start in range(0, len(data), size):
            self.writer.write(data[start : start + size])
            await self.writer.drain()
            await asyncio.sleep(0)

    def drop(self) -> None:
        self.writer.transport.abort()


OnSubmit = Callable[[Link, int, bytes], Awaitable[None]]


async def accept(link: Link, sequence: int, _body: bytes) -> None:
    await link.send(ANSWER | SUBMIT, sequence, 0, b"id-%d\0" % sequence)


async def stay_silent(_link: Link, _sequence: int, _body: bytes) -> None:
    return


@dataclass
class FakeSmsc:
    on_submit: OnSubmit = accept
    bind_status: int = 0
    answers_enquiries: bool = True
    chunk_size: int = 0
    port: int = 0
    links: list[Link] = field(default_factory=list)
    query_answer: tuple[int, bytes] = (0x67, b"")
    """Status and body of what every query_sm is answered with."""
    tls: ssl.SSLContext | None = None
    bind_bodies: list[bytes] = field(default_factory=list)
    query_bodies: list[bytes] = field(default_factory=list)
    submit_bodies: list[bytes] = field(default_factory=list)
    enquiry_count: int = 0
    unbind_count: int = 0
    answers: list[tuple[int, int, int]] = field(default_factory=list)
    """(command, status, sequence) of what the driver answered."""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._server.close()
        for link in self.links:
            link.drop()
        await self._server.wait_closed()

    async def round_trip(self) -> None:
        """Returns once everything the driver sent before now has been read."""
        mark = 0x7000_0000 + len(self.answers)
        await self.links[-1].send(ENQUIRE, mark)
        await eventually(lambda: (ANSWER | ENQUIRE, 0, mark) in self.answers)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = Link(writer, self.chunk_size)
        self.links.append(link)
        try:
            while True:
                length, command, status, sequence = struct.unpack(">IIII", await reader.readexactly(16))
                await self._take(link, command, status, sequence, await reader.readexactly(length - 16))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _take(self, link: Link, command: int, status: int, sequence: int, body: bytes) -> None:
        if command & ANSWER:
            self.answers.append((command, status, sequence))
        elif command in (BIND, BIND_RECEIVER, BIND_TRANSMITTER):
            link.bound_by = command
            self.bind_bodies.append(body)
            await link.send(ANSWER | command, sequence, self.bind_status, b"fake\0")
        elif command == QUERY:
            self.query_bodies.append(body)
            await link.send(ANSWER | QUERY, sequence, *self.query_answer)
        elif command == SUBMIT:
            self.submit_bodies.append(body)
            await self.on_submit(link, sequence, body)
        elif command == ENQUIRE:
            self.enquiry_count += 1
            if self.answers_enquiries:
                await link.send(ANSWER | ENQUIRE, sequence)
        elif command == UNBIND:
            self.unbind_count += 1
            await link.send(ANSWER | UNBIND, sequence)


class Inbox:
    """What the driver gave us to store."""

    def __init__(self) -> None:
        self.receipts: list[Receipt] = []
        self.messages: list[InboundMessage] = []

    async def store(self, news: CarrierNews) -> None:
        if isinstance(news, Receipt):
            self.receipts.append(news)
        else:
            self.messages.append(news)


class Bound:
    """A carrier, bound to the fake, and closed at the end of the test."""

    def __init__(self, smsc: FakeSmsc, inbox: Inbox | None = None, **settings: Any) -> None:
        self._smsc = smsc
        self._inbox = inbox or Inbox()
        self.carrier = SmppCarrier(settings_for(smsc.port, **settings))

    async def __aenter__(self) -> SmppCarrier:
        await self.carrier.start(self._inbox.store)
        await eventually(lambda: self.carrier.health().is_bound)
        return self.carrier

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        await self.carrier.close()


def settings_for(port: int, **changes: Any) -> SmppSettings:
    values: dict[str, Any] = {
        "name": "fake",
        "host": "127.0.0.1",
        "port": port,
        "system_id": "asha",
        "password": "s3cret",
        "is_sandbox": True,
        "reconnect_min_s": 0.01,
        "reconnect_max_s": 0.05,
    }
    return SmppSettings(**(values | changes))


def submission(**changes: Any) -> Submission:
    values: dict[str, Any] = {
        "message_id": uuid.UUID(int=7),
        "recipient": "+919812345678",
        "sender": "HDRXYZ",
        "text": "Namaste",
        "encoding": "gsm7",
        "part": 1,
        "part_count": 1,
        "concatenation_ref": 0,
    }
    return Submission(**(values | changes))


def delivery_body(text: bytes, esm_class: int = 0x04, tlvs: bytes = b"", data_coding: int = 0) -> bytes:
    """The body of a deliver_sm from +919812345678 to HDRXYZ."""
    addresses = b"\0\1\1919812345678\0\5\0HDRXYZ\0"
    return addresses + bytes((esm_class, 0, 0, 0, 0, 0, 0, data_coding, 0, len(text))) + text + tlvs


async def eventually(is_so: Callable[[], bool]) -> None:
    """Waits until it is so; fails after a deadline that only a broken program reaches."""
    async with asyncio.timeout(DEADLINE_S):
        while not is_so():
            await asyncio.sleep(0.002)
