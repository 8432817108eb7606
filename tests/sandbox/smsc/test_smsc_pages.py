"""The pages: phones put together again, what messages were made of, what phones send back; the journal as JSON."""

from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag

from khata_sandbox.smsc.phone import reassemble

from ..far_end import FarEnd
from .esme import Esme, tlv


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


def page(smsc: FarEnd, path: str) -> BeautifulSoup:
    answer = smsc.http.get(path)
    assert answer.status_code == 200, answer.text
    return BeautifulSoup(answer.text, "html.parser")


def fields(form: Tag) -> dict[str, str]:
    return {str(field["name"]): str(field["value"]) for field in form.select("input[type=hidden]")}


def test_a_message_is_shown_segment_by_segment_with_its_parameters_and_receipts(smsc: FarEnd, esme: Esme) -> None:
    dlt = tlv(0x1400, b"1101172974420810001") + tlv(0x2199, b"\x01\xff")
    for number in (1, 2):
        header = bytes((5, 0, 3, 9, 2, number))
        esme.submitted("919833330111", header + b"part", esm_class=0x40, registered=1, tlvs=dlt)
        esme.receipt()
    (link,) = page(smsc, "/?to=919833330111").select('a[href^="/messages/"]')
    shown = page(smsc, str(link["href"]))
    headings = [heading.get_text() for heading in shown.select("h2")]
    assert headings == ["Segment 1 of 2", "Segment 2 of 2"]
    words = shown.get_text(" ", strip=True)
    for expected in ("GSM 7-bit, 4 octets", "05 00 03 09 02 01", "0x1400", "entity id", "1101172974420810001", "01 ff"):
        assert expected in words
    assert "DELIVRD err:000" in words


@pytest.mark.parametrize("path", ["/messages/999999999", "/answer?message=x", "/answer?message=999999999"])
def test_a_message_that_never_was_has_no_page(smsc: FarEnd, path: str) -> None:
    assert smsc.http.get(path).status_code == 404


def test_a_phone_answers_with_one_press(smsc: FarEnd, esme: Esme) -> None:
    esme.submitted("919833330112", b"hello")
    (link,) = page(smsc, "/?to=919833330112").select('a[href^="/answer"]')
    form = page(smsc, str(link["href"])).select_one("form.row")
    assert form
    answer = smsc.http.post("/answer", data=fields(form) | {"text": "STOP"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/?to=919833330112")
    body = esme.receipt()
    assert body.startswith(b"\0\1\1919833330112\0\5\0HDRXYZ\0\0")
    assert body.endswith(b"\x04STOP")
    assert "STOP" in page(smsc, "/?to=919833330112").get_text()


def test_a_form_of_some_other_page_is_refused(smsc: FarEnd) -> None:
    given = {"from": "91", "to": "HDRXYZ", "text": "STOP", "system_id": "sandbox", "form_token": "guessed"}
    for path in ("/answer", "/faults/on", "/faults/off"):
        assert smsc.http.post(path, data=given).status_code == 403


def test_an_empty_answer_is_refused(smsc: FarEnd, esme: Esme) -> None:
    esme.submitted("919833330113", b"hello")
    (link,) = page(smsc, "/?to=919833330113").select('a[href^="/answer"]')
    form = page(smsc, str(link["href"])).select_one("form.stack")
    assert form
    assert smsc.http.post("/answer", data=fields(form) | {"text": ""}).status_code == 422
