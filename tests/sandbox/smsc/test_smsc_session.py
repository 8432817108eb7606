"""Connections: binds, requests out of place, octets in any cut, lengths that lie, and life signs."""

import asyncio
import struct
from pathlib import Path

import pytest

from khata_sandbox.smsc.centre import MessageCentre
from khata_sandbox.smsc.journal import Journal
from khata_sandbox.smsc.session import Session
from khata_sandbox.smsc.settings import SmscSettings

from ..far_end import DEADLINE_S, FarEnd
from .esme import HEADER, RECEIVER, TRANSCEIVER, TRANSMITTER, Esme, submit_body

NACK, ENQUIRE_LINK, ENQUIRE_LINK_RESP, UNBIND = 0x8000_0000, 0x15, 0x8000_0015, 6


@pytest.mark.parametrize("kind", [TRANSMITTER, RECEIVER, TRANSCEIVER])
def test_every_kind_of_bind_is_accepted_and_tells_the_version(smsc: FarEnd, kind: int) -> None:
    with Esme(smsc.port) as esme:
        answer = esme.bind(kind)
        assert (answer.status, answer.body) == (0, b"sandbox\0" + bytes.fromhex("0210000134"))


@pytest.mark.parametrize(("system_id", "password", "status"), [("other", "sandbox", 0x0F), ("sandbox", "wrong", 0x0E)])
def test_a_wrong_name_or_password_is_refused_and_disconnected(
    smsc: FarEnd, system_id: str, password: str, status: int
) -> None:
    with Esme(smsc.port) as esme:
        assert esme.bind(TRANSCEIVER, system_id, password).status == status
        assert esme.read() is None


def test_a_second_bind_on_one_connection_is_refused(esme: Esme) -> None:
    assert esme.bind().status == 0x05
    assert esme.submitted("919800000100").status == 0


def test_submitting_needs_a_bind_that_may_submit(smsc: FarEnd) -> None:
    with Esme(smsc.port) as esme:
        assert esme.submitted("919800000101").status == 0x04
        assert esme.bind(RECEIVER).status == 0
        assert esme.submitted("919800000101").status == 0x04
    assert smsc.get("/submits.json", to="919800000101") == []


def test_enquire_link_is_answered_before_and_after_the_bind(smsc: FarEnd) -> None:
    with Esme(smsc.port) as esme:
        for _ in range(2):
            sequence = esme.send(ENQUIRE_LINK)
            assert esme.expect(ENQUIRE_LINK_RESP).sequence == sequence
            esme.bind()


def test_unbind_is_answered_and_the_connection_ends(esme: Esme) -> None:
    esme.send(UNBIND)
    esme.expect(0x8000_0006)
    assert esme.read() is None


def test_an_unknown_command_gets_a_generic_nack_and_the_connection_lives(esme: Esme) -> None:
    sequence = esme.send(0x0000_0777, b"whatever")
    nack = esme.expect(NACK)
    assert (nack.status, nack.sequence) == (0x03, sequence)
    assert esme.submitted("919800000102").status == 0


def test_answers_nobody_asked_for_are_ignored(esme: Esme) -> None:
    for command in (0x8000_0005, 0x8000_0004, ENQUIRE_LINK_RESP, NACK, 0x8000_0777):
        esme.send(command, b"\0", sequence=4711)
    assert esme.submitted("919800000103").status == 0


@pytest.mark.parametrize("length", [0, 15, 70_001, 0x8000_0000, 0xFFFF_FFFF])
def test_a_length_that_lies_gets_a_nack_and_the_connection_ends(smsc: FarEnd, length: int) -> None:
    with Esme(smsc.port) as esme:
        esme.socket.sendall(HEADER.pack(length, ENQUIRE_LINK, 0, 9))
        nack = esme.expect(NACK)
        assert (nack.status, nack.sequence) == (0x02, 9)
        assert esme.read() is None


def test_octets_may_come_one_by_one(esme: Esme) -> None:
    body = submit_body("919800000104", b"drip")
    for octet in HEADER.pack(16 + len(body), 4, 0, 77) + body:
        esme.socket.sendall(bytes((octet,)))
    answer = esme.expect(0x8000_0004)
    assert (answer.status, answer.sequence) == (0, 77)


