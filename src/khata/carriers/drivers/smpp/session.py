"""One TCP connection to an SMSC, from its first byte to its last: numbers requests, pairs answers, serves the far end.

It knows nothing of messages or receipts: bodies go in, bodies come out.
"""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from khata.carriers.drivers.smpp import pdu as smpp
from khata.carriers.drivers.smpp import statuses
from khata.carriers.drivers.smpp.pdu import Pdu, PduBuffer, PduError

logger = logging.getLogger(__name__)

DELIVERIES_MAX = 10_000
"""Deliveries taken in but not yet answered; beyond it the SMSC is asked to come again. One read of the socket can
bring thousands before the first of them gets its turn."""

OnDelivery = Callable[[Pdu], "int | asyncio.Future[None]"]
"""Takes a `deliver_sm` or `data_sm`; the command status to answer it with, or what stores it. Must not raise."""

_DELIVERIES = frozenset((smpp.DELIVER_SM, smpp.DATA_SM))


class NotConnected(Exception):
    """The connection was already gone; not one byte left."""


class NoAnswer(Exception):
    """The request left, at least in part, and no answer came."""


class Session(asyncio.Protocol):
    """Becomes usable at `connection_made` and is finished at `connection_lost`; it is never connected twice."""

    def __init__(self, on_delivery: OnDelivery, response_timeout_s: float) -> None:
        self._on_delivery = on_delivery
        self._response_timeout_s = response_timeout_s
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._received = PduBuffer()
        self._sequence = 0
        self._unanswered: dict[int, tuple[asyncio.Future[Pdu], float]] = {}
        """Each with when it is given up, the soonest first."""
        self._timer: asyncio.TimerHandle | None = None
        self._outgoing: list[bytes] = []
        self._unsent: list[int] = []
        """Requests among what is outgoing."""
        self._deliveries: set[asyncio.Future[None]] = set()
        self._lost: asyncio.Future[None] = self._loop.create_future()
        self.lost_reason = ""
        """Why the connection ended, once it has."""

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def request(self, command: int, body: bytes = b"") -> "asyncio.Future[Pdu]":
        """Sends a request; its answer, or NoAnswer or NotConnected. Raises NotConnected, too."""
        sequence = self._sequence = self._sequence % smpp.SEQUENCE_MAX + 1
        self._send(Pdu(command, statuses.ESME_ROK, sequence, body))
        self._unsent.append(sequence)
        answer: asyncio.Future[Pdu] = self._loop.create_future()
        self._unanswered[sequence] = answer, self._loop.time() + self._response_timeout_s
        if self._timer is None:
            self._timer = self._loop.call_later(self._response_timeout_s, self._give_up)
        return answer

    async def keep_alive(self, interval_s: float) -> None:
        """Asks the far end for a sign of life at every interval; returns once the connection is gone."""
        while not await self._is_lost_within(interval_s):
            try:
                await self.request(smpp.ENQUIRE_LINK)
            except (NoAnswer, NotConnected):
                self.abort("enquire_link was not answered")

    async def finish(self, timeout_s: float) -> None:
        """Waits for what is under way, unbinds and disconnects."""
        under_way: list[asyncio.Future[Any]] = [*(answer for answer, _ in self._unanswered.values()), *self._deliveries]
        if under_way:
            await asyncio.wait(under_way, timeout=timeout_s)
        try:
            async with asyncio.timeout(timeout_s):
                await self.request(smpp.UNBIND)
        except (NotConnected, NoAnswer, TimeoutError):
            logger.debug("unbind was not answered")
        self.abort("closed by us")
        for delivery in self._deliveries:
            delivery.cancel()
        await asyncio.wait([self._lost, *self._deliveries])

    def abort(self, reason: str) -> None:
        """Disconnects at once; what is unanswered ends as NoAnswer."""
        self.lost_reason = self.lost_reason or reason
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        try:
            for pdu in self._received.push(data):
                self._take(pdu)
        except PduError as error:
            self.abort(f"the far end sent {error}")

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost_reason = self.lost_reason or str(exc or "closed by the far end")
        self._take_back_unsent()
        for sequence in list(self._unanswered):
            self._fail(sequence, NoAnswer(f"connection lost before the answer: {self.lost_reason}"))
        if self._timer is not None:
            self._timer.cancel()
        self._lost.set_result(None)

    def pause_writing(self) -> None:
        """A far end that sends but does not read must not fill our memory with answers to it."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        if self._transport is not None:
            self._transport.resume_reading()

    async def _is_lost_within(self, interval_s: float) -> bool:
        await asyncio.wait([self._lost], timeout=interval_s)
        return self._lost.done()

    def _give_up(self) -> None:
        """What has waited for its answer too long; then sleeps until the next one will have."""
        self._timer, now = None, self._loop.time()
        for sequence, (_, until) in list(self._unanswered.items()):
            if until > now:
                self._timer = self._loop.call_at(until, self._give_up)
                return
            self._fail(sequence, NoAnswer(f"no answer to request {sequence} within {self._response_timeout_s:g} s"))

    def _fail(self, sequence: int, error: Exception) -> None:
        answer, _ = self._unanswered.pop(sequence)
        if not answer.done():
            answer.set_exception(error)

    def _send(self, pdu: Pdu) -> None:
        """What is sent in one turn of the loop leaves in one write."""
        if self._transport is None or self._transport.is_closing():
            raise NotConnected(self.lost_reason or "the connection is closing")
        if not self._outgoing:
            self._loop.call_soon(self._flush)
        self._outgoing.append(pdu.encode())

    def _flush(self) -> None:
        if self._transport is None or self._transport.is_closing() or not self._outgoing:
            return  # if the connection is gone, `connection_lost` takes them back
        self._transport.write(b"".join(self._outgoing))
        self._outgoing.clear()
        if self._transport.is_closing():  # the operating system refused the write at once
            self._take_back_unsent()
        self._unsent.clear()

    def _take_back_unsent(self) -> None:
        """Not one byte of these left."""
        for sequence in self._unsent:
            if sequence in self._unanswered:
                self._fail(sequence, NotConnected("the connection broke before the first byte left"))
        self._unsent.clear()

    def _take(self, pdu: Pdu) -> None:
        if pdu.command & smpp.RESPONSE:
            self._pair(pdu)
        elif pdu.command in _DELIVERIES:
            self._start_delivery(pdu)
        elif pdu.command == smpp.ENQUIRE_LINK:
            self._answer(pdu)
        elif pdu.command == smpp.UNBIND:
            self._answer(pdu)
            self._end("unbound by the far end")
        elif pdu.command != smpp.ALERT_NOTIFICATION:  # the one request that has no answer
            self._answer(Pdu(smpp.GENERIC_NACK, 0, pdu.sequence), statuses.ESME_RINVCMDID)

    def _pair(self, pdu: Pdu) -> None:
        answer, _ = self._unanswered.pop(pdu.sequence, (None, 0))
        if answer is None or answer.done():
            logger.warning("answer to request %d came too late or twice: status %#010x", pdu.sequence, pdu.status)
        else:
            answer.set_result(pdu)

    def _start_delivery(self, pdu: Pdu) -> None:
        if len(self._deliveries) >= DELIVERIES_MAX:
            self._answer(pdu, statuses.ESME_RX_T_APPN, b"\0")
            return
        taken = self._on_delivery(pdu)
        if isinstance(taken, int):
            self._answer(pdu, taken, b"\0")
            return
        self._deliveries.add(taken)
        taken.add_done_callback(partial(self._finish_delivery, pdu))

    def _finish_delivery(self, pdu: Pdu, stored: "asyncio.Future[None]") -> None:
        self._deliveries.discard(stored)
        if stored.cancelled() or stored.exception() is not None:
            # Whatever kept it from being stored, the SMSC still has it: let it come again.
            self._answer(pdu, statuses.ESME_RX_T_APPN, b"\0")
        else:
            self._answer(pdu, statuses.ESME_ROK, b"\0")

    def _answer(self, pdu: Pdu, status: int = statuses.ESME_ROK, body: bytes = b"") -> None:
        try:
            self._send(Pdu(pdu.command | smpp.RESPONSE, status, pdu.sequence, body))
        except NotConnected:
            logger.debug("request %d was not answered: the connection is gone", pdu.sequence)

    def _end(self, reason: str) -> None:
        """Disconnects once what we wrote has left."""
        self.lost_reason = self.lost_reason or reason
        if self._transport is not None:
            self._flush()
            self._transport.close()
