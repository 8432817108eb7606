"""Each fault on the wire, switched on through the door for programs or on the page."""

import socket
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

from khata_sandbox.smsc.faults import FAULTS

from ..far_end import FarEnd, wait_until
from .esme import HEADER, TRANSCEIVER, Esme, submit_body, tlv_of

SUBMIT_RESP, ENQUIRE_LINK, ENQUIRE_LINK_RESP = 0x8000_0004, 0x15, 0x8000_0015


def journalled(smsc: FarEnd, to: str) -> list[dict[str, Any]]:
    return list(smsc.get("/submits.json", to=to))


def test_a_refusal_has_the_status_that_was_switched_on(healed: FarEnd, esme: Esme) -> None:
    healed.switch_on("submit_refused", value=0x45)
    assert esme.submitted("919855550100").status == 0x45


@pytest.mark.parametrize(("fault", "status"), [("throttled", 0x58), ("queue_full", 0x14)])
def test_what_is_refused_for_now_is_taken_later(healed: FarEnd, esme: Esme, fault: str, status: int) -> None:
    healed.switch_on(fault, count=1)
    assert [esme.submitted("919855550101").status for _ in range(2)] == [status, 0]


def test_a_switch_for_one_number_leaves_all_others_alone(healed: FarEnd, esme: Esme) -> None:
    healed.switch_on("throttled", target="+919855550102")
    assert [esme.submitted(to).status for to in ("919855550102", "919855550103")] == [0x58, 0]


def test_a_lost_answer_belongs_to_a_message_that_was_taken_and_reported(healed: FarEnd, esme: Esme) -> None:
    healed.switch_on("answer_lost")
    esme.submit("919855550104", registered=1)
    esme.receipt()
    (row,) = journalled(healed, "919855550104")
    assert (row["is_answered"], row["faults"]) == (False, ["answer_lost"])


def test_a_late_answer_comes_after_what_was_asked_later(healed: FarEnd, esme: Esme) -> None:
    healed.switch_on("answer_late", value=200)
    body = submit_body("919855550105")
    esme.socket.sendall(HEADER.pack(16 + len(body), 4, 0, 71) + body + HEADER.pack(16, ENQUIRE_LINK, 0, 72))
    assert [esme.expect(ENQUIRE_LINK_RESP).sequence, esme.expect(SUBMIT_RESP).sequence] == [72, 71]


def test_silence_lasts_until_the_connection_ends_and_takes_nothing(healed: FarEnd, esme: Esme) -> None:
    healed.switch_on("silent", target="919855550106", count=1)
    esme.submit("919855550106")
    esme.submit("919855550107")
    esme.send(ENQUIRE_LINK)
    with Esme(healed.port) as other:
        other.bind()
        assert other.submitted("919855550108").status == 0
    esme.socket.setblocking(False)
    with pytest.raises(BlockingIOError):
        esme.socket.recv(1)
    assert journalled(healed, "919855550106") == journalled(healed, "919855550107") == []


def test_hanging_up_takes_nothing(healed: FarEnd, esme: Esme) -> None:
    healed.switch_on("submit_cut", count=1)
    esme.submit("919855550109")
    assert esme.read() is None
    assert journalled(healed, "919855550109") == []


def test_hanging_up_in_an_answer_leaves_half_of_it_of_a_message_that_was_taken(healed: FarEnd, esme: Esme) -> None:
    healed.switch_on("answer_cut", count=1)
    esme.submit("919855550110")
    octets = esme.stream.read()
    length = HEADER.unpack(octets[:16])[0]
    assert len(octets) == length // 2
    (row,) = journalled(healed, "919855550110")
    assert (row["status"], row["is_answered"]) == ("ESME_ROK", False)


def test_a_trickled_answer_is_whole_and_keeps_what_follows_behind_it(healed: FarEnd, esme: Esme) -> None:
    healed.switch_on("answer_trickled", count=1)
    esme.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    body = submit_body("919855550111")
    esme.socket.sendall(HEADER.pack(16 + len(body), 4, 0, 81) + body + HEADER.pack(16, ENQUIRE_LINK, 0, 82))
    assert len(esme.socket.recv(1_000, socket.MSG_PEEK)) < 33
    assert [esme.expect(SUBMIT_RESP).sequence, esme.expect(ENQUIRE_LINK_RESP).sequence] == [81, 82]


def test_a_refused_bind_ends_the_connection(healed: FarEnd) -> None:
    healed.switch_on("bind_refused", target="sandbox", count=1)
    with Esme(healed.port) as esme:
        assert esme.bind(TRANSCEIVER).status == 0x0D
        assert esme.read() is None


def test_a_bind_may_meet_silence(healed: FarEnd) -> None:
    healed.switch_on("silent", count=1)
    with Esme(healed.port) as deaf, Esme(healed.port) as other:
        deaf.send(TRANSCEIVER, b"sandbox\0sandbox\0\0\x34\0\0\0")
        wait_until(lambda: healed.get("/faults.json")["switches"][0]["left"] == 0, "the bind to be swallowed")
        assert other.bind().status == 0


def test_an_ignored_enquire_link_is_no_silence(healed: FarEnd, esme: Esme) -> None:
    healed.switch_on("enquire_link_ignored", count=1)
    for _ in range(2):
        sequence = esme.send(ENQUIRE_LINK)
    assert esme.expect(ENQUIRE_LINK_RESP).sequence == sequence
    assert esme.submitted("919855550112").status == 0


def test_a_refused_query_says_nothing_of_a_message_that_exists(healed: FarEnd, esme: Esme) -> None:
    answer = esme.submitted("919855550113")
    healed.switch_on("query_refused", count=1)
    for status in (0x67, 0):
        esme.send(3, answer.body + b"\0\0\0")
        assert esme.expect(0x8000_0003).status == status


