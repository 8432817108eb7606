"""Long messages from phones, part by part."""

import pytest

from khata.carriers.drivers.smpp import joining
from khata.carriers.port import CarrierNews

from .fake_smsc import ANSWER, DELIVER, Bound, FakeSmsc, Inbox, delivery_body, eventually

pytestmark = pytest.mark.anyio

DELIVER_ANSWER = ANSWER | DELIVER


def part(number: int, text: bytes, *, count: int = 3, ref: int = 0x34, data_coding: int = 0) -> bytes:
    header = bytes((5, 0, 3, ref, count, number))
    return delivery_body(header + text, esm_class=0x40, data_coding=data_coding)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "ANSWER_AFTER_S", 3_600.0)


class FailingOnce(Inbox):
    has_failed = False

    async def store(self, news: CarrierNews) -> None:
        if not self.has_failed:
            self.has_failed = True
            raise OSError("the database is away")
        await super().store(news)


@pytest.mark.usefixtures("patient")
async def test_parts_in_any_order_become_one_message_and_none_is_acknowledged_before_it_is_stored() -> None:
    inbox = Inbox()
    async with FakeSmsc() as smsc, Bound(smsc, inbox):
        await smsc.links[0].send(DELIVER, 1, 0, part(3, b"three"))
        await smsc.links[0].send(DELIVER, 2, 0, part(1, b"one "))
        await smsc.round_trip()
        assert [answer for answer in smsc.answers if answer[0] == DELIVER_ANSWER] == []
        await smsc.links[0].send(DELIVER, 3, 0, part(2, b"two "))
        await eventually(lambda: len([answer for answer in smsc.answers if answer[0] == DELIVER_ANSWER]) == 3)
    [message] = inbox.messages
    assert (message.sender, message.recipient, message.text) == ("+919812345678", "HDRXYZ", "one two three")


@pytest.mark.usefixtures("patient")
async def test_messages_of_other_references_are_kept_apart() -> None:
    inbox = Inbox()
    async with FakeSmsc() as smsc, Bound(smsc, inbox):
        for sequence, body in enumerate(
            (part(1, b"a1 ", count=2, ref=1), part(1, b"b1 ", count=2, ref=2), part(2, b"b2", count=2, ref=2)), start=1
        ):
            await smsc.links[0].send(DELIVER, sequence, 0, body)
        await eventually(lambda: len(inbox.messages) == 1)
        await smsc.links[0].send(DELIVER, 4, 0, part(2, b"a2", count=2, ref=1))
        await eventually(lambda: len(inbox.messages) == 2)
    assert [message.text for message in inbox.messages] == ["b1 b2", "a1 a2"]


@pytest.mark.usefixtures("patient")
async def test_parts_may_come_by_different_binds() -> None:
    inbox = Inbox()
    async with FakeSmsc() as smsc, Bound(smsc, inbox, binds=2) as carrier:
        await eventually(lambda: carrier.health().detail == "bound")
        for number, link in enumerate(smsc.links, start=1):
            await link.send(DELIVER, 7, 0, part(number, b"%d" % number, count=2))
        await eventually(lambda: len(inbox.messages) == 1)
    assert inbox.messages[0].text == "12"


@pytest.mark.usefixtures("patient")
async def test_halves_of_a_character_in_two_parts_are_one_character() -> None:
    inbox, smile = Inbox(), "😀".encode("utf-16-be")
    async with FakeSmsc() as smsc, Bound(smsc, inbox):
        await smsc.links[0].send(DELIVER, 1, 0, part(1, smile[:2], count=2, data_coding=8))
        await smsc.links[0].send(DELIVER, 2, 0, part(2, smile[2:], count=2, data_coding=8))
        await eventually(lambda: len(inbox.messages) == 1)
    assert inbox.messages[0].text == "😀"


async def test_a_far_end_that_waits_for_its_answer_gets_it_and_the_message_is_joined(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(joining, "ANSWER_AFTER_S", 0.01)
    inbox = Inbox()
    async with FakeSmsc() as smsc, Bound(smsc, inbox):
        for number in (1, 2, 3):
            await smsc.links[0].send(DELIVER, number, 0, part(number, b"%d" % number))
            await has_answered(smsc, number)
        await eventually(lambda: len(inbox.messages) == 1)
    assert inbox.messages[0].text == "123"


async def test_parts_whose_others_never_come_are_stored_with_gaps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "GIVE_UP_AFTER_S", 0.05)
    inbox = Inbox()
    async with FakeSmsc() as smsc, Bound(smsc, inbox):
        await smsc.links[0].send(DELIVER, 1, 0, part(2, b"two"))
        await has_answered(smsc, 1)
    assert [message.text for message in inbox.messages] == ["…two…"]


async def test_closing_stores_what_was_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "ANSWER_AFTER_S", 0.01)
    inbox = Inbox()
    async with FakeSmsc() as smsc, Bound(smsc, inbox):
        await smsc.links[0].send(DELIVER, 1, 0, part(1, b"one"))
        await has_answered(smsc, 1)
        assert inbox.messages == []
    assert [message.text for message in inbox.messages] == ["one……"]


@pytest.mark.usefixtures("patient")
async def test_a_message_that_could_not_be_stored_is_asked_for_again_and_nothing_of_it_is_lost() -> None:
    inbox = FailingOnce()
    async with FakeSmsc() as smsc, Bound(smsc, inbox):
        await smsc.links[0].send(DELIVER, 1, 0, part(1, b"1", count=2))
        await smsc.links[0].send(DELIVER, 2, 0, part(2, b"2", count=2))
        await eventually(lambda: {(DELIVER_ANSWER, 0x64, 1), (DELIVER_ANSWER, 0x64, 2)} <= set(smsc.answers))
        await smsc.links[0].send(DELIVER, 3, 0, part(2, b"2", count=2))
        await has_answered(smsc, 3)
    assert [message.text for message in inbox.messages] == ["12"]


@pytest.mark.usefixtures("patient")
async def test_more_unfinished_messages_than_are_kept_are_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "GATHERED_MAX", 1)
    async with FakeSmsc() as smsc, Bound(smsc, Inbox()):
        await smsc.links[0].send(DELIVER, 1, 0, part(1, b"1", ref=1))
        await smsc.links[0].send(DELIVER, 2, 0, part(1, b"1", ref=2))
        await eventually(lambda: (DELIVER_ANSWER, 0x64, 2) in smsc.answers)
        assert (DELIVER_ANSWER, 0, 1) not in smsc.answers
        # Left open, the part would keep the closing waiting for its answer.
        for sequence, number in ((3, 2), (4, 3)):
            await smsc.links[0].send(DELIVER, sequence, 0, part(number, b"", ref=1))
        await has_answered(smsc, 4)


async def has_answered(smsc: FakeSmsc, sequence: int) -> None:
    await eventually(lambda: (DELIVER_ANSWER, 0, sequence) in smsc.answers)