def test_many_requests_in_one_piece_are_answered_in_their_order(esme: Esme) -> None:
    body = submit_body("919800000105")
    octets = b"".join(HEADER.pack(16 + len(body), 4, 0, sequence) + body for sequence in range(1, 1001))
    esme.socket.sendall(octets)
    assert [esme.expect(0x8000_0004).sequence for _ in range(1000)] == list(range(1, 1001))


def test_a_malformed_submit_is_refused_and_the_connection_lives(smsc: FarEnd, esme: Esme) -> None:
    esme.send(4, submit_body("919800000106")[:-1])
    assert esme.expect(0x8000_0004).status == 0x01
    assert esme.submitted("919800000106").status == 0
    assert len(smsc.get("/submits.json", to="919800000106")) == 1


def test_a_full_message_payload_fits(smsc: FarEnd, esme: Esme) -> None:
    text = "x" * 65_535
    answer = esme.submitted("919800000107", b"", tlvs=struct.pack(">HH", 0x0424, len(text)) + text.encode())
    assert answer.status == 0
    assert smsc.get("/messages.json", to="919800000107")[0]["text"] == text


@pytest.mark.parametrize(
    ("to", "source", "source_ton", "status"),
    [
        ("", "HDRXYZ", 5, 0x0B),
        ("91980000x108", "HDRXYZ", 5, 0x0B),
        ("919800000108", "TWELVELETTER", 5, 0x0A),
        ("919800000108", "LETTERS", 1, 0x0A),
        ("919800000108", "new\nline", 5, 0x0A),
        ("+919800000108", "+918000000000", 1, 0),
        ("919800000108", "", 0, 0),
    ],
)
def test_addresses_are_checked(esme: Esme, to: str, source: str, source_ton: int, status: int) -> None:
    assert esme.submitted(to, source=source, source_ton=source_ton).status == status


def test_a_quiet_connection_is_asked_whether_it_lives_and_closed_if_it_does_not(tmp_path: Path) -> None:
    async def live() -> list[int]:
        settings = SmscSettings("127.0.0.1", 0, 0, tmp_path, enquire_link_s=0.05)
        journal = Journal(tmp_path)
        centre = MessageCentre(settings, journal)
        server = await asyncio.get_running_loop().create_server(lambda: Session(centre, set()), "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        bind = b"sandbox\0sandbox\0\0\x34\0\0\0"
        writer.write(HEADER.pack(16 + len(bind), TRANSCEIVER, 0, 1) + bind)
        octets = await reader.read()
        writer.close()
        server.close()
        journal.close()
        return [command for _, command, _, _ in _heads(octets)]

    assert asyncio.run(asyncio.wait_for(live(), DEADLINE_S))[:2] == [0x8000_0009, ENQUIRE_LINK]


def _heads(octets: bytes) -> list[tuple[int, ...]]:
    heads, at = [], 0
    while at < len(octets):
        heads.append(HEADER.unpack_from(octets, at))
        at += heads[-1][0]
    return heads


def test_each_system_has_its_own_password_and_gets_its_own_receipts(tmp_path: Path) -> None:
    accounts = {"SANDBOX_SMSC_ACCOUNTS": "asha:first bilal:second", "SANDBOX_SMSC_RECEIPT_DELAY_MS": "1"}
    with FarEnd("smsc", tmp_path, **accounts) as smsc, Esme(smsc.port) as asha, Esme(smsc.port) as bilal:
        assert bilal.bind(TRANSCEIVER, "bilal", "first").status == 0x0E
        with Esme(smsc.port) as known:
            assert known.bind(TRANSCEIVER, "bilal", "second").status == 0
            assert asha.bind(TRANSCEIVER, "asha", "first").status == 0
            answer = asha.submitted("919800000109", registered=1)
            assert answer.body.rstrip(b"\0") in asha.receipt()
            known.send(3, answer.body + b"\0\0\0")
            assert known.expect(0x8000_0003).status == 0x67


def test_what_is_more_than_the_window_is_throttled(tmp_path: Path) -> None:
    with FarEnd("smsc", tmp_path, SANDBOX_SMSC_WINDOW="2") as smsc, Esme(smsc.port) as esme:
        smsc.switch_on("answer_late", value=2_000)
        esme.bind()
        sequences = [esme.submit(f"9198000001{number:02}") for number in range(3)]
        answers = [esme.expect(0x8000_0004) for _ in range(3)]
        assert [(answer.sequence, answer.status) for answer in answers] == [
            (sequences[2], 0x58),
            (sequences[0], 0),
            (sequences[1], 0),
        ]
