"""What the message centre decides about each bind and message; it knows no connections and no octets of the header."""

import hmac
import logging
import re
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from itertools import count
from typing import Final

from khata_sandbox.smsc.content import Content, read_content
from khata_sandbox.smsc.desk import Desk, now_ms
from khata_sandbox.smsc.inbound import Inbound, segments_of
from khata_sandbox.smsc.journal import Journal, Submit
from khata_sandbox.smsc.numbers import TON_ALPHANUMERIC, TON_UNKNOWN, MessageState, Status
from khata_sandbox.smsc.outcomes import Ids, Outcome, decide_ids, decide_outcome
from khata_sandbox.smsc.pdu import Bind, PduError, ShortMessage, encode_cstring
from khata_sandbox.smsc.receipts import SUCCESS_OR_FAILURE, Receipt, is_wanted
from khata_sandbox.smsc.scenarios import Answer, Scenario, scenario_for
from khata_sandbox.smsc.settings import SmscSettings
from khata_sandbox.smsc.switches import Luck, Subject, Switches

_log = logging.getLogger(__name__)
_DIGITS = re.compile(r"\+?[0-9]{1,20}")
_NAME = re.compile(r"[ -~]{0,11}")
_THROTTLED_KEPT_MAX: Final = 10_000
_ERROR_CODE_UNKNOWN: Final = 255
_UDH_REFS: Final = 256

_QUERY = """
SELECT s.state, coalesce(min(r.due_at), s.received_at + ?) AS done_at
FROM submits s LEFT JOIN receipts r USING (message_id) WHERE s.message_id = ? AND s.system_id = ?
GROUP BY s.id
"""


