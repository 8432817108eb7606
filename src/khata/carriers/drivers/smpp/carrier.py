"""The SMPP carrier: stays bound, hands submissions over within its window, acknowledges receipts once stored."""

import asyncio
import logging
import random
from functools import partial

from khata.carriers.drivers.smpp import statuses
from khata.carriers.drivers.smpp.pdu import BIND_TRANSCEIVER, SUBMIT_SM, PduError, ShortMessage, bind_body
from khata.carriers.drivers.smpp.receipts import is_receipt, receipt_of
from khata.carriers.drivers.smpp.session import NoAnswer, NotConnected, Session
from khata.carriers.drivers.smpp.settings import SmppSettings
from khata.carriers.drivers.smpp.submissions import NotEncodable, answer_of, submit_body
from khata.carriers.port import Answer, CarrierHealth, Receipt, Refused, StoreReceipt, Submission, Unavailable, Unknown
from khata.kernel.clock import utc_now

logger = logging.getLogger(__name__)

CLOSE_WAIT_S = 5


class BindRefused(Exception):
    """The SMSC answered our bind with an error."""


class SmppCarrier:
    """A `Carrier` over one transceiver bind. `submit` never raises (but for its own cancellation)."""

    def __init__(self, settings: SmppSettings) -> None:
        self.name = settings.name
        self.is_sandbox = settings.is_sandbox
        self.window = settings.window
        self.submits_per_s_max = settings.submits_per_s_max
        self._settings = settings
        self._free_slots = asyncio.Semaphore(settings.window)
        self._outstanding_count = 0
        self._bound: Session | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._store_receipt: StoreReceipt
        self._is_closing = False
        self._detail = "not started"

    async def start(self, store_receipt: StoreReceipt) -> None:
        self._store_receipt = store_receipt
        self._detail = "connecting"
        self._connecting = asyncio.create_task(self._stay_connected(), name=f"smpp {self.name}")

    async def submit(self, submission: Submission) -> Answer:
        try:
            body = submit_body(submission)
        except NotEncodable as error:
            return Refused("not_encodable", str(error))
        async with self._free_slots:
            return await self._hand_over(submission, body)

    async def close(self) -> None:
        self._is_closing = True
        if self._bound is not None:
            await self._bound.finish(CLOSE_WAIT_S)
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.wait([self._connecting])
        self._detail = "closed"

    def health(self) -> CarrierHealth:
        is_bound = self._bound is not None and self._bound.is_open
        return CarrierHealth(is_bound, self._outstanding_count, self._detail)

    async def _hand_over(self, submission: Submission, body: bytes) -> Answer:
        if self._bound is None or self._is_closing:
            return Unavailable(f"not bound: {self._detail}")
        self._outstanding_count += 1
        try:
            return answer_of(await self._bound.request(SUBMIT_SM, body))
        except NotConnected as error:
            return Unavailable(f"not bound: {error}")
        except NoAnswer as error:
            logger.warning("%s: message %s part %d: %s", self.name, submission.message_id, submission.part, error)
            return Unknown(str(error))
        finally:
            self._outstanding_count -= 1

    async def _stay_connected(self) -> None:
        failures = 0
        while True:
            bound_s = await self._hold_one_session()
            if self._is_closing:
                return
            # A far end that takes the bind and drops it at once is given the same pause as one that is away.
            failures = 0 if bound_s >= self._settings.reconnect_max_s else failures + 1
            logger.warning("%s: %s", self.name, self._detail)
            await asyncio.sleep(reconnect_pause_s(self._settings, failures))

    async def _hold_one_session(self) -> float:
        """Connects, binds and stays until the connection is gone; returns how many seconds it was bound."""
        loop = asyncio.get_running_loop()
        bound_at = loop.time()
        try:
            session = await self._connect()
            await self._stay_bound(session)
            self._detail = f"connection lost: {session.lost_reason}"
            return loop.time() - bound_at
        except (OSError, ValueError, BindRefused, NoAnswer, NotConnected) as error:
            self._detail = f"cannot bind to {self._settings.host}:{self._settings.port}: {str(error) or 'timed out'}"
            return 0

    async def _connect(self) -> Session:
        """Raises OSError, or ValueError for a host name no resolver takes."""
        settings = self._settings
        async with asyncio.timeout(settings.response_timeout_s):
            _, session = await asyncio.get_running_loop().create_connection(
                lambda: Session(self._take_delivery, settings.response_timeout_s),
                settings.host,
                settings.port,
                ssl=settings.tls,
            )
        return session

    async def _stay_bound(self, session: Session) -> None:
        settings = self._settings
        try:
            body = bind_body(settings.system_id, settings.password, settings.system_type)
            answer = await session.request(BIND_TRANSCEIVER, body)
            if answer.status != statuses.ESME_ROK:
                raise BindRefused(f"{statuses.status_name(answer.status)} ({statuses.status_code(answer.status)})")
            self._bound, self._detail = session, "bound"
            await session.keep_alive(settings.enquire_link_s)
        finally:
            self._bound = None
            session.abort("closed by us")

    def _take_delivery(self, body: bytes) -> "int | asyncio.Future[None]":
        """The command status to answer a `deliver_sm` with, or what stores its receipt."""
        try:
            message = ShortMessage.decode(body)
        except PduError as error:
            logger.warning("%s: a delivery cannot be read: %s", self.name, error)
            return statuses.ESME_RX_P_APPN
        if not is_receipt(message):
            logger.info("%s: an inbound message of %d octets was not kept", self.name, len(message.octets))
            return statuses.ESME_ROK
        receipt = receipt_of(message, self.name, utc_now())
        if receipt is None:
            logger.warning("%s: a receipt names no message", self.name)
            return statuses.ESME_ROK
        return self._store(receipt)

    def _store(self, receipt: Receipt) -> "int | asyncio.Future[None]":
        try:
            stored = asyncio.ensure_future(self._store_receipt(receipt))
        except Exception as error:
            self._note_not_stored(receipt, error)
            return statuses.ESME_RX_T_APPN
        stored.add_done_callback(partial(self._note_stored, receipt))
        return stored

    def _note_stored(self, receipt: Receipt, stored: "asyncio.Future[None]") -> None:
        if not stored.cancelled() and (error := stored.exception()) is not None:
            self._note_not_stored(receipt, error)

    def _note_not_stored(self, receipt: Receipt, error: BaseException) -> None:
        logger.error("%s: the receipt of %s was not stored", self.name, receipt.carrier_ref, exc_info=error)


def reconnect_pause_s(settings: SmppSettings, failures: int) -> float:
    """Doubles with each failure up to the longest pause, less up to half: many workers must not return in step."""
    longest_s = min(settings.reconnect_max_s, settings.reconnect_min_s * (1 << min(failures, 16)))
    return random.uniform(longest_s / 2, longest_s)
