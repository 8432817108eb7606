"""The pages: phones put together again, the journal as JSON, the fault switches."""

from collections.abc import Iterator
from typing import Any

import pytest
from bs4 import BeautifulSoup

from khata_sandbox.smsc.faults import Faults, FaultsRefused
from khata_sandbox.smsc.phone import reassemble

from ..far_end import FarEnd
from .esme import HEADER, Esme, submit_body, tlv


@pytest.fixture
def healed(smsc: FarEnd) -> Iterator[FarEnd]:
    """The message centre, with all switches off again afterwards."""
    yield smsc
    assert smsc.http.post("/faults", json={}).json() == Faults().to_json()


def row(number: int, part: int | None = None, count: int | None = None, ref: int = 1, **fields: Any) -> dict[str, Any]:
    known = {"id": number, "received_at": number, "source": "HDR", "destination": "91", "message_id": f"m{number}"}
    parts = {"part_number": part, "part_count": count, "part_ref": ref, "state": 2, "text": f"[{part or number}]"}
    return known | parts | fields


def texts(rows: list[dict[str, Any]]) -> list[str]:
    return [message.text for message in reassemble(rows)]


def test_parts_are_joined_in_their_order_whatever_the_order_of_arrival() -> None:
    assert texts([row(1, 3, 3), row(2, 1, 3), row(3, 2, 3)]) == ["[1][2][3]"]


def test_messages_stand_newest_first_by_their_last_part() -> None:
    assert texts([row(1, 1, 2), row(2), row(3, 2, 2)]) == ["[1][2]", "[2]"]


def test_a_missing_part_leaves_an_ellipsis() -> None:
    (message,) = reassemble([row(1, 1, 3), row(2, 3, 3)])
    assert (message.text, message.is_whole) == ("[1]…[3]", False)


def test_the_same_reference_used_again_is_another_message() -> None:
    assert texts([row(1, 1, 2), row(2, 2, 2), row(3, 1, 2), row(4, 2, 2)]) == ["[1][2]", "[1][2]"]
    assert texts([row(1, 1, 2), row(2, 1, 2), row(3, 2, 2)]) == ["[1][2]", "[1]…"]


def test_parts_of_other_numbers_senders_and_references_are_kept_apart() -> None:
    rows = [row(1, 1, 2), row(2, 2, 2, ref=9), row(3, 2, 2, destination="92"), row(4, 2, 2, source="OTHER")]
    assert len(reassemble(rows)) == 4


def test_a_message_is_as_bad_as_its_worst_part() -> None:
    (message,) = reassemble([row(1, 1, 2, state=5), row(2, 2, 2)])
    assert message.state == 5


def test_a_long_text_arrives_whole_by_both_kinds_of_reference(smsc: FarEnd, esme: Esme) -> None:
    parts = ["x" * 66 + "😀"[:1], "नमस्ते", "end"]
    for number, text in enumerate(parts, start=1):
        octets = text.encode("utf-16-be")
        esme.submitted("919833330100", bytes((5, 0, 3, 7, 3, number)) + octets[:134], esm_class=0x40, data_coding=8)
        esme.submitted("919833330101", bytes((6, 8, 4, 1, 7, 3, number)) + b"part", esm_class=0x40)
    (message,) = smsc.get("/messages.json", to="+919833330100")
    assert message["text"] == "x" * 66 + "\ufffd" + "नमस्तेend"
    assert (message["part_count"], message["is_whole"], len(message["message_ids"])) == (3, True, 3)
    assert smsc.get("/messages.json", to="919833330101")[0]["text"] == "partpartpart"


def test_a_submit_is_written_down_as_it_came(smsc: FarEnd, esme: Esme) -> None:
    answer = esme.submitted("+919833330102", b"caf\x05", registered=1, tlvs=tlv(0x1400, b"1101") + tlv(0x1401, b"1107"))
    esme.receipt()
    (kept,) = smsc.get("/submits.json", to="919833330102")
    assert kept["message_id"] == answer.message_id
    assert (kept["source"], kept["destination"], kept["text"]) == ("HDRXYZ", "+919833330102", "café")
    assert (kept["octets"], kept["udh"], kept["data_coding"], kept["registered_delivery"]) == ("63616605", "", 0, 1)
    assert kept["tlvs"] == [{"tag": "0x1400", "value": "31313031"}, {"tag": "0x1401", "value": "31313037"}]
    assert smsc.get("/submits.json", to="919833330102", after=str(kept["id"])) == []


