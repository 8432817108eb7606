"""The SMPP carrier: hands submissions over within its windows, acknowledges what the SMSC tells once it is stored."""

import asyncio
import logging

from khata.carriers.drivers.smpp import statuses
from khata.carriers.drivers.smpp.bind import Bind
from khata.carriers.drivers.smpp.bodies import ShortMessage, query_answer_of, query_body
from khata.carriers.drivers.smpp.inbound import Inbound, inbound_of, text_of
from khata.carriers.drivers.smpp.joining import Joiner, NoRoom
from khata.carriers.drivers.smpp.pdu import (
    BIND_RECEIVER,
    BIND_TRANSCEIVER,
    BIND_TRANSMITTER,
    DELIVER_SM,
    QUERY_SM,
    QUERY_SM_RESP,
    Pdu,
    PduError,
)
from khata.carriers.drivers.smpp.receipts import is_receipt, receipt_of, receipt_of_query
from khata.carriers.drivers.smpp.session import NoAnswer, NotConnected
from khata.carriers.drivers.smpp.settings import BindMode, SmppSettings
from khata.carriers.drivers.smpp.submissions import (
    LongMessages,
    NotEncodable,
    answer_of,
    source_of,
    submit_body,
)
from khata.carriers.port import (
    Answer,
    CarrierHealth,
    CarrierNews,
    InboundMessage,
    Receipt,
    Refused,
    Store,
    Submission,
    Unavailable,
    Unknown,
)
from khata.kernel.clock import utc_now

logger = logging.getLogger(__name__)

_BIND_COMMANDS = {
    BindMode.TRANSCEIVER: (BIND_TRANSCEIVER,),
    BindMode.SEPARATE: (BIND_TRANSMITTER, BIND_RECEIVER),
}


class NotStored(Exception):
    """A whole message could not even begin to be stored."""


class SmppCarrier:
    """A `Carrier` over all its binds. `submit` never raises (but for its own cancellation)."""

    def __init__(self, settings: SmppSettings) -> None:
        self.name = settings.name
        self.is_sandbox = settings.is_sandbox
        self.window = settings.window * settings.binds
        self.submits_per_s_max = settings.submits_per_s_max
        self.can_query = settings.can_query
        self.takes_whole_messages = settings.submit_form.long_messages is LongMessages.PAYLOAD
        self._settings = settings
        self._binds = [
            Bind(settings, command, number, self._take_delivery)
            for number in range(1, settings.binds + 1)
            for command in _BIND_COMMANDS[settings.bind_mode]
        ]
        self._transmitters = [bind for bind in self._binds if bind.may_submit]
        self._joiner = Joiner(self._store_joined)
        self._store_news: Store

    async def start(self, store: Store) -> None:
        self._store_news = store
        for bind in self._binds:
            bind.start()

    async def submit(self, submission: Submission) -> Answer:
        try:
            body = submit_body(submission, self._settings.submit_form)
        except NotEncodable as error:
            return Refused("not_encodable", str(error))
        while (bind := self._freest()) is not None:
            try:
                return answer_of(await bind.submit(body), self._settings.message_ids)
            except NotConnected as error:
                logger.debug("%s: %s was lost, another may be left: %s", self.name, bind.name, error)
            except NoAnswer as error:
                logger.warning("%s: message %s part %d: %s", self.name, submission.message_id, submission.part, error)
                return Unknown(str(error))
        return Unavailable(f"not bound: {self._detail}")

    async def query(self, carrier_ref: str, *, sender: str) -> Receipt | None:
        bind = self._freest()
        if not self.can_query or bind is None:
            return None
        try:
            body = query_body(carrier_ref, source_of(sender, self._settings.submit_form))
            answer = await bind.request(QUERY_SM, body)
            if answer.command != QUERY_SM_RESP or answer.status != statuses.ESME_ROK:
                return None
            return receipt_of_query(query_answer_of(answer.body), self.name, carrier_ref, utc_now())
        except (NotConnected, NoAnswer, NotEncodable, PduError) as error:
            logger.warning("%s: what became of %s was not told: %s", self.name, carrier_ref, error)
            return None

    async def close(self) -> None:
        await asyncio.gather(*(bind.close() for bind in self._binds))
        await self._joiner.close()

    def health(self) -> CarrierHealth:
        is_bound = any(bind.is_bound for bind in self._transmitters)
        return CarrierHealth(is_bound, sum(bind.outstanding_count for bind in self._binds), self._detail)

    @property
    def _detail(self) -> str:
        """Of a single bind what it says; of several who is missing."""
        if len(self._binds) == 1 or len({bind.detail for bind in self._binds}) == 1:
            return self._binds[0].detail
        return "; ".join(f"{bind.name}: {bind.detail}" for bind in self._binds if not bind.is_bound)

    def _freest(self) -> Bind | None:
        """The bind with the fewest submissions, of those that are bound."""
        found = None
        for bind in self._transmitters:
            if bind.is_bound and (found is None or bind.submission_count < found.submission_count):
                found = bind
        return found

    def _take_delivery(self, pdu: Pdu) -> "int | asyncio.Future[None]":
        """The command status to answer a delivery with, or what stores it."""
        try:
            decode = ShortMessage.decode if pdu.command == DELIVER_SM else ShortMessage.decode_data
            message = decode(pdu.body)
            return self._take_receipt(message) if is_receipt(message) else self._take_inbound(inbound_of(message))
        except PduError as error:
            logger.warning("%s: a delivery cannot be read: %s", self.name, error)
            return statuses.ESME_RX_P_APPN

    def _take_receipt(self, message: ShortMessage) -> "int | asyncio.Future[None]":
        receipt = receipt_of(message, self.name, self._settings.message_ids, utc_now())
        if receipt is None:
            logger.warning("%s: a receipt names no message", self.name)
            return statuses.ESME_ROK
        return self._store(receipt)

    def _take_inbound(self, inbound: Inbound) -> "int | asyncio.Future[None]":
        if inbound.part is None:
            return self._store(self._message(inbound, text_of(inbound.octets, inbound.data_coding)))
        try:
            return self._joiner.take(inbound, inbound.part)
        except NoRoom:
            logger.warning("%s: too many unfinished long messages from phones", self.name)
            return statuses.ESME_RX_T_APPN

    async def _store_joined(self, inbound: Inbound, text: str) -> None:
        stored = self._store(self._message(inbound, text))
        if isinstance(stored, int):
            raise NotStored
        await stored

    def _message(self, inbound: Inbound, text: str) -> InboundMessage:
        return InboundMessage(self.name, "", inbound.sender, inbound.recipient, text, utc_now())

    def _store(self, news: CarrierNews) -> "int | asyncio.Future[None]":
        try:
            stored = asyncio.ensure_future(self._store_news(news))
        except Exception as error:
            self._note_not_stored(error)
            return statuses.ESME_RX_T_APPN
        stored.add_done_callback(self._note_stored)
        return stored

    def _note_stored(self, stored: "asyncio.Future[None]") -> None:
        if not stored.cancelled() and (error := stored.exception()) is not None:
            self._note_not_stored(error)

    def _note_not_stored(self, error: BaseException) -> None:
        logger.error("%s: what it told was not stored and is asked for again", self.name, exc_info=error)
