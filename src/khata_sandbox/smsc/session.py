"""One connection: cuts octets into PDUs, answers each request, asks whether the ESME lives, delivers to it.

Nothing here waits: requests are answered within `data_received`, delayed answers by a timer, deliveries by their desk.
The ESME cannot make memory grow: what it claims, leaves unanswered or does not read is bounded.
"""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import Any, Final, cast

from khata_sandbox.smsc.centre import Manner, MessageCentre, Verdict
from khata_sandbox.smsc.desk import Desk
from khata_sandbox.smsc.journal import Delivery
from khata_sandbox.smsc.numbers import RESPONSE, VERSION_3_4, Command, Status, Tag, status_name
from khata_sandbox.smsc.outlet import Outlet
from khata_sandbox.smsc.pdu import (
    HEADER,
    PDU_OCTETS_MAX,
    Bind,
    PduError,
    decode_query,
    encode_cstring,
    encode_pdu,
    encode_tlvs,
)
from khata_sandbox.smsc.switches import Luck, Subject

_log = logging.getLogger(__name__)

SESSIONS_MAX: Final = 1_000
UNCONFIRMED_MAX: Final = 500
"""How many deliver_sm may be unanswered on one connection."""
QUERIES_MAX: Final = 10_000
"""How many query_sm may wait on one connection; what would be one more is refused."""
_BIND_TIMEOUT_S: Final = 10.0
_CONFIRM_TIMEOUT_S: Final = 30.0

_SUBMITTING: Final = frozenset({Command.BIND_TRANSMITTER, Command.BIND_TRANSCEIVER})
_RECEIVING: Final = frozenset({Command.BIND_RECEIVER, Command.BIND_TRANSCEIVER})

# Every handler gets the command_status, the sequence_number and the body of what came.
_Handler = Callable[[int, int, bytes], None]


