"""What became of a submission: a `deliver_sm` or `data_sm` read as a delivery receipt, or the answer to a `query_sm`.

In a receipt the TLVs count first, then the text of SMPP 3.4 appendix B.
"""

import re
from datetime import datetime

from khata.carriers.drivers.smpp.bodies import (
    MESSAGE_ID_MAX,
    TLV_MESSAGE_STATE,
    TLV_NETWORK_ERROR_CODE,
    TLV_RECEIPTED_MESSAGE_ID,
    QueryAnswer,
    ShortMessage,
)
from khata.carriers.drivers.smpp.message_ids import MessageIds, ref_in_receipt
from khata.carriers.port import Receipt, ReceiptState

RAW_LENGTH_MAX = 1000
ERROR_CODE_LENGTH_MAX = 40

_MESSAGE_TYPE_MASK = 0x3C
_RECEIPT_TYPES = frozenset({0x04, 0x20})  # delivery receipt, intermediate notification
_UCS2 = 8
_TEXT = re.compile(r"\btext:", re.IGNORECASE)
_FIELD = re.compile(r"\b(id|stat|err):(\S+)", re.IGNORECASE)

_STATE_BY_NUMBER = {
    1: ReceiptState.ENROUTE,
    2: ReceiptState.DELIVERED,
    3: ReceiptState.EXPIRED,
    4: ReceiptState.UNDELIVERED,  # deleted
    5: ReceiptState.UNDELIVERED,
    6: ReceiptState.ACCEPTED,
    7: ReceiptState.UNKNOWN,
    8: ReceiptState.REJECTED,
}
_STATE_BY_WORD = {
    "ENROUTE": ReceiptState.ENROUTE,
    "DELIVRD": ReceiptState.DELIVERED,
    "EXPIRED": ReceiptState.EXPIRED,
    "DELETED": ReceiptState.UNDELIVERED,
    "UNDELIV": ReceiptState.UNDELIVERED,
    "ACCEPTD": ReceiptState.ACCEPTED,
    "UNKNOWN": ReceiptState.UNKNOWN,
    "REJECTD": ReceiptState.REJECTED,
}


def is_receipt(message: ShortMessage) -> bool:
    """Only what the SMSC itself marked counts: a person may send us any text."""
    is_marked = message.esm_class & _MESSAGE_TYPE_MASK in _RECEIPT_TYPES
    return is_marked or message.tlv(TLV_RECEIPTED_MESSAGE_ID) is not None


def receipt_of(message: ShortMessage, carrier: str, message_ids: MessageIds, received_at: datetime) -> Receipt | None:
    """The receipt in `message`; None where it does not say which submission it is about."""
    text = _text_of(message)
    fields = _fields(text)
    spelled = _tlv_text(message, TLV_RECEIPTED_MESSAGE_ID) or fields.get("id", "")
    if not 0 < len(spelled) <= MESSAGE_ID_MAX:
        return None
    return Receipt(
        carrier=carrier,
        carrier_ref=ref_in_receipt(message_ids, spelled),
        state=_state_of(message, fields),
        error_code=(fields.get("err") or _network_error(message))[:ERROR_CODE_LENGTH_MAX],
        raw=text[:RAW_LENGTH_MAX],
        received_at=received_at,
    )


def receipt_of_query(answer: QueryAnswer, carrier: str, carrier_ref: str, received_at: datetime) -> Receipt:
    """The id is the one that was asked about: some SMSCs spell it differently in this answer, too."""
    return Receipt(
        carrier=carrier,
        carrier_ref=carrier_ref,
        state=_STATE_BY_NUMBER.get(answer.message_state, ReceiptState.UNKNOWN),
        error_code=str(answer.error_code) if answer.error_code else "",
        raw=f"query_sm: state {answer.message_state}",
        received_at=received_at,
    )


def _state_of(message: ShortMessage, fields: dict[str, str]) -> ReceiptState:
    value = message.tlv(TLV_MESSAGE_STATE)
    if value is not None and len(value) == 1 and value[0] in _STATE_BY_NUMBER:
        return _STATE_BY_NUMBER[value[0]]
    return _STATE_BY_WORD.get(fields.get("stat", "").upper(), ReceiptState.UNKNOWN)


def _fields(text: str) -> dict[str, str]:
    """By name in lower case, the first of a name counting."""
    # "text:" repeats the customer's own words, which must not be read as fields.
    fields: dict[str, str] = {}
    for name, value in _FIELD.findall(_TEXT.split(text, maxsplit=1)[0]):
        fields.setdefault(name.lower(), value)
    return fields


def _text_of(message: ShortMessage) -> str:
    octets = message.content
    text = octets.decode("utf-16-be", "replace") if message.data_coding == _UCS2 else octets.decode("latin-1")
    return text.replace("\0", "\ufffd")  # the database keeps no NUL


def _tlv_text(message: ShortMessage, tag: int) -> str:
    return (message.tlv(tag) or b"").partition(b"\0")[0].decode("latin-1").strip()


def _network_error(message: ShortMessage) -> str:
    """The last two octets of network_error_code (§5.3.2.31); the first names the kind of network."""
    value = message.tlv(TLV_NETWORK_ERROR_CODE)
    return str(int.from_bytes(value[1:], "big")) if value is not None and len(value) == 3 else ""