def test_an_early_receipt_comes_before_its_answer(healed: FarEnd, esme: Esme) -> None:
    healed.switch_on("receipt_early")
    esme.submit("919855550114", registered=1)
    receipt = esme.receipt()
    assert tlv_of(receipt, 0x001E) == esme.expect(SUBMIT_RESP).body


def test_a_lost_receipt_never_comes(healed: FarEnd, esme: Esme) -> None:
    healed.switch_on("receipt_lost")
    answer = esme.submitted("919855550115", registered=1)
    assert healed.get("/receipts.json", message_id=answer.message_id) == []


def test_a_late_receipt_is_due_that_much_later(healed: FarEnd, esme: Esme) -> None:
    healed.switch_on("receipt_late", value=300, count=1)
    esme.submitted("919855550116", registered=1)
    prompt = esme.submitted("919855550117", registered=1)
    assert tlv_of(esme.receipt(), 0x001E) == prompt.body
    esme.receipt()


@pytest.mark.parametrize(
    ("fault", "words"), [("rejected", b" stat:REJECTD err:633 "), ("undeliverable", b" stat:UNDELIV err:615 ")]
)
def test_a_lost_message_is_reported_with_its_code(healed: FarEnd, esme: Esme, fault: str, words: bytes) -> None:
    healed.switch_on(fault, value=int(words[-4:]))
    esme.submitted("919855550118", registered=1)
    assert words in esme.receipt()


def test_an_answer_in_decimal_is_reported_in_hexadecimal(healed: FarEnd, esme: Esme) -> None:
    healed.switch_on("id_hex")
    answer = esme.submitted("919855550119", registered=1)
    told = tlv_of(esme.receipt(), 0x001E).rstrip(b"\0")
    assert int(told, 16) == int(answer.message_id)
    (row,) = healed.get("/receipts.json", message_id=answer.message_id)
    assert row["told_id"] == told.decode()


def test_a_receipt_keeps_its_form_and_code_when_the_message_centre_is_killed(own_smsc: FarEnd) -> None:
    own_smsc.switch_on("id_padded")
    own_smsc.switch_on("expired", value=620)
    with Esme(own_smsc.port) as sender:
        sender.bind(2)
        answer = sender.submitted("919855550120", registered=1)
    assert own_smsc.get("/receipts.json", message_id=answer.message_id)
    own_smsc.stop(9)
    own_smsc.start()
    with Esme(own_smsc.port) as returned:
        returned.bind()
        receipt = returned.receipt()
    assert f"id:0000{answer.message_id} ".encode() in receipt
    assert b" stat:EXPIRED err:620 " in receipt


def test_the_page_switches_on_and_off(healed: FarEnd) -> None:
    shown = BeautifulSoup(healed.http.get("/faults").text, "html.parser")
    form = shown.select_one("form:has(input[value=submit_refused])")
    assert form
    given = {str(field["name"]): str(field.get("value", "")) for field in form.select("input")}
    answer = healed.http.post("/faults/on", data=given | {"value": "0x14", "target": "919855550121", "count": "3"})
    assert answer.status_code == 303
    (switch,) = healed.get("/faults.json")["switches"]
    assert (switch["fault"], switch["target"], switch["left"], switch["value"]) == (
        "submit_refused",
        "919855550121",
        3,
        0x14,
    )
    assert "switches are on" in healed.http.get("/").text
    assert healed.http.post("/faults/on", data=given | {"percent": "200"}).status_code == 422
    token = {"form_token": given["form_token"]}
    assert healed.http.post("/faults/off", data=token).status_code == 303
    assert healed.get("/faults.json")["switches"] == []


def test_the_page_shows_who_is_bound(smsc: FarEnd, esme: Esme) -> None:
    address = "{}:{}".format(*esme.socket.getsockname())
    rows = BeautifulSoup(smsc.http.get("/faults").text, "html.parser").select("#bound tbody tr")
    assert any(address in row.get_text() and "transceiver" in row.get_text() for row in rows)


def test_the_door_lists_every_fault_and_takes_a_seed(healed: FarEnd) -> None:
    listed = healed.get("/faults.json")["faults"]
    assert [fault["name"] for fault in listed] == [fault.name for fault in FAULTS]
    assert {"name", "place", "label", "effect", "unit", "value", "maximum"} <= listed[0].keys()
    assert healed.http.post("/seed.json", json={"seed": 7}).json() == {"seed": 7, "switches": []}
    assert healed.http.post("/seed.json", json={}).status_code == 422


def test_the_documentation_names_every_fault() -> None:
    page = (Path(__file__).parents[3] / "docs/sandbox/smsc.md").read_text()
    assert [fault.name for fault in FAULTS if f"`{fault.name}`" not in page] == []


@pytest.mark.parametrize("wanted", [[], {"fault": "no_such"}, {"fault": "silent", "percent": 101}])
def test_a_switch_that_does_not_exist_is_refused_and_nothing_changes(smsc: FarEnd, wanted: object) -> None:
    assert smsc.http.post("/faults.json", json=wanted).status_code == 422
    assert smsc.http.delete("/faults.json", params={"fault": "no_such"}).status_code == 422
    assert smsc.get("/faults.json")["switches"] == []


def test_the_door_needs_json(smsc: FarEnd) -> None:
    assert smsc.http.post("/faults.json", content="{}", headers={"Content-Type": "text/plain"}).status_code == 415
    json_type = {"Content-Type": "application/json"}
    assert smsc.http.post("/faults.json", content="{", headers=json_type).status_code == 400
    assert smsc.http.post("/faults.json", content=" " * 10_001 + "{}", headers=json_type).status_code == 413
