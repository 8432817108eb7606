"""What every carrier's driver must do. A driver passes by a class of its own with a bench, and no test in it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import ClassVar

import pytest

from khata.carriers.port import Accepted, Answer, Carrier, Receipt, ReceiptState, Refused, Unavailable, Unknown

from .bench import Behaviour, CarrierBench, eventually, submissions

TEXTS = [
    "Your code is 1234",
    "[€] {~} \\ ^| @£Δ_ñ & = + % \" '",
    "नमस्ते, आपका ओटीपी १२३४ है।",
    "😀 ₹ {to} {secret}",
    "x" * 400,
    "नमस्ते दुनिया " * 12,
]


class CarrierContract:
    pytestmark = pytest.mark.anyio

    anybody = "+919812340400"
    told: ClassVar[Mapping[Behaviour, ReceiptState]] = {
        Behaviour.DELIVERS: ReceiptState.DELIVERED,
        Behaviour.LOSES: ReceiptState.UNDELIVERED,
    }
    """What receipts say of a message, where there are any."""

    def open_bench(self, folder: Path) -> AbstractAsyncContextManager[CarrierBench]:
        raise NotImplementedError

    def make_unreachable(self) -> Carrier:
        """A carrier whose address nobody listens at."""
        raise NotImplementedError

    @pytest.fixture
    async def bench(self, tmp_path: Path) -> AsyncIterator[CarrierBench]:
        async with self.open_bench(tmp_path) as bench:
            yield bench

    async def test_texts_arrive_exactly_and_in_one_piece(self, bench: CarrierBench) -> None:
        recipient = bench.numbers[Behaviour.DELIVERS]
        for text in TEXTS:
            answers = await send(bench, Behaviour.DELIVERS, text)
            assert {type(answer) for answer in answers} == {Accepted}, text
        assert sorted(await bench.arrived(recipient)) == sorted(TEXTS)

    async def test_every_submission_it_takes_has_an_id_of_its_own(self, bench: CarrierBench) -> None:
        answers = [answer for _ in range(3) for answer in await send(bench, Behaviour.DELIVERS, "x" * 200)]
        refs = {answer.carrier_ref for answer in answers if isinstance(answer, Accepted)}
        assert len(refs) == len(answers)

    async def test_a_no_is_refused_with_a_code_and_a_reason(self, bench: CarrierBench) -> None:
        [answer] = await send(bench, Behaviour.REFUSES)
        assert isinstance(answer, Refused)
        assert answer.code
        assert answer.detail

    async def test_a_carrier_that_asks_to_slow_down_has_not_taken_it(self, bench: CarrierBench) -> None:
        [answer] = await send(bench, Behaviour.THROTTLES)
        assert isinstance(answer, Unavailable)
        assert answer.is_throttled

    async def test_silence_after_the_bytes_left_is_unknown(self, bench: CarrierBench) -> None:
        [answer] = await send(bench, Behaviour.STAYS_SILENT)
        assert isinstance(answer, Unknown)
        [answer] = await send(bench, Behaviour.DELIVERS)
        assert isinstance(answer, Accepted), "one lost answer must not stop the others"

    async def test_a_receipt_names_the_submission_as_the_answer_did(self, bench: CarrierBench) -> None:
        expected = set()
        for behaviour, state in self.told.items():
            [answer] = await send(bench, behaviour)
            assert isinstance(answer, Accepted)
            expected.add((bench.carrier.name, answer.carrier_ref, state))
        await eventually(lambda: expected <= {r[:3] for r in bench.news if isinstance(r, Receipt)})

    async def test_many_at_once_are_all_answered(self, bench: CarrierBench) -> None:
        answers = await asyncio.gather(*(send(bench, Behaviour.DELIVERS) for _ in range(2 * bench.carrier.window)))
        assert {type(answer) for [answer] in answers} == {Accepted}
        assert len(await bench.arrived(bench.numbers[Behaviour.DELIVERS])) == len(answers)
        assert bench.carrier.health().outstanding_count == 0

    async def test_after_closing_nothing_is_handed_over(self, bench: CarrierBench) -> None:
        assert bench.carrier.health().is_bound
        await bench.carrier.close()
        assert not bench.carrier.health().is_bound
        [answer] = await send(bench, Behaviour.DELIVERS)
        assert isinstance(answer, Unavailable)
        assert await bench.arrived(bench.numbers[Behaviour.DELIVERS]) == []

    async def test_closing_waits_for_open_answers_and_leaves_the_rest_in_doubt(self, bench: CarrierBench) -> None:
        open_one = asyncio.create_task(send(bench, Behaviour.STAYS_SILENT))
        await eventually(lambda: bench.carrier.health().outstanding_count == 1)
        await bench.carrier.close()
        [answer] = await open_one
        assert isinstance(answer, Unknown)

    async def test_where_nobody_listens_nothing_was_handed_over(self) -> None:
        carrier = self.make_unreachable()
        [submission] = submissions(carrier, "hello", self.anybody)
        assert isinstance(await carrier.submit(submission), Unavailable), "not started"
        await carrier.start(store_nothing)
        assert isinstance(await carrier.submit(submission), Unavailable)
        await carrier.close()


async def send(bench: CarrierBench, behaviour: Behaviour, text: str = "hello") -> list[Answer]:
    parts = submissions(bench.carrier, text, bench.numbers[behaviour])
    return list(await asyncio.gather(*map(bench.carrier.submit, parts)))


async def store_nothing(_news: object) -> None:
    """Of a far end that is not there."""
