"""Submissions against a scripted far end: one row for every way an answer can come, or not."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest

from khata.carriers.drivers.smpp import SmppCarrier
from khata.carriers.port import Accepted, Answer, Refused, Unavailable, Unknown

from .fake_smsc import (
    ANSWER,
    SUBMIT,
    Bound,
    FakeSmsc,
    Inbox,
    Link,
    accept,
    eventually,
    settings_for,
    stay_silent,
    submission,
)

pytestmark = pytest.mark.anyio


def answering(status: int, body: bytes = b"", command: int = ANSWER | SUBMIT) -> Callable[..., Awaitable[None]]:
    async def answer(link: Link, sequence: int, _body: bytes) -> None:
        await link.send(command, sequence, status, body)

    return answer


@pytest.mark.parametrize(
    ("status", "body", "answer"),
    [
        (0, b"00aB\0", Accepted("00aB")),
        (0x0B, b"", Refused("0x0000000B", "ESME_RINVDSTADR")),
        (0x58, b"", Unavailable("ESME_RTHROTTLED", is_throttled=True)),
        (0x14, b"", Unavailable("ESME_RMSGQFUL", is_throttled=True)),
    ],
)
async def test_the_smscs_answer_is_told_in_our_words(status: int, body: bytes, answer: Answer) -> None:
    async with FakeSmsc(on_submit=answering(status, body)) as smsc, Bound(smsc) as carrier:
        assert await carrier.submit(submission()) == answer


async def test_a_nacked_submission_is_refused() -> None:
    async with FakeSmsc(on_submit=answering(0x02, command=0x80000000)) as smsc, Bound(smsc) as carrier:
        assert await carrier.submit(submission()) == Refused("0x00000002", "ESME_RINVCMDLEN")


async def test_the_bind_names_us() -> None:
    async with FakeSmsc() as smsc, Bound(smsc, system_type="VMA"):
        assert smsc.bind_bodies == [b"asha\0s3cret\0VMA\0\x34\0\0\0"]


async def test_answers_in_single_octets_are_understood() -> None:
    async with FakeSmsc(chunk_size=1) as smsc, Bound(smsc) as carrier:
        answers = await asyncio.gather(*(carrier.submit(submission()) for _ in range(20)))
    assert {type(answer) for answer in answers} == {Accepted}
    assert len(set(answers)) == 20


async def test_answers_out_of_order_reach_their_own_submission() -> None:
    waiting: list[tuple[int, bytes]] = []

    async def answer_in_reverse(link: Link, sequence: int, body: bytes) -> None:
        waiting.append((sequence, body[-1:]))
        if len(waiting) == 3:
            for each, mark in reversed(waiting):
                await link.send(ANSWER | SUBMIT, each, 0, mark + b"\0")

    async with FakeSmsc(on_submit=answer_in_reverse) as smsc, Bound(smsc) as carrier:
        answers = await asyncio.gather(*(carrier.submit(submission(text=text)) for text in "abc"))
    assert answers == [Accepted("a"), Accepted("b"), Accepted("c")]


async def test_silence_is_unknown_and_a_late_answer_is_dropped(caplog: pytest.LogCaptureFixture) -> None:
    sequences: list[int] = []

    async def remember(_link: Link, sequence: int, _body: bytes) -> None:
        sequences.append(sequence)

    async with FakeSmsc(on_submit=remember) as smsc, Bound(smsc, response_timeout_s=0.05) as carrier:
        assert isinstance(await carrier.submit(submission()), Unknown)
        with caplog.at_level(logging.WARNING):
            await accept(smsc.links[0], sequences[0], b"")
            await eventually(lambda: "too late" in caplog.text)
        smsc.on_submit = accept
        assert isinstance(await carrier.submit(submission()), Accepted)
        assert len(smsc.links) == 1


async def test_a_connection_lost_after_sending_is_unknown_and_comes_back() -> None:
    async def hang_up(link: Link, _sequence: int, _body: bytes) -> None:
        link.drop()

    async with FakeSmsc(on_submit=hang_up) as smsc, Bound(smsc) as carrier:
        assert isinstance(await carrier.submit(submission()), Unknown)
        smsc.on_submit = accept
        await eventually(lambda: len(smsc.bind_bodies) == 2 and carrier.health().is_bound)
        assert isinstance(await carrier.submit(submission()), Accepted)
        assert len(smsc.submit_bodies) == 2


@pytest.mark.parametrize("length", [0, 15, 65_537, 2**31])
async def test_a_pdu_of_impossible_length_ends_the_connection(length: int) -> None:
    async def send_nonsense(link: Link, _sequence: int, _body: bytes) -> None:
        await link.send_bytes(length.to_bytes(4) + bytes(12))

    async with FakeSmsc(on_submit=send_nonsense) as smsc, Bound(smsc) as carrier:
        answer = await carrier.submit(submission())
        assert isinstance(answer, Unknown)
        assert str(length) in answer.detail
        await eventually(lambda: len(smsc.bind_bodies) == 2)


async def test_every_outstanding_submission_ends_unknown_when_the_connection_goes() -> None:
    async with FakeSmsc(on_submit=stay_silent) as smsc, Bound(smsc) as carrier:
        under_way = [asyncio.create_task(carrier.submit(submission())) for _ in range(5)]
        await eventually(lambda: len(smsc.submit_bodies) == 5)
        assert carrier.health().outstanding_count == 5
        smsc.links[0].drop()
        assert {type(answer) for answer in await asyncio.gather(*under_way)} == {Unknown}
        assert carrier.health().outstanding_count == 0


async def test_a_carrier_that_was_never_started_is_unavailable() -> None:
    assert isinstance(await SmppCarrier(settings_for(1)).submit(submission()), Unavailable)


async def test_a_far_end_that_is_away_is_unavailable_and_bound_when_it_comes() -> None:
    async with FakeSmsc() as smsc:
        port = smsc.port
    carrier = SmppCarrier(settings_for(port))
    await carrier.start(Inbox().store)
    await eventually(lambda: "cannot bind" in carrier.health().detail)
    assert isinstance(await carrier.submit(submission()), Unavailable)
    async with FakeSmsc(port=port):
        await eventually(lambda: carrier.health().is_bound)
        assert isinstance(await carrier.submit(submission()), Accepted)
        await carrier.close()


async def test_a_closed_carrier_is_unavailable() -> None:
    async with FakeSmsc() as smsc:
        async with Bound(smsc) as carrier:
            pass
        assert isinstance(await carrier.submit(submission()), Unavailable)
        assert carrier.health().detail == "closed"
        assert smsc.submit_bodies == []


async def test_closing_waits_for_answers_under_way_takes_nothing_new_and_unbinds() -> None:
    sequences: list[int] = []

    async def remember(_link: Link, sequence: int, _body: bytes) -> None:
        sequences.append(sequence)

    async with FakeSmsc(on_submit=remember) as smsc, Bound(smsc) as carrier:
        under_way = asyncio.create_task(carrier.submit(submission()))
        await eventually(lambda: len(sequences) == 1)
        closing = asyncio.create_task(carrier.close())
        await smsc.round_trip()
        assert smsc.unbind_count == 0
        assert isinstance(await carrier.submit(submission()), Unavailable)
        await accept(smsc.links[0], sequences[0], b"")
        assert isinstance(await under_way, Accepted)
        await closing
        assert smsc.unbind_count == 1
        assert not carrier.health().is_bound


async def test_no_more_than_the_window_is_outstanding() -> None:
    sequences: list[int] = []

    async def remember(_link: Link, sequence: int, _body: bytes) -> None:
        sequences.append(sequence)

    def has_arrived(count: int) -> Callable[[], bool]:
        return lambda: len(sequences) >= count

    async with FakeSmsc(on_submit=remember) as smsc, Bound(smsc, window=3) as carrier:
        under_way = [asyncio.create_task(carrier.submit(submission())) for _ in range(10)]
        for answered in range(10):
            await eventually(has_arrived(answered + 1))
            assert len(sequences) <= answered + 3
            await accept(smsc.links[0], sequences[answered], b"")
        assert {type(answer) for answer in await asyncio.gather(*under_way)} == {Accepted}


async def test_a_cancelled_submission_gives_its_slot_back() -> None:
    async with FakeSmsc(on_submit=stay_silent) as smsc, Bound(smsc, window=1) as carrier:
        given_up = asyncio.create_task(carrier.submit(submission()))
        await eventually(lambda: len(smsc.submit_bodies) == 1)
        given_up.cancel()
        smsc.on_submit = accept
        assert isinstance(await carrier.submit(submission()), Accepted)


async def test_what_cannot_be_written_is_refused_and_nothing_is_sent() -> None:
    async with FakeSmsc() as smsc, Bound(smsc) as carrier:
        answer = await carrier.submit(submission(sender="TwelveLetter"))
        assert isinstance(answer, Refused)
        assert answer.code == "not_encodable"
        assert isinstance(await carrier.submit(submission()), Accepted)
        assert len(smsc.submit_bodies) == 1


async def test_what_had_not_begun_to_leave_when_the_connection_went_is_certainly_not_sent() -> None:
    async with FakeSmsc() as smsc, Bound(smsc) as carrier:
        under_way = [asyncio.create_task(carrier.submit(submission())) for _ in range(3)]
        await asyncio.sleep(0)  # all have written; what is written in one turn leaves at its end
        session = carrier._binds[0]._session
        assert session is not None
        session.abort("test")
        assert {type(answer) for answer in await asyncio.gather(*under_way)} == {Unavailable}
        assert smsc.submit_bodies == []
