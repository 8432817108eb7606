"""What the message centre decides about each message; it knows no connections and no octets of the header."""

import logging
import random
import re
import secrets
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Final

from khata_sandbox.smsc.content import Content, read_content
from khata_sandbox.smsc.desk import ReceiptDesk, now_ms
from khata_sandbox.smsc.faults import Faults
from khata_sandbox.smsc.journal import Journal, Submit
from khata_sandbox.smsc.numbers import TON_ALPHANUMERIC, TON_UNKNOWN, MessageState, Status
from khata_sandbox.smsc.pdu import PduError, ShortMessage, encode_cstring
from khata_sandbox.smsc.receipts import SUCCESS_OR_FAILURE, Receipt, is_wanted
from khata_sandbox.smsc.scenarios import Answer, Scenario, scenario_for
from khata_sandbox.smsc.settings import SmscSettings

_log = logging.getLogger(__name__)
_DIGITS = re.compile(r"\+?[0-9]{1,20}")
_NAME = re.compile(r"[ -~]{0,11}")
_THROTTLED_KEPT_MAX: Final = 10_000
_ERROR_CODE_UNKNOWN: Final = 255

_QUERY = """
SELECT s.state, coalesce(min(r.due_at), s.received_at + ?) AS done_at
FROM submits s LEFT JOIN receipts r USING (message_id) WHERE s.message_id = ? AND s.system_id = ?
GROUP BY s.id
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to one submit_sm."""

    status: int
    message_id: str = ""
    is_answered: bool = True
    delay_ms: int = 0


class MessageCentre:
    """`faults` may be replaced at any time and holds for the messages after that."""

    def __init__(self, settings: SmscSettings, journal: Journal, desk: ReceiptDesk) -> None:
        self.settings = settings
        self.journal = journal
        self.desk = desk
        self.faults = Faults()
        # Ids of one run start with a random number, so that they never repeat those of an earlier data folder.
        self._run = f"{secrets.randbits(32) | 1 << 31:08X}"
        self._message_numbers = count(1)
        self._receipt_ids = count(1)
        self._throttled: OrderedDict[tuple[str, str, bytes], int] = OrderedDict()

    async def resume(self) -> None:
        """Takes up the receipts that an earlier run still owed."""
        self._receipt_ids = count(await self.journal.last_receipt_id() + 1)
        for receipt in await self.journal.pending_receipts(self.settings.system_id):
            self.desk.plan(receipt)

    def take(self, body: bytes) -> Verdict:
        """Decides about one submit_sm, writes it into the journal and plans its receipts."""
        if self.journal.is_full:
            return Verdict(Status.RMSGQFUL)
        try:
            message = ShortMessage.decode(body)
            content = read_content(message)
        except PduError as error:
            _log.warning("submit_sm refused as malformed: %s", error)
            return Verdict(error.status)
        scenario = scenario_for(message.destination)
        status = self._refusal(message, scenario)
        if status:
            self._record(message, content, Verdict(status), MessageState.REJECTED)
            return Verdict(status)
        return self._accept(message, content, scenario)

    async def query(self, message_id: str) -> bytes | None:
        """The body of query_sm_resp; None for a message this system never sent."""
        rows = await self.journal.read(_QUERY, (self.settings.receipt_delay_ms, message_id, self.settings.system_id))
        if not rows:
            return None
        if rows[0]["done_at"] > now_ms():
            return encode_cstring(message_id) + b"\0" + bytes((MessageState.ENROUTE, 0))
        done = datetime.fromtimestamp(rows[0]["done_at"] / 1000, UTC).strftime("%y%m%d%H%M%S000+")
        error_code = 0 if rows[0]["state"] == MessageState.DELIVERED else _ERROR_CODE_UNKNOWN
        return encode_cstring(message_id) + encode_cstring(done) + bytes((rows[0]["state"], error_code))

    def _refusal(self, message: ShortMessage, scenario: Scenario) -> int:
        """The command_status to refuse with, 0 = none."""
        refused = _address_refusal(message) or self.faults.refuse_status or scenario.refusal
        if refused:
            return refused
        if message.registered_delivery and self.desk.is_full:
            return Status.RMSGQFUL
        if _happens(self.faults.throttle_percent) or self._is_throttled(message, scenario.throttled_count):
            return Status.RTHROTTLED
        return Status.ROK

    def _is_throttled(self, message: ShortMessage, throttled_count: int) -> bool:
        """Counts the submissions of one message; after the one that is let through the count starts again."""
        if not throttled_count:
            return False
        key = (message.source, message.destination, message.short_message)
        tries = self._throttled.pop(key, 0)
        if tries == throttled_count:
            return False
        self._throttled[key] = tries + 1
        if len(self._throttled) > _THROTTLED_KEPT_MAX:
            self._throttled.popitem(last=False)
        return True

    def _accept(self, message: ShortMessage, content: Content, scenario: Scenario) -> Verdict:
        is_answered = scenario.answer is not Answer.NEVER and not _happens(self.faults.drop_answers_percent)
        message_id = f"{self._run}{next(self._message_numbers):08X}"
        verdict = Verdict(Status.ROK, message_id, is_answered, self.faults.delay_ms)
        state = scenario.receipts[0] if scenario.receipts else MessageState.DELIVERED
        received_at = self._record(message, content, verdict, state)
        if message.registered_delivery:
            receipts = self._receipts(message, content, message_id, received_at, scenario.receipts)
            self._plan(receipts, is_early=scenario.answer is Answer.AFTER_RECEIPT)
        return verdict

    def _record(self, message: ShortMessage, content: Content, verdict: Verdict, state: MessageState) -> int:
        received_at = now_ms()
        message_id = verdict.message_id or None
        self.journal.add_submit(
            Submit(
                received_at,
                self.settings.system_id,
                message_id,
                verdict.status,
                verdict.is_answered,
                state,
                message,
                content,
            )
        )
        return received_at

    def _receipts(
        self, message: ShortMessage, content: Content, message_id: str, at: int, states: Sequence[MessageState]
    ) -> list[Receipt]:
        """The receipts asked for, each one delay after the other."""
        return [
            Receipt(
                id=next(self._receipt_ids),
                message_id=message_id,
                source=message.source,
                destination=message.destination,
                text=content.text,
                state=state,
                submitted_at=at,
                due_at=at + self.settings.receipt_delay_ms * place,
            )
            for place, state in enumerate(states, start=1)
            if is_wanted(message.registered_delivery, state)
        ]

    def _plan(self, receipts: list[Receipt], *, is_early: bool) -> None:
        for receipt in receipts:
            if _happens(self.faults.drop_receipts_percent):
                continue
            self.journal.add_receipt(receipt)
            if is_early:
                self.desk.send_now(receipt)
            else:
                self.desk.plan(receipt)


def _address_refusal(message: ShortMessage) -> Status:
    if not _DIGITS.fullmatch(message.destination):
        return Status.RINVDSTADR
    may_be_name = message.source_ton in {TON_ALPHANUMERIC, TON_UNKNOWN}
    if not (_DIGITS.fullmatch(message.source) or (may_be_name and _NAME.fullmatch(message.source))):
        return Status.RINVSRCADR
    if message.registered_delivery & 0b11 > SUCCESS_OR_FAILURE + 1:
        return Status.RINVREGDLVFLG
    return Status.ROK


def _happens(percent: int) -> bool:
    return percent > 0 and random.random() * 100 < percent
