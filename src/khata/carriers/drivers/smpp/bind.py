"""One bind, held: connects, binds, stays bound, and comes back by itself when the connection is gone."""

import asyncio
import logging
import random

from khata.carriers.drivers.smpp import pdu as smpp
from khata.carriers.drivers.smpp import statuses
from khata.carriers.drivers.smpp.bodies import bind_body
from khata.carriers.drivers.smpp.pdu import Pdu
from khata.carriers.drivers.smpp.session import NoAnswer, NotConnected, OnDelivery, Session
from khata.carriers.drivers.smpp.settings import SmppSettings

logger = logging.getLogger(__name__)

CLOSE_WAIT_S = 5

_KIND_NAMES = {
    smpp.BIND_TRANSCEIVER: "transceiver",
    smpp.BIND_TRANSMITTER: "transmitter",
    smpp.BIND_RECEIVER: "receiver",
}


class BindRefused(Exception):
    """The SMSC answered our bind with an error."""


class Bind:
    """Of one kind (its bind command), to one SMSC."""

    def __init__(self, settings: SmppSettings, command: int, number: int, on_delivery: OnDelivery) -> None:
        self.name = f"{_KIND_NAMES[command]} {number}"
        self.may_submit = command != smpp.BIND_RECEIVER
        self.detail = "not started"
        self.submission_count = 0
        """Submissions sent and not yet answered, and those that wait for room in the window."""
        self._settings = settings
        self._command = command
        self._on_delivery = on_delivery
        self._free_slots = asyncio.Semaphore(settings.window)
        self._session: Session | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._is_closing = False

    @property
    def is_bound(self) -> bool:
        return self._session is not None and self._session.is_open and not self._is_closing

    @property
    def outstanding_count(self) -> int:
        """Submissions sent and not yet answered."""
        return min(self.submission_count, self._settings.window)

    def start(self) -> None:
        self.detail = "connecting"
        self._connecting = asyncio.create_task(self._stay_connected(), name=f"smpp {self._settings.name} {self.name}")

    async def submit(self, body: bytes) -> Pdu:
        """The answer to a `submit_sm`, once there is room for it in the window. Raises NotConnected or NoAnswer."""
        self.submission_count += 1
        try:
            async with self._free_slots:
                return await self.request(smpp.SUBMIT_SM, body)
        finally:
            self.submission_count -= 1

    def request(self, command: int, body: bytes) -> "asyncio.Future[Pdu]":
        """Raises NotConnected; so may the answer, or NoAnswer."""
        if self._session is None or self._is_closing:
            raise NotConnected(self.detail)
        return self._session.request(command, body)

    async def close(self) -> None:
        """Waits for what is under way, at most a few seconds; takes nothing new meanwhile."""
        self._is_closing = True
        if self._session is not None:
            await self._session.finish(CLOSE_WAIT_S)
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.wait([self._connecting])
        self.detail = "closed"

    async def _stay_connected(self) -> None:
        failures = 0
        while True:
            bound_s = await self._hold_one_session()
            if self._is_closing:
                return
            # A far end that takes the bind and drops it at once is given the same pause as one that is away.
            failures = 0 if bound_s >= self._settings.reconnect_max_s else failures + 1
            logger.warning("%s: %s: %s", self._settings.name, self.name, self.detail)
            await asyncio.sleep(reconnect_pause_s(self._settings, failures))

    async def _hold_one_session(self) -> float:
        """Connects, binds and stays until the connection is gone; returns how many seconds it was bound."""
        loop = asyncio.get_running_loop()
        bound_at = loop.time()
        try:
            session = await self._connect()
            await self._stay_bound(session)
            self.detail = f"connection lost: {session.lost_reason}"
            return loop.time() - bound_at
        except (OSError, ValueError, BindRefused, NoAnswer, NotConnected) as error:
            self.detail = f"cannot bind to {self._settings.host}:{self._settings.port}: {str(error) or 'timed out'}"
            return 0

    async def _connect(self) -> Session:
        """Raises OSError, or ValueError for a host name no resolver takes."""
        settings = self._settings
        async with asyncio.timeout(settings.response_timeout_s):
            _, session = await asyncio.get_running_loop().create_connection(
                lambda: Session(self._on_delivery, settings.response_timeout_s),
                settings.host,
                settings.port,
                ssl=settings.tls,
            )
        return session

    async def _stay_bound(self, session: Session) -> None:
        settings = self._settings
        try:
            body = bind_body(settings.system_id, settings.password, settings.system_type)
            answer = await session.request(self._command, body)
            if answer.status != statuses.ESME_ROK:
                raise BindRefused(f"{statuses.status_name(answer.status)} ({statuses.status_code(answer.status)})")
            self._session, self.detail = session, "bound"
            await session.keep_alive(settings.enquire_link_s)
        finally:
            self._session = None
            session.abort("closed by us")


def reconnect_pause_s(settings: SmppSettings, failures: int) -> float:
    """Doubles with each failure up to the longest pause, less up to half: many workers must not return in step."""
    longest_s = min(settings.reconnect_max_s, settings.reconnect_min_s * (1 << min(failures, 16)))
    return random.uniform(longest_s / 2, longest_s)