class Manner(Enum):
    """How an answer is given."""

    WHOLE = "whole"
    TRICKLED = "octet by octet"
    CUT = "half of it, then the connection ends"
    NEVER = "never"
    HANG_UP = "the connection ends instead"
    SILENCE = "never, nor anything else on this connection"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to one submit_sm."""

    status: int
    message_id: str = ""
    manner: Manner = Manner.WHOLE
    delay_ms: int = 0


class MessageCentre:
    """`switches` may be changed at any time and hold for what comes after that."""

    def __init__(self, settings: SmscSettings, journal: Journal) -> None:
        self.settings = settings
        self.journal = journal
        self.desks = {system_id: Desk(journal) for system_id in settings.accounts}
        self.switches = Switches(secrets.randbelow(1_000_000) if settings.seed is None else settings.seed)
        # Ids of one run start with a random number, so that they never repeat those of an earlier data folder.
        self._run = f"{secrets.randbits(32) | 1 << 31:08X}"
        self._message_numbers = count(1)
        self._delivery_ids = count(1)
        self._throttled: OrderedDict[tuple[str, str, bytes], int] = OrderedDict()

    async def resume(self) -> None:
        """Takes up the receipts and inbound messages that an earlier run still owed."""
        self._delivery_ids = count(await self.journal.last_delivery_id() + 1)
        for system_id, desk in self.desks.items():
            for receipt in await self.journal.pending_receipts(system_id):
                desk.plan(receipt, receipt.due_at)
            for inbound in await self.journal.pending_inbound(system_id):
                desk.plan(inbound, inbound.sent_at)

    def close(self) -> None:
        for desk in self.desks.values():
            desk.close()

    def bind_refusal(self, bind: Bind, luck: Luck) -> int:
        """The command_status to refuse with, 0 = none."""
        password = self.settings.accounts.get(bind.system_id)
        if password is None:
            return Status.RINVSYSID
        if not hmac.compare_digest(bind.password.encode(), password.encode()):
            return Status.RINVPASWD
        switch = luck.strike("bind_refused")
        return switch.value if switch else Status.ROK

    def take(self, system_id: str, body: bytes) -> Verdict:
        """Decides about one submit_sm of this system, writes it into the journal and plans its receipts."""
        if self.journal.is_full:
            return Verdict(Status.RMSGQFUL)
        try:
            message = ShortMessage.decode(body)
            content = read_content(message)
        except PduError as error:
            _log.warning("submit_sm refused as malformed: %s", error)
            return Verdict(error.status)
        luck = Luck(self.switches, Subject(system_id, message.destination.lstrip("+"), content.text))
        if luck.strike("silent"):
            return Verdict(Status.ROK, manner=Manner.SILENCE)
        if luck.strike("submit_cut"):
            return Verdict(Status.ROK, manner=Manner.HANG_UP)
        scenario = scenario_for(message.destination)
        status = self._refusal(system_id, message, scenario, luck)
        if status:
            self._record(system_id, message, content, Verdict(status), MessageState.REJECTED, luck)
            return Verdict(status)
        return self._accept(system_id, message, content, scenario, luck)

    def send_from_phone(self, system_id: str, phone: str, destination: str, text: str) -> None:
        """A person answers: `phone` in digits, `destination` as the message named its sender. Kept until delivered."""
        ref = secrets.randbelow(_UDH_REFS)
        for data_coding, udh, octets, part in segments_of(text, ref):
            id_ = next(self._delivery_ids)
            inbound = Inbound(id_, system_id, phone, destination, data_coding, udh, octets, part, now_ms())
            self.journal.add_inbound(inbound)
            self.desks[system_id].plan(inbound, inbound.sent_at)

    async def query(self, system_id: str, message_id: str) -> bytes | None:
        """The body of query_sm_resp; None for a message this system never sent.

        The case of an id's letters does not count.
        """
        if Luck(self.switches, Subject(system_id)).strike("query_refused"):
            return None
        rows = await self.journal.read(_QUERY, (self.settings.receipt_delay_ms, message_id.upper(), system_id))
        if not rows:
            return None
        if rows[0]["done_at"] > now_ms():
            return encode_cstring(message_id) + b"\0" + bytes((MessageState.ENROUTE, 0))
        done = datetime.fromtimestamp(rows[0]["done_at"] / 1000, UTC).strftime("%y%m%d%H%M%S000+")
        error_code = 0 if rows[0]["state"] == MessageState.DELIVERED else _ERROR_CODE_UNKNOWN
        return encode_cstring(message_id) + encode_cstring(done) + bytes((rows[0]["state"], error_code))

    def _refusal(self, system_id: str, message: ShortMessage, scenario: Scenario, luck: Luck) -> int:
        """The command_status to refuse with, 0 = none."""
        if refused := _address_refusal(message):
            return refused
        if switch := luck.strike("submit_refused"):
            return switch.value
        if scenario.refusal:
            return scenario.refusal
        if message.registered_delivery and self.desks[system_id].is_full:
            return Status.RMSGQFUL
        if luck.strike("throttled") or self._is_throttled(message, scenario.throttled_count):
            return Status.RTHROTTLED
        return Status.RMSGQFUL if luck.strike("queue_full") else Status.ROK

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

    def _accept(
        self, system_id: str, message: ShortMessage, content: Content, scenario: Scenario, luck: Luck
    ) -> Verdict:
        ids = decide_ids(f"{self._run}{next(self._message_numbers):08X}", luck)
        late = luck.strike("answer_late")
        verdict = Verdict(Status.ROK, ids.answered, _manner(scenario, luck), late.value if late else 0)
        outcome = decide_outcome(ids, scenario, luck)
        received_at = self._record(system_id, message, content, verdict, outcome.end.state, luck)
        if message.registered_delivery:
            self._plan(system_id, self._receipts(message, content, ids, received_at, outcome), outcome)
        return verdict

    def _record(
        self,
        system_id: str,
        message: ShortMessage,
        content: Content,
        verdict: Verdict,
        state: MessageState,
        luck: Luck,
    ) -> int:
        received_at = now_ms()
        is_answered = verdict.manner in (Manner.WHOLE, Manner.TRICKLED)
        message_id = verdict.message_id or None
        self.journal.add_submit(
            Submit(
                received_at, system_id, message_id, verdict.status, is_answered, state, message, content, luck.struck
            )
        )
        return received_at

    def _receipts(self, message: ShortMessage, content: Content, ids: Ids, at: int, outcome: Outcome) -> list[Receipt]:
        """The receipts asked for, each one delay after the other."""
        return [
            Receipt(
                id=next(self._delivery_ids),
                message_id=ids.answered,
                told_id=report.told_id,
                source=message.source,
                destination=message.destination,
                text=content.text,
                state=report.end.state,
                error_code=report.end.error_code,
                submitted_at=at,
                due_at=at + outcome.late_ms + self.settings.receipt_delay_ms * place,
            )
            for place, report in enumerate(outcome.reports, start=1)
            if is_wanted(message.registered_delivery, report.end.state)
        ]

    def _plan(self, system_id: str, receipts: list[Receipt], outcome: Outcome) -> None:
        desk = self.desks[system_id]
        for place, receipt in enumerate(receipts):
            self.journal.add_receipt(receipt)
            if outcome.is_early and place == 0:
                desk.send_now(receipt)
            else:
                desk.plan(receipt, receipt.due_at)


def _manner(scenario: Scenario, luck: Luck) -> Manner:
    if scenario.answer is Answer.NEVER or luck.strike("answer_lost"):
        return Manner.NEVER
    if luck.strike("answer_cut"):
        return Manner.CUT
    return Manner.TRICKLED if luck.strike("answer_trickled") else Manner.WHOLE


def _address_refusal(message: ShortMessage) -> Status:
    if not _DIGITS.fullmatch(message.destination):
        return Status.RINVDSTADR
    may_be_name = message.source_ton in {TON_ALPHANUMERIC, TON_UNKNOWN}
    if not (_DIGITS.fullmatch(message.source) or (may_be_name and _NAME.fullmatch(message.source))):
        return Status.RINVSRCADR
    if message.registered_delivery & 0b11 > SUCCESS_OR_FAILURE + 1:
        return Status.RINVREGDLVFLG
    return Status.ROK
