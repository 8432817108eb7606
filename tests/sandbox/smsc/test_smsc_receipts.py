"""Receipts: who gets one, what it says, and that none is lost while the ESME or the message centre is away."""

import re
import signal

import pytest

from khata_sandbox.smsc.numbers import MessageState
from khata_sandbox.smsc.receipts import Receipt, is_wanted

from ..far_end import FarEnd, wait_until
from .esme import RECEIVER, TRANSMITTER, Esme, tlv_of

AT_MS = 1_764_000_000_000


def message_id_of(receipt: bytes) -> str:
    return tlv_of(receipt, 0x001E).rstrip(b"\0").decode()


def test_a_receipts_text_has_the_usual_form() -> None:
    text = "€ for नमस्ते and the rest"
    receipt = Receipt(
        1, "AB12", "AB12", "HDRXYZ", "919800000000", text, MessageState.DELIVERED, 0, submitted_at=AT_MS, due_at=AT_MS
    )
    assert receipt.body() == (
        "id:AB12 sub:001 dlvrd:001 submit date:2511241600 done date:2511241600 stat:DELIVRD err:000 "
        "text:€ for नमस्ते and the"
    )
    assert receipt.encode().count(b"\x1be for ?????? and the") == 1


@pytest.mark.parametrize(
    ("registered_delivery", "on_success", "on_failure"),
    [(0, False, False), (1, True, True), (2, False, True), (0x11, True, True), (0x10, False, False)],
)
def test_registered_delivery_tells_which_receipts_are_wanted(
    registered_delivery: int, on_success: bool, on_failure: bool
) -> None:
    assert is_wanted(registered_delivery, MessageState.DELIVERED) is on_success
    assert is_wanted(registered_delivery, MessageState.EXPIRED) is on_failure


def test_an_unasked_receipt_never_comes(smsc: FarEnd, esme: Esme) -> None:
    answer = esme.submitted("919822220100", registered=0)
    assert smsc.get("/receipts.json", message_id=answer.message_id) == []


def test_a_reserved_registered_delivery_is_refused(esme: Esme) -> None:
    assert esme.submitted("919822220101", registered=3).status == 0x07


def test_a_receipt_travels_back_the_other_way_as_a_receipt(esme: Esme) -> None:
    esme.submitted("919822220102", b"the beginning of a long text", registered=1)
    receipt = esme.receipt()
    assert receipt.startswith(b"\0\1\1919822220102\0\0\0HDRXYZ\0\x04")
    assert re.search(rb"id:[0-9A-F]{16} sub:001 dlvrd:001 submit date:\d{10} done date:\d{10} ", receipt)
    assert b" stat:DELIVRD err:000 text:the beginning of a l" in receipt


def test_a_receiver_gets_the_receipts_of_a_transmitter(smsc: FarEnd) -> None:
    with Esme(smsc.port) as sender, Esme(smsc.port) as receiver:
        sender.bind(TRANSMITTER)
        receiver.bind(RECEIVER)
        answer = sender.submitted("919822220103", registered=1)
        assert message_id_of(receiver.receipt()) == answer.message_id


def test_a_receipt_waits_for_the_esme_to_return(smsc: FarEnd) -> None:
    with Esme(smsc.port) as sender:
        sender.bind(TRANSMITTER)
        answer = sender.submitted("919822220104", registered=1)
    with Esme(smsc.port) as returned:
        returned.bind()
        assert message_id_of(returned.receipt()) == answer.message_id


def test_a_receipt_sent_but_not_confirmed_comes_again_on_the_next_connection(smsc: FarEnd) -> None:
    with Esme(smsc.port) as first:
        first.bind()
        answer = first.submitted("919822220105", registered=1)
        first.expect(5)
    with Esme(smsc.port) as second:
        second.bind()
        assert message_id_of(second.receipt()) == answer.message_id


def test_a_receipt_refused_for_now_comes_again(esme: Esme) -> None:
    answer = esme.submitted("919822220106", registered=1)
    assert message_id_of(esme.receipt(status=0x64)) == answer.message_id
    assert message_id_of(esme.receipt()) == answer.message_id


def test_a_receipt_refused_for_good_does_not_come_again(smsc: FarEnd, esme: Esme) -> None:
    answer = esme.submitted("919822220107", registered=1)
    esme.receipt(status=0x65)

    def refusal() -> str | None:
        (row,) = smsc.get("/receipts.json", message_id=answer.message_id)
        return str(row["answer_status"]) if row["answered_at"] else None

    assert wait_until(refusal, "the refusal to be written down") == "0x00000065"


def test_nothing_is_lost_when_the_message_centre_is_killed(own_smsc: FarEnd) -> None:
    with Esme(own_smsc.port) as sender:
        sender.bind(TRANSMITTER)
        ids = [sender.submitted(f"9198222203{number:02}", registered=1).message_id for number in range(50)]
    assert len(own_smsc.get("/submits.json")) == 50
    own_smsc.stop(signal.SIGKILL)
    own_smsc.start()
    assert [row["message_id"] for row in own_smsc.get("/submits.json")] == ids
    with Esme(own_smsc.port) as returned:
        returned.bind()
        assert {message_id_of(returned.receipt()) for _ in ids} == set(ids)


def test_query_tells_the_state_of_a_message_of_this_system(smsc: FarEnd, esme: Esme) -> None:
    answer = esme.submitted("919822220002", registered=1)
    esme.receipt()
    esme.send(3, answer.body + b"\0\0\0")
    told = esme.expect(0x8000_0003)
    assert told.status == 0
    assert re.fullmatch(answer.body + rb"\d{12}000\+\0\x05\xff", told.body)


def test_query_before_the_end_says_enroute(own_smsc: FarEnd) -> None:
    own_smsc.stop()
    own_smsc.environment["SANDBOX_SMSC_RECEIPT_DELAY_MS"] = "600000"
    own_smsc.start()
    with Esme(own_smsc.port) as esme:
        esme.bind()
        answer = esme.submitted("919822220108", registered=1)
        esme.send(3, answer.body + b"\0\0\0")
        assert esme.expect(0x8000_0003).body == answer.body + b"\0\x01\0"


@pytest.mark.parametrize(("body", "status"), [(b"UNKNOWN\0\0\0\0", 0x67), (b"no end", 0x0C)])
def test_query_for_what_was_never_sent_fails(esme: Esme, body: bytes, status: int) -> None:
    esme.send(3, body)
    assert esme.expect(0x8000_0003).status == status
