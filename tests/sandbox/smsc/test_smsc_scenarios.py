"""Each number that misbehaves on purpose, and what the journal says about it."""

import re
from pathlib import Path

import pytest

from khata_sandbox.smsc.scenarios import SCENARIOS

from ..far_end import FarEnd, wait_until
from .esme import Esme, tlv_of

DELIVERED, EXPIRED, UNDELIVERABLE = b"\x02", b"\x03", b"\x05"


def settled(smsc: FarEnd, message_id: str) -> list[str]:
    """The states reported about a message, once every receipt was confirmed."""

    def all_confirmed() -> list[str] | None:
        receipts = smsc.get("/receipts.json", message_id=message_id)
        return [each["state"] for each in receipts] if all(each["answered_at"] for each in receipts) else None

    return wait_until(all_confirmed, "the receipts to be confirmed")


def test_any_other_number_is_delivered(smsc: FarEnd, esme: Esme) -> None:
    answer = esme.submitted("919811111234", registered=1)
    receipt = esme.receipt()
    assert tlv_of(receipt, 0x001E).rstrip(b"\0").decode() == answer.message_id
    assert tlv_of(receipt, 0x0427) == DELIVERED
    assert settled(smsc, answer.message_id) == ["DELIVRD"]


def test_0001_is_refused_as_a_bad_address(smsc: FarEnd, esme: Esme) -> None:
    answer = esme.submitted("919811110001", registered=1)
    assert (answer.status, answer.body) == (0x0B, b"")
    (row,) = smsc.get("/submits.json", to="919811110001")
    assert (row["status"], row["message_id"]) == ("ESME_RINVDSTADR", None)
    assert smsc.get("/messages.json", to="919811110001") == []


def test_0002_is_reported_undelivered(esme: Esme) -> None:
    esme.submitted("919811110002", registered=1)
    receipt = esme.receipt()
    assert tlv_of(receipt, 0x0427) == UNDELIVERABLE
    assert b" dlvrd:000 " in receipt
    assert b" stat:UNDELIV err:001 " in receipt


def test_0003_is_delivered_without_a_receipt(smsc: FarEnd, esme: Esme) -> None:
    answer = esme.submitted("919811110003", registered=1)
    assert smsc.get("/receipts.json", message_id=answer.message_id) == []
    assert smsc.get("/messages.json", to="919811110003")[0]["state"] == "DELIVRD"


def test_0004_is_taken_but_never_answered(smsc: FarEnd, esme: Esme) -> None:
    esme.submit("919811110004", registered=1)
    next_sequence = esme.submit("919811110104")
    assert esme.expect(0x8000_0004).sequence == next_sequence
    (row,) = smsc.get("/submits.json", to="919811110004")
    assert (row["status"], row["is_answered"]) == ("ESME_ROK", False)


def test_0005_is_throttled_three_times_for_each_message(esme: Esme) -> None:
    for text in (b"first", b"second", b"first"):
        statuses = [esme.submitted("919811110005", text).status for _ in range(4)]
        assert statuses == [0x58, 0x58, 0x58, 0]


def test_0006_is_reported_before_it_is_answered(esme: Esme) -> None:
    esme.submit("919811110006", registered=1)
    receipt = esme.receipt()
    answer = esme.expect(0x8000_0004)
    assert tlv_of(receipt, 0x001E).rstrip(b"\0").decode() == answer.message_id


def test_0007_is_reported_twice_and_the_second_contradicts(smsc: FarEnd, esme: Esme) -> None:
    answer = esme.submitted("919811110007", registered=1)
    assert [tlv_of(esme.receipt(), 0x0427) for _ in range(2)] == [DELIVERED, UNDELIVERABLE]
    assert settled(smsc, answer.message_id) == ["DELIVRD", "UNDELIV"]


def test_0008_is_reported_expired(esme: Esme) -> None:
    esme.submitted("919811110008", registered=1)
    receipt = esme.receipt()
    assert tlv_of(receipt, 0x0427) == EXPIRED
    assert b" stat:EXPIRED err:002 " in receipt


@pytest.mark.parametrize("page", ["docs/sandbox/smsc.md", "docs/guide/sandbox.md"])
def test_the_documentation_names_every_number_that_misbehaves(page: str) -> None:
    text = (Path(__file__).parents[3] / page).read_text()
    assert re.findall(r"^\| (\d{4}) \|", text, re.MULTILINE) == list(SCENARIOS)
