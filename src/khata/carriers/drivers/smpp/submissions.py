"""Our submission as a `submit_sm`, and the SMSC's answer in the port's words."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Literal, NamedTuple

from khata.carriers.drivers.smpp import statuses
from khata.carriers.drivers.smpp.bodies import (
    ESM_HAS_HEADER,
    TLV_MESSAGE_PAYLOAD,
    TLV_SAR_MSG_REF_NUM,
    TLV_SAR_SEGMENT_SEQNUM,
    TLV_SAR_TOTAL_SEGMENTS,
    Address,
    ShortMessage,
    message_id_of,
)
from khata.carriers.drivers.smpp.dlt import DLT_TLVS, DltTlv, dlt_tlvs
from khata.carriers.drivers.smpp.message_ids import MessageIds, ref_in_answer
from khata.carriers.drivers.smpp.pdu import GENERIC_NACK, SUBMIT_SM_RESP, Pdu, PduError, Tlv
from khata.carriers.port import Accepted, Answer, Refused, Submission, Unavailable, Unknown
from khata.kernel import gsm7

_RECIPIENT = re.compile(r"\+[0-9]{1,15}")
_SENDER_DIGITS = re.compile(r"\+?[0-9]{1,15}")
_SHORT_CODE = re.compile(r"[0-9]{1,8}")
_SENDER_NAME = re.compile(r"[ -~]{1,11}")
_CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f]")

_DATA_CODING = {"gsm7": 0, "ucs2": 8}
_ONE_SEGMENT_MAX = {"gsm7": 160, "ucs2": 140}
"""In octets as they stand in the PDU: septets are not packed."""
_FINAL_RECEIPT_WANTED = 1
_PART_COUNT_MAX = 255


class NotEncodable(ValueError):
    """The submission cannot be written as one `submit_sm`."""


class LongMessages(StrEnum):
    """How a carrier wants to hear that a text is one part of many."""

    UDH = "udh"
    """By a user data header before the text, as phones get it."""
    SAR = "sar"
    """By the optional parameters sar_msg_ref_num, sar_total_segments and sar_segment_seqnum."""
    PAYLOAD = "payload"
    """Not at all: the whole text travels as one message_payload, and the carrier cuts it."""


class NumberKind(NamedTuple):
    """How an address is announced (§5.2.5, §5.2.6)."""

    ton: int
    npi: int


_INTERNATIONAL = NumberKind(1, 1)
_ALPHANUMERIC = NumberKind(5, 0)


@dataclass(frozen=True, slots=True)
class SubmitForm:
    """How one carrier wants its `submit_sm`."""

    long_messages: LongMessages = LongMessages.UDH
    dlt_tlvs: tuple[DltTlv, ...] = DLT_TLVS
    sender_name: NumberKind = _ALPHANUMERIC
    sender_number: NumberKind = _INTERNATIONAL
    sender_short_code: NumberKind = _INTERNATIONAL
    """Up to eight digits without a plus."""
    recipient: NumberKind = _INTERNATIONAL


AS_USUAL = SubmitForm()


def submit_body(submission: Submission, form: SubmitForm) -> bytes:
    """The body of the `submit_sm` for one segment, or for a whole text by message_payload. Raises NotEncodable."""
    octets = _octets(submission.text, submission.encoding)
    esm_class = 0
    tlvs = dlt_tlvs(submission.dlt, form.dlt_tlvs) if submission.dlt is not None else ()
    if submission.part_count > 1:
        _refuse_odd_parts(submission)
        if form.long_messages is LongMessages.SAR:
            tlvs = _sar_tlvs(submission) + tlvs
        else:
            esm_class, octets = ESM_HAS_HEADER, _concatenation_header(submission) + octets
    elif form.long_messages is LongMessages.PAYLOAD and len(octets) > _ONE_SEGMENT_MAX[submission.encoding]:
        octets, tlvs = b"", ((TLV_MESSAGE_PAYLOAD, octets), *tlvs)
    try:
        return ShortMessage(
            source=source_of(submission.sender, form),
            destination=_destination(submission.recipient, form),
            esm_class=esm_class,
            registered_delivery=_FINAL_RECEIPT_WANTED,
            data_coding=_DATA_CODING[submission.encoding],
            octets=octets,
            tlvs=tlvs,
        ).encode()
    except PduError as error:
        raise NotEncodable(str(error)) from None


def answer_of(pdu: Pdu, message_ids: MessageIds) -> Answer:
    """What the SMSC's answer to a `submit_sm` means."""
    if pdu.command not in (SUBMIT_SM_RESP, GENERIC_NACK):
        return Unknown(f"answered with command {pdu.command:#010x} instead of submit_sm_resp")
    if pdu.status in statuses.NOT_TAKEN_NOW:
        return Unavailable(statuses.status_name(pdu.status), is_throttled=pdu.status in statuses.ASKED_TO_SLOW_DOWN)
    if pdu.status != statuses.ESME_ROK:
        return Refused(statuses.status_code(pdu.status), statuses.status_name(pdu.status))
    return _accepted(pdu.body, message_ids)