def test_the_phone_page_shows_texts_as_texts(smsc: FarEnd, esme: Esme) -> None:
    esme.submitted("919833330103", b"<script>alert(1)</script>")
    esme.submitted("919833330002", b"lost")
    answer = smsc.http.get("/")
    page = BeautifulSoup(answer.text, "html.parser")
    assert "script-src" not in answer.headers["content-security-policy"]
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert page.find("script") is None
    cards = [card.get_text(" ", strip=True) for card in page.select("li.card")]
    assert any("919833330103" in card and "<script>" in card and "Delivered" in card for card in cards)
    assert any("919833330002" in card and "Undelivered" in card for card in cards)
    only = BeautifulSoup(smsc.http.get("/", params={"to": "919833330002"}).text, "html.parser")
    assert {link.get_text() for link in only.select("li.card h2")} == {"919833330002"}


def test_the_page_stops_updating_when_paused(smsc: FarEnd) -> None:
    assert 'http-equiv="refresh"' in smsc.http.get("/").text
    assert 'http-equiv="refresh"' not in smsc.http.get("/", params={"refresh": "off"}).text


def test_another_host_name_is_not_answered(smsc: FarEnd) -> None:
    assert smsc.http.get("/messages.json", headers={"Host": "rebound.example"}).status_code == 400


@pytest.mark.parametrize("query", ["limit=x", "after=-1", "limit=", "after=9999999999999999999999"])
def test_a_bad_number_in_a_query_is_refused(smsc: FarEnd, query: str) -> None:
    assert smsc.http.get(f"/submits.json?{query}").status_code == 400


def test_refuse_status_refuses_everything(healed: FarEnd, esme: Esme) -> None:
    healed.http.post("/faults", json={"refuse_status": 0x45})
    assert esme.submitted("919833330104").status == 0x45


def test_throttling_answers_throttled(healed: FarEnd, esme: Esme) -> None:
    healed.http.post("/faults", json={"throttle_percent": 100})
    assert esme.submitted("919833330105").status == 0x58


def test_a_dropped_answer_belongs_to_a_message_that_was_taken_and_reported(healed: FarEnd, esme: Esme) -> None:
    healed.http.post("/faults", json={"drop_answers_percent": 100})
    esme.submit("919833330106", registered=1)
    esme.receipt()
    assert healed.get("/submits.json", to="919833330106")[0]["is_answered"] is False


def test_dropped_receipts_never_come(healed: FarEnd, esme: Esme) -> None:
    healed.http.post("/faults", json={"drop_receipts_percent": 100})
    answer = esme.submitted("919833330107", registered=1)
    assert healed.get("/receipts.json", message_id=answer.message_id) == []


def test_a_delayed_answer_comes_after_what_was_asked_later(healed: FarEnd, esme: Esme) -> None:
    healed.http.post("/faults", json={"delay_ms": 200})
    body = submit_body("919833330108")
    esme.socket.sendall(HEADER.pack(16 + len(body), 4, 0, 71) + body + HEADER.pack(16, 0x15, 0, 72))
    assert [esme.expect(0x8000_0015).sequence, esme.expect(0x8000_0004).sequence] == [72, 71]


def test_silence_answers_nothing_and_takes_nothing_until_healed(healed: FarEnd, esme: Esme) -> None:
    healed.http.post("/faults", json={"is_silent": True})
    esme.submit("919833330109")
    esme.send(0x15)
    esme.socket.settimeout(0.2)
    with pytest.raises(TimeoutError):
        esme.socket.recv(1)
    esme.socket.settimeout(20)
    assert "is_silent = True" in healed.http.get("/").text
    healed.http.post("/faults", json={})
    with Esme(healed.port) as other:
        other.bind()
        assert other.submitted("919833330110").status == 0
    assert healed.get("/submits.json", to="919833330109") == []


@pytest.mark.parametrize(
    "wanted",
    [
        [],
        {"no_such": 1},
        {"delay_ms": -1},
        {"delay_ms": 1.5},
        {"delay_ms": True},
        {"throttle_percent": 101},
        {"is_silent": 1},
    ],
)
def test_switches_that_do_not_exist_are_refused_and_nothing_changes(smsc: FarEnd, wanted: object) -> None:
    answer = smsc.http.post("/faults", json=wanted)
    assert (answer.status_code, smsc.get("/faults")) == (422, Faults().to_json())
    with pytest.raises(FaultsRefused):
        Faults.from_json(wanted)


def test_switches_need_json(smsc: FarEnd) -> None:
    assert smsc.http.post("/faults", content="{}", headers={"Content-Type": "text/plain"}).status_code == 415
    json_type = {"Content-Type": "application/json"}
    assert smsc.http.post("/faults", content="{", headers=json_type).status_code == 400
    assert smsc.http.post("/faults", content=" " * 10_001 + "{}", headers=json_type).status_code == 413
