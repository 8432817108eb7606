"""Twilio's answers in our words."""

import re
from datetime import datetime
from typing import Any, NamedTuple

from khata.carriers.callbacks import readable
from khata.carriers.drivers.twilio.words import ACCOUNT_CODES, EXPIRED_CODE, QUEUE_FULL_CODES, STATES, words
from khata.carriers.http_session import HttpAnswer
from khata.carriers.port import Accepted, Answer, Receipt, ReceiptState, Refused, Unavailable, Unknown

_SID = re.compile(r"(?:SM|MM)[0-9a-fA-F]{32}")
_LOST = (ReceiptState.UNDELIVERED, ReceiptState.REJECTED)


class TwilioMessage(NamedTuple):
    """What we read of a message as Twilio shows it, in an answer or in a callback."""

    sid: str
    status: str
    error_code: str
    error_text: str


def answer_of(answer: HttpAnswer) -> Answer:
    """What became of a request to send. Whatever does not clearly say yes or no is `Unknown`."""
    if answer.is_success:
        return _answer_of_message(answer)
    if answer.is_doubtful:
        return Unknown(f"answered {answer.status}")
    return _refusal(answer)


def message_of(answer: HttpAnswer) -> TwilioMessage | None:
    """None for what is no message of theirs."""
    found = answer.json()
    if not isinstance(found, dict):
        return None
    return message_from(found.get("sid"), found.get("status"), found.get("error_code"), found.get("error_message"))


def message_from(sid: Any, status: Any, error_code: Any, error_text: Any) -> TwilioMessage | None:
    if not is_sid(sid) or not isinstance(status, str):
        return None
    code = str(error_code) if isinstance(error_code, str | int) and str(error_code).isalnum() else ""
    return TwilioMessage(sid, status, code, _told(error_text))


def is_sid(text: Any) -> bool:
    return isinstance(text, str) and _SID.fullmatch(text) is not None


def receipt_of(message: TwilioMessage, *, carrier: str, received_at: datetime) -> Receipt:
    state = STATES.get(message.status, ReceiptState.UNKNOWN)
    if state in _LOST and message.error_code == EXPIRED_CODE:
        state = ReceiptState.EXPIRED
    raw = readable(message.status)[:40]
    if message.error_code not in ("", "0"):
        raw = f"{raw}: {words(message.error_code, message.error_text)}"
    return Receipt(carrier, message.sid, state, message.error_code, raw, received_at)


def _answer_of_message(answer: HttpAnswer) -> Answer:
    message = message_of(answer)
    if message is None:
        return Unknown(f"answered {answer.status} with an unreadable body")
    if STATES.get(message.status) in _LOST:
        return Refused(message.error_code or message.status, words(message.error_code, message.error_text))
    return Accepted(message.sid)


def _refusal(answer: HttpAnswer) -> Answer:
    found = answer.json()
    error = found if isinstance(found, dict) else {}
    code = str(error["code"]) if type(error.get("code")) is int else ""
    detail = words(code, _told(error.get("message"))) if code else f"Answered {answer.status} without a reason."
    if answer.asks_to_slow_down or code in QUEUE_FULL_CODES:
        return Unavailable(detail, is_throttled=True)
    if code in ACCOUNT_CODES or (not code and answer.is_about_access):
        return Unavailable(detail)
    return Refused(code or f"http_{answer.status}", detail)


def _told(text: Any) -> str:
    return readable(text)[:300] if isinstance(text, str) else ""
