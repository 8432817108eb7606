"""Feeds the SMPP codec what an SMSC gone mad might send, guided by which lines that reaches: `make fuzz`.

Runs in an environment of its own that has Atheris and nothing else: `python tests/fuzz/smpp_codec.py FOLDER`, then
libFuzzer's options. The folder keeps the inputs that reached something new. An input is one octet that says how the
rest, a stream of PDUs, is cut into chunks.
"""

import struct
import sys
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["khata"]):
    from khata.carriers.drivers.smpp.bodies import ShortMessage, message_id_of, query_answer_of
    from khata.carriers.drivers.smpp.inbound import inbound_of, joined_text, text_of
    from khata.carriers.drivers.smpp.message_ids import MessageIds
    from khata.carriers.drivers.smpp.pdu import Pdu, PduBuffer, PduError
    from khata.carriers.drivers.smpp.receipts import is_receipt, receipt_of, receipt_of_query
    from khata.carriers.drivers.smpp.submissions import answer_of

AT = datetime(2026, 1, 1, tzinfo=UTC)


def check(data: bytes) -> None:
    """Any exception but PduError, and any broken promise, ends the run with the input that did it."""
    stream = data[1:]
    chunk_size = data[0] + 1 if data else 1
    pdus = _pdus([stream])
    assert pdus == _pdus(stream[start : start + chunk_size] for start in range(0, len(stream), chunk_size))
    assert sum(16 + len(pdu.body) for pdu in pdus) <= len(stream)
    for pdu in pdus:
        _check_pdu(pdu)


def _pdus(chunks: Iterable[bytes]) -> list[Pdu]:
    buffer, pdus = PduBuffer(), []
    with suppress(PduError):
        for chunk in chunks:
            for pdu in buffer.push(chunk):
                pdus.append(pdu)  # noqa: PERF402 - those before an error count
    return pdus


def _check_pdu(pdu: Pdu) -> None:
    for message_ids in MessageIds:
        answer_of(pdu, message_ids)
    with suppress(PduError):
        message_id_of(pdu.body)
    with suppress(PduError):
        receipt_of_query(query_answer_of(pdu.body), "fuzz", "7f", AT)
    for decode in (ShortMessage.decode, ShortMessage.decode_data):
        with suppress(PduError):
            _check_message(decode(pdu.body))


def _check_message(message: ShortMessage) -> None:
    with suppress(PduError):
        assert ShortMessage.decode(message.encode()) == message
    if is_receipt(message):
        for message_ids in MessageIds:
            if (receipt := receipt_of(message, "fuzz", message_ids, AT)) is not None:
                _check_text(receipt.carrier_ref + receipt.error_code + receipt.raw)
                assert receipt.carrier_ref
    inbound = inbound_of(message)
    _check_text(text_of(inbound.octets, inbound.data_coding) + inbound.sender + inbound.recipient)
    if inbound.part is not None:
        _check_text(joined_text({inbound.part.number: inbound.octets}, inbound.part.part_count, inbound.data_coding))


def _check_text(text: str) -> None:
    """The database keeps neither NUL nor half a surrogate pair."""
    assert "\0" not in text
    assert text.encode().decode() == text


def plant(folder: Path) -> None:
    """What to begin with: a receipt, a part of a long message from a phone, and three answers."""
    folder.mkdir(parents=True, exist_ok=True)
    addresses = b"\0\1\x01919812345678\0\5\0HDRXYZ\0"
    receipt = b"id:0000001f sub:001 stat:DELIVRD err:000 text:Namaste"
    tlvs = b"\x00\x1e\x00\x041f7\0" + b"\x04\x27\x00\x01\x02" + b"\x04\x23\x00\x03\x03\x00\x22"
    part = b"\x05\x00\x03\x34\x02\x01" + "नमस्ते".encode("utf-16-be")
    seeds = {
        "receipt": (0x005, addresses + bytes((4, 0, 0, 0, 0, 0, 0, 0, 0, len(receipt))) + receipt + tlvs),
        "part": (0x005, addresses + bytes((0x40, 0, 0, 0, 0, 0, 0, 8, 0, len(part))) + part),
        "data": (0x103, addresses + bytes((4, 0, 0)) + tlvs),
        "accepted": (0x80000004, b"0000001f\0"),
        "query": (0x80000003, b"1f\x00260101120000000+\x00\x02\x00"),
    }
    for name, (command, body) in seeds.items():
        pdu = struct.pack(">IIII", 16 + len(body), command, 0, 1) + body
        (folder / name).write_bytes(b"\x07" + pdu + pdu)


if __name__ == "__main__":
    plant(Path(sys.argv[1]))
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()
