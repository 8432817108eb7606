"""Messages from phones: cut as a phone cuts them, kept until somebody takes them, never to the wrong system."""

import signal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khata_sandbox.smsc.inbound import segments_of

from ..far_end import FarEnd, wait_until
from .esme import TRANSMITTER, Esme

HINDI = "नमस्ते"


def send(smsc: FarEnd, phone: str, text: str, **more: str) -> None:
    answer = smsc.http.post("/inbound.json", json={"from": phone, "to": "56161", "text": text, **more})
    assert answer.status_code == 200, answer.text


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=700), st.integers(0, 255))
def test_segments_put_together_are_the_text_and_each_fits_a_handset(text: str, ref: int) -> None:
    segments = segments_of(text, ref)
    assert "".join(part for _, _, _, part in segments) == text
    for data_coding, udh, octets, _ in segments:
        alone, part = (160, 153) if data_coding == 0 else (140, 134)
        assert len(octets) <= (part if udh else alone)
    headers = [udh for _, udh, _, _ in segments]
    assert headers == [b""] or headers == [bytes((5, 0, 3, ref, len(segments), n + 1)) for n in range(len(segments))]


@pytest.mark.parametrize(
    ("text", "counts"),
    [("x" * 160, [160]), ("x" * 161, [153, 8]), ("x" * 152 + "€", [154]), ("x" * 152 + "€" * 5, [152, 10])],
)
def test_an_escape_is_never_cut_from_its_letter(text: str, counts: list[int]) -> None:
    assert [len(octets) for _, _, octets, _ in segments_of(text, 1)] == counts


def test_a_pair_of_surrogates_is_never_cut() -> None:
    segments = segments_of("x" * 66 + "😀" * 3, 1)
    assert [part for _, _, _, part in segments] == ["x" * 66, "😀" * 3]


def test_an_inbound_message_travels_as_deliver_sm_and_its_answer_is_kept(smsc: FarEnd, esme: Esme) -> None:
    send(smsc, "+91 98666 60100", "STOP")
    body = esme.receipt()
    assert body.startswith(b"\0\1\1919866660100\0\1\x0156161\0\0")
    assert body.endswith(b"\0\x04STOP")

    def taken() -> list[dict[str, Any]]:
        return [row for row in smsc.get("/inbound.json", **{"from": "919866660100"}) if row["answered_at"]]

    (row,) = wait_until(taken, "the answer to be kept")
    assert (row["text"], row["answer_status"], row["system_id"]) == ("STOP", "ESME_ROK", "sandbox")


def test_a_long_text_of_another_alphabet_comes_in_parts(smsc: FarEnd, esme: Esme) -> None:
    send(smsc, "919866660101", HINDI * 20)
    bodies = [esme.receipt() for _ in range(2)]
    assert [body[body.index(b"\x05\0\x03") + 4 :][:2] for body in bodies] == [b"\x02\x01", b"\x02\x02"]
    octets = b"".join(body[body.index(b"\x05\0\x03") + 6 :] for body in bodies)
    assert octets.decode("utf-16-be") == HINDI * 20


def test_an_inbound_message_waits_for_a_receiver_even_through_a_kill(own_smsc: FarEnd) -> None:
    with Esme(own_smsc.port) as sender:
        sender.bind(TRANSMITTER)
        send(own_smsc, "919866660102", "START")
        assert sender.submitted("919866660102").status == 0
    assert len(own_smsc.get("/inbound.json")) == 1
    own_smsc.stop(signal.SIGKILL)
    own_smsc.start()
    with Esme(own_smsc.port) as returned:
        returned.bind()
        assert returned.receipt().endswith(b"START")


@pytest.mark.parametrize(
    "wrong",
    [
        {"from": "none"},
        {"from": "1" * 21},
        {"to": ""},
        {"to": "x" * 21},
        {"to": "नमस्ते"},
        {"text": ""},
        {"text": "x" * 1_601},
        {"text": 1},
        {"system_id": "stranger"},
        {"more": 1},
    ],
)
def test_what_no_phone_could_send_is_refused(smsc: FarEnd, wrong: dict[str, Any]) -> None:
    known = {"from": "919866660103", "to": "56161", "text": "hi"}
    answer = smsc.http.post("/inbound.json", json=known | wrong)
    assert answer.status_code == 422
    assert smsc.get("/inbound.json", **{"from": "919866660103"}) == []
