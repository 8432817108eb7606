"""Our submission as a `submit_sm`, and the SMSC's answer in the port's words."""

import re
from functools import lru_cache
from typing import Literal

from khata.carriers.drivers.smpp import statuses
from khata.carriers.drivers.smpp.pdu import (
    GENERIC_NACK,
    SUBMIT_SM_RESP,
    Address,
    Pdu,
    PduError,
    ShortMessage,
    message_id_of,
)
from khata.carriers.port import Accepted, Answer, Refused, Submission, Unavailable, Unknown
from khata.kernel import gsm7

_RECIPIENT = re.compile(r"\+[0-9]{1,15}")
_SENDER_DIGITS = re.compile(r"\+?[0-9]{1,15}")
_SENDER_NAME = re.compile(r"[ -~]{1,11}")

_INTERNATIONAL = (1, 1)
_ALPHANUMERIC = (5, 0)
_DATA_CODING = {"gsm7": 0, "ucs2": 8}
_HAS_HEADER = 0x40
_FINAL_RECEIPT_WANTED = 1
_PART_COUNT_MAX = 255


class NotEncodable(ValueError):
    """The submission cannot be written as one short message."""


def submit_body(submission: Submission) -> bytes:
    """The body of the `submit_sm` for one segment. Raises NotEncodable."""
    is_multipart = submission.part_count > 1
    message = ShortMessage(
        source=_source(submission.sender),
        destination=_destination(submission.recipient),
        esm_class=_HAS_HEADER if is_multipart else 0,
        registered_delivery=_FINAL_RECEIPT_WANTED,
        data_coding=_DATA_CODING[submission.encoding],
        octets=(_concatenation_header(submission) if is_multipart else b"")
        + _octets(submission.text, submission.encoding),
    )
    try:
        return message.encode()
    except PduError as error:
        raise NotEncodable(str(error)) from None


def answer_of(pdu: Pdu) -> Answer:
    """What the SMSC's answer to a `submit_sm` means."""
    if pdu.command not in (SUBMIT_SM_RESP, GENERIC_NACK):
        return Unknown(f"answered with command {pdu.command:#010x} instead of submit_sm_resp")
    if pdu.status in statuses.NOT_TAKEN_NOW:
        return Unavailable(statuses.status_name(pdu.status), is_throttled=pdu.status in statuses.ASKED_TO_SLOW_DOWN)
    if pdu.status != statuses.ESME_ROK:
        return Refused(statuses.status_code(pdu.status), statuses.status_name(pdu.status))
    return _accepted(pdu.body)


def _accepted(body: bytes) -> Accepted | Unknown:
    try:
        carrier_ref = message_id_of(body)
    except PduError as error:
        return Unknown(f"accepted with an answer that cannot be read: {error}")
    return Accepted(carrier_ref) if carrier_ref else Unknown("accepted without a message id")


@lru_cache(maxsize=1_024)
def _source(sender: str) -> Address:
    if _SENDER_DIGITS.fullmatch(sender):
        return Address(*_INTERNATIONAL, sender.removeprefix("+"))
    if _SENDER_NAME.fullmatch(sender):
        return Address(*_ALPHANUMERIC, sender)
    raise NotEncodable("the sender is neither digits nor 1 to 11 printable ASCII characters")


def _destination(recipient: str) -> Address:
    if not _RECIPIENT.fullmatch(recipient):
        raise NotEncodable("the recipient is not an E.164 number")
    return Address(*_INTERNATIONAL, recipient.removeprefix("+"))


def _concatenation_header(submission: Submission) -> bytes:
    """The user data header of 3GPP TS 23.040 §9.2.3.24.1, with an 8-bit reference.

    A 16-bit reference takes one octet more, and parts of 153 septets or 67 UTF-16 units would no longer fit.
    """
    if not 1 <= submission.part <= submission.part_count <= _PART_COUNT_MAX:
        raise NotEncodable(f"part {submission.part} of {submission.part_count}")
    return bytes((5, 0, 3, submission.concatenation_ref & 0xFF, submission.part_count, submission.part))


def _octets(text: str, encoding: Literal["gsm7", "ucs2"]) -> bytes:
    try:
        return gsm7.encode(text) if encoding == "gsm7" else text.encode("utf-16-be")
    except (gsm7.NotGsm7, UnicodeEncodeError) as error:
        raise NotEncodable(str(error)) from None