class Session(asyncio.Protocol):
    """`sessions` is the set of all connections; this one enters and leaves it by itself."""

    def __init__(self, centre: MessageCentre, sessions: set["Session"]) -> None:
        self._centre = centre
        self._sessions = sessions
        self._loop = asyncio.get_running_loop()
        self._received = b""
        self.system_id = ""
        """Who is bound; empty before."""
        self.bound_as: Command | None = None
        self._desk: Desk | None = None
        self._sequence = 0
        self._unconfirmed: dict[int, tuple[Delivery, float]] = {}
        self._delayed_count = 0
        self._queries: set[asyncio.Task[None]] = set()
        self._is_writable = True
        self._is_silent = False
        self._heard_at = self._loop.time()
        self._handlers: dict[int, _Handler] = {
            Command.BIND_TRANSMITTER: partial(self._on_bind, Command.BIND_TRANSMITTER),
            Command.BIND_RECEIVER: partial(self._on_bind, Command.BIND_RECEIVER),
            Command.BIND_TRANSCEIVER: partial(self._on_bind, Command.BIND_TRANSCEIVER),
            Command.SUBMIT_SM: self._on_submit,
            Command.QUERY_SM: self._on_query,
            Command.ENQUIRE_LINK: self._on_enquire_link,
            Command.UNBIND: self._on_unbind,
            Command.DELIVER_SM_RESP: self._on_confirmed,
            Command.GENERIC_NACK: self._on_confirmed,
        }

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._outlet = Outlet(self._transport)
        self._sessions.add(self)
        self._watch = self._loop.call_later(_BIND_TIMEOUT_S, self._close_unbound)
        if len(self._sessions) > SESSIONS_MAX:
            _log.warning("connection refused: %d are open already", SESSIONS_MAX)
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._heard_at = self._loop.time()
        octets = self._received + data if self._received else data
        start = 0
        while len(octets) - start >= HEADER.size:
            length, command, status, sequence = HEADER.unpack_from(octets, start)
            if not HEADER.size <= length <= PDU_OCTETS_MAX:
                _log.warning("connection closed: a PDU claims %d octets", length)
                self._send(Command.GENERIC_NACK, Status.RINVCMDLEN, sequence)
                self._outlet.finish()
                return
            if len(octets) - start < length:
                break
            self._dispatch(command, status, sequence, octets[start + HEADER.size : start + length])
            start += length
        self._received = octets[start:]

    def pause_writing(self) -> None:
        """The ESME does not read its answers: nothing more is taken from it until it does."""
        self._is_writable = False
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._is_writable = True
        self._transport.resume_reading()
        if self._desk:
            self._desk.wake()

    def connection_lost(self, error: Exception | None) -> None:
        self._sessions.discard(self)
        self._watch.cancel()
        if self._desk:
            self._desk.detach(self)
            for delivery, _ in self._unconfirmed.values():
                self._desk.take_back(delivery)
        self._unconfirmed.clear()
        for query in self._queries:
            query.cancel()

    # What the desk, the pages and the server call

    @property
    def has_room(self) -> bool:
        return self._is_writable and not self._is_silent and len(self._unconfirmed) < UNCONFIRMED_MAX

    @property
    def peer(self) -> str:
        address: Any = self._transport.get_extra_info("peername")
        return f"{address[0]}:{address[1]}" if address else ""

    @property
    def unanswered_count(self) -> int:
        """Messages whose answers wait, and deliveries the ESME has not answered."""
        return self._delayed_count + len(self._unconfirmed)

    def deliver(self, delivery: Delivery) -> None:
        sequence = self._request(Command.DELIVER_SM, delivery.encode())
        self._unconfirmed[sequence] = (delivery, self._loop.time())

    def close(self) -> None:
        """Says goodbye (unbind) and closes."""
        if self.bound_as:
            self._request(Command.UNBIND)
        self._outlet.finish()

    # Requests and responses of the ESME

    def _dispatch(self, command: int, status: int, sequence: int, body: bytes) -> None:
        if self._transport.is_closing() or self._is_silent:
            return
        handler = self._handlers.get(command)
        if handler:
            handler(status, sequence, body)
        elif not command & RESPONSE:
            self._send(Command.GENERIC_NACK, Status.RINVCMDID, sequence)

    def _on_bind(self, command: Command, _status: int, sequence: int, body: bytes) -> None:
        try:
            bind = Bind.decode(body)
        except PduError as error:
            self._refuse_bind(command, error.status, sequence)
            return
        luck = Luck(self._centre.switches, Subject(bind.system_id))
        if luck.strike("silent"):
            self._is_silent = True
        elif refused := Status.RALYBND if self.bound_as else self._centre.bind_refusal(bind, luck):
            self._refuse_bind(command, refused, sequence)
        else:
            self._bind(command, sequence, bind.system_id)

    def _refuse_bind(self, command: Command, status: int, sequence: int) -> None:
        _log.warning("bind refused: %s", status_name(status))
        self._send(command | RESPONSE, status, sequence)
        if not self.bound_as:
            self._outlet.finish()

    def _bind(self, command: Command, sequence: int, system_id: str) -> None:
        self.bound_as, self.system_id = command, system_id
        self._desk = self._centre.desks[system_id]
        answer = encode_cstring(self._centre.settings.system_id)
        answer += encode_tlvs(((Tag.SC_INTERFACE_VERSION, bytes((VERSION_3_4,))),))
        self._send(command | RESPONSE, Status.ROK, sequence, answer)
        self._watch.cancel()
        self._watch = self._loop.call_later(self._centre.settings.enquire_link_s, self._look_after)
        if command in _RECEIVING:
            self._desk.attach(self)

    def _on_submit(self, _status: int, sequence: int, body: bytes) -> None:
        if self.bound_as not in _SUBMITTING:
            verdict = Verdict(Status.RINVBNDSTS)
        elif self._delayed_count >= self._centre.settings.window:
            verdict = Verdict(Status.RTHROTTLED)
        else:
            verdict = self._centre.take(self.system_id, body)
        if verdict.delay_ms:
            self._delayed_count += 1
            self._loop.call_later(verdict.delay_ms / 1000, self._answer_delayed, sequence, verdict)
        else:
            self._answer_submit(sequence, verdict)

    def _answer_delayed(self, sequence: int, verdict: Verdict) -> None:
        self._delayed_count -= 1
        if not self._transport.is_closing() and not self._is_silent:
            self._answer_submit(sequence, verdict)

    def _answer_submit(self, sequence: int, verdict: Verdict) -> None:
        body = encode_cstring(verdict.message_id) if verdict.message_id else b""
        octets = encode_pdu(Command.SUBMIT_SM_RESP, verdict.status, sequence, body)
        match verdict.manner:
            case Manner.WHOLE:
                self._outlet.send(octets)
            case Manner.TRICKLED:
                self._outlet.trickle(octets)
            case Manner.CUT:
                self._outlet.cut(octets)
            case Manner.HANG_UP:
                self._transport.abort()
            case Manner.SILENCE:
                self._is_silent = True
            case Manner.NEVER:
                return

    def _on_query(self, _status: int, sequence: int, body: bytes) -> None:
        try:
            message_id = decode_query(body)
        except PduError as error:
            self._send(Command.QUERY_SM_RESP, error.status, sequence)
            return
        if self.bound_as not in _SUBMITTING:
            self._send(Command.QUERY_SM_RESP, Status.RINVBNDSTS, sequence)
        elif len(self._queries) >= QUERIES_MAX:
            self._send(Command.QUERY_SM_RESP, Status.RMSGQFUL, sequence)
        else:
            task = self._loop.create_task(self._answer_query(sequence, message_id))
            self._queries.add(task)
            task.add_done_callback(self._queries.discard)

    async def _answer_query(self, sequence: int, message_id: str) -> None:
        answer = await self._centre.query(self.system_id, message_id)
        self._send(Command.QUERY_SM_RESP, Status.RQUERYFAIL if answer is None else Status.ROK, sequence, answer or b"")

    def _on_enquire_link(self, _status: int, sequence: int, _body: bytes) -> None:
        luck = Luck(self._centre.switches, Subject(self.system_id))
        if luck.strike("silent"):
            self._is_silent = True
        elif not luck.strike("enquire_link_ignored"):
            self._send(Command.ENQUIRE_LINK_RESP, Status.ROK, sequence)

    def _on_unbind(self, _status: int, sequence: int, _body: bytes) -> None:
        self._send(Command.UNBIND_RESP, Status.ROK, sequence)
        self._outlet.finish()

    def _on_confirmed(self, status: int, sequence: int, _body: bytes) -> None:
        sent = self._unconfirmed.pop(sequence, None)
        if sent and self._desk:
            self._desk.confirm(sent[0], status)

    # The connection itself

    def _request(self, command: Command, body: bytes = b"") -> int:
        self._sequence = self._sequence % 0x7FFF_FFFF + 1
        self._send(command, Status.ROK, self._sequence, body)
        return self._sequence

    def _send(self, command: int, status: int, sequence: int, body: bytes = b"") -> None:
        self._outlet.send(encode_pdu(command, status, sequence, body))

    def _close_unbound(self) -> None:
        _log.warning("connection closed: no bind within %d s", _BIND_TIMEOUT_S)
        self._outlet.finish()

    def _look_after(self) -> None:
        """Asks a quiet ESME whether it lives, ends a dead connection, takes unanswered deliveries back."""
        period_s = self._centre.settings.enquire_link_s
        quiet_s = self._loop.time() - self._heard_at
        if quiet_s > 2 * period_s:
            _log.warning("connection closed: nothing heard for %d s", quiet_s)
            self._transport.abort()
            return
        if quiet_s >= period_s and not self._is_silent:
            self._request(Command.ENQUIRE_LINK)
        self._take_back_unanswered()
        self._watch = self._loop.call_later(period_s, self._look_after)

    def _take_back_unanswered(self) -> None:
        sent_before = self._loop.time() - _CONFIRM_TIMEOUT_S
        for sequence, (delivery, sent_at) in list(self._unconfirmed.items()):
            if sent_at < sent_before and self._desk:
                del self._unconfirmed[sequence]
                self._desk.take_back(delivery)