def source_of(sender: str, form: SubmitForm) -> Address:
    """Raises NotEncodable."""
    return _source(sender, form.sender_name, form.sender_number, form.sender_short_code)


@lru_cache(maxsize=1_024)
def _source(sender: str, name: NumberKind, number: NumberKind, short_code: NumberKind) -> Address:
    if _SHORT_CODE.fullmatch(sender):
        return Address(*short_code, sender)
    if _SENDER_DIGITS.fullmatch(sender):
        return Address(*number, sender.removeprefix("+"))
    if _SENDER_NAME.fullmatch(sender):
        return Address(*name, sender)
    raise NotEncodable("the sender is neither digits nor 1 to 11 printable ASCII characters")


def _accepted(body: bytes, message_ids: MessageIds) -> Accepted | Unknown:
    try:
        carrier_ref = ref_in_answer(message_ids, message_id_of(body))
    except PduError as error:
        return Unknown(f"accepted with an answer that cannot be read: {error}")
    if _CONTROL_CHARACTER.search(carrier_ref):
        return Unknown("accepted under an id that cannot be used")
    return Accepted(carrier_ref) if carrier_ref else Unknown("accepted without a message id")


def _destination(recipient: str, form: SubmitForm) -> Address:
    if not _RECIPIENT.fullmatch(recipient):
        raise NotEncodable("the recipient is not an E.164 number")
    return Address(*form.recipient, recipient.removeprefix("+"))


def _refuse_odd_parts(submission: Submission) -> None:
    if not 1 <= submission.part <= submission.part_count <= _PART_COUNT_MAX:
        raise NotEncodable(f"part {submission.part} of {submission.part_count}")


def _concatenation_header(submission: Submission) -> bytes:
    """The user data header of 3GPP TS 23.040 §9.2.3.24.1, with an 8-bit reference.

    A 16-bit reference takes one octet more, and parts of 153 septets or 67 UTF-16 units would no longer fit.
    """
    return bytes((5, 0, 3, submission.concatenation_ref & 0xFF, submission.part_count, submission.part))


def _sar_tlvs(submission: Submission) -> tuple[Tlv, ...]:
    return (
        (TLV_SAR_MSG_REF_NUM, (submission.concatenation_ref & 0xFFFF).to_bytes(2)),
        (TLV_SAR_TOTAL_SEGMENTS, submission.part_count.to_bytes()),
        (TLV_SAR_SEGMENT_SEQNUM, submission.part.to_bytes()),
    )


def _octets(text: str, encoding: Literal["gsm7", "ucs2", "utf8"]) -> bytes:
    try:
        return gsm7.encode(text) if encoding == "gsm7" else text.encode("utf-16-be")
    except (gsm7.NotGsm7, UnicodeEncodeError) as error:
        raise NotEncodable(str(error)) from None
