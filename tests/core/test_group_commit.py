"""Group commit: everybody gets their own answer, poison stays alone, memory stays bounded, nothing is left behind."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from khata.kernel.errors import DatabaseUnavailable, KhataError, NotFound
from khata.kernel.group_commit import GroupCommit, Overloaded


class Recorder:
    """Commits numbers by doubling them; holds a batch while `gate` is closed; refuses 13, chokes on 666."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.trouble: list[Exception] = []

    def commit(self, batch: Sequence[int]) -> list[int | KhataError]:
        assert self.gate.wait(10)
        self.batches.append(list(batch))
        if self.trouble:
            raise self.trouble.pop()
        if 666 in batch:
            raise ZeroDivisionError("poison")
        return [NotFound() if number == 13 else number * 2 for number in batch]


def run(recorder: Recorder, numbers: Sequence[int], **limits: int) -> list[int | BaseException]:
    async def main() -> list[int | BaseException]:
        writer: GroupCommit[int, int] = GroupCommit(recorder.commit, **limits)
        answers = await asyncio.gather(*(writer.submit(number) for number in numbers), return_exceptions=True)
        await writer.drain()
        return answers

    return asyncio.run(main())


def test_each_caller_gets_its_own_answer_in_order() -> None:
    answers = run(Recorder(), [1, 13, 3])
    assert (answers[0], answers[2]) == (2, 6)
    assert isinstance(answers[1], NotFound)


def test_while_one_batch_commits_the_next_one_gathers() -> None:
    recorder = Recorder()

    async def main() -> None:
        writer: GroupCommit[int, int] = GroupCommit(recorder.commit)
        recorder.gate.clear()
        first = writer.submit(1)
        await asyncio.sleep(0)  # the first batch is on its way
        others = [writer.submit(number) for number in range(20, 50)]
        recorder.gate.set()
        await asyncio.gather(first, *others)
        await writer.drain()

    asyncio.run(main())
    assert recorder.batches == [[1], list(range(20, 50))]


def test_a_batch_is_never_larger_than_its_maximum() -> None:
    recorder = Recorder()
    run(recorder, list(range(100, 200)), batch_count_max=30)
    assert [len(batch) for batch in recorder.batches] == [30, 30, 30, 10]


def test_a_poisoned_request_fails_alone() -> None:
    recorder = Recorder()
    answers = run(recorder, [1, 2, 666, 4, 5])
    assert [answer for answer in answers if not isinstance(answer, BaseException)] == [2, 4, 8, 10]
    assert isinstance(answers[2], ZeroDivisionError)


def test_a_batch_that_failed_once_is_tried_again_whole() -> None:
    recorder = Recorder()
    recorder.trouble.append(RuntimeError("once"))
    assert run(recorder, [1, 2, 3]) == [2, 4, 6]
    assert recorder.batches == [[1, 2, 3], [1, 2, 3]]


def test_a_database_that_is_away_is_told_to_everybody_and_not_asked_again() -> None:
    recorder = Recorder()
    recorder.trouble.append(DatabaseUnavailable())
    answers = run(recorder, [1, 2])
    assert all(isinstance(answer, DatabaseUnavailable) for answer in answers)
    assert recorder.batches == [[1, 2]]


def test_beyond_the_bound_requests_are_refused_at_once() -> None:
    recorder = Recorder()

    async def main() -> None:
        writer: GroupCommit[int, int] = GroupCommit(recorder.commit, waiting_count_max=10)
        waiting = [writer.submit(number) for number in range(10)]
        with pytest.raises(Overloaded):
            writer.submit(99)
        assert len(await asyncio.gather(*waiting)) == 10
        assert await writer.submit(21) == 42
        assert writer.counts.refused == 1
        await writer.drain()

    asyncio.run(main())


def test_a_caller_that_went_away_harms_nobody() -> None:
    recorder = Recorder()

    async def main() -> None:
        writer: GroupCommit[int, int] = GroupCommit(recorder.commit)
        gone, stays = writer.submit(1), writer.submit(2)
        gone.cancel()
        assert await stays == 4
        await writer.drain()

    asyncio.run(main())
    assert recorder.batches == [[1, 2]]


def test_draining_answers_whoever_still_waits() -> None:
    recorder = Recorder()

    async def main() -> list[int]:
        writer: GroupCommit[int, int] = GroupCommit(recorder.commit, batch_count_max=2)
        waiting = [writer.submit(number) for number in range(7)]
        await writer.drain()
        assert all(answer.done() for answer in waiting)
        return [answer.result() for answer in waiting]

    assert asyncio.run(main()) == [0, 2, 4, 6, 8, 10, 12]


def test_what_ends_the_writing_thread_runs_on_it_after_the_last_batch() -> None:
    told: list[tuple[str, str]] = []

    def commit(batch: Sequence[int]) -> list[int | KhataError]:
        told.append(("batch", threading.current_thread().name))
        return list(batch)

    async def main() -> None:
        def end() -> None:
            told.append(("end", threading.current_thread().name))

        writer: GroupCommit[int, int] = GroupCommit(commit, on_end=end)
        answer = writer.submit(1)
        await writer.drain()
        assert await answer == 1

    asyncio.run(main())
    assert [what for what, _ in told] == ["batch", "end"]
    assert told[0][1] == told[1][1]


def test_what_is_handed_in_after_the_end_is_refused_at_once_and_the_end_comes_once() -> None:
    recorder = Recorder()
    ends: list[str] = []

    async def main() -> None:
        writer: GroupCommit[int, int] = GroupCommit(recorder.commit, on_end=lambda: ends.append("end"))
        for _ in range(2):
            await writer.drain()
        with pytest.raises(Overloaded):
            writer.submit(1)

    asyncio.run(main())
    assert (recorder.batches, ends) == ([], ["end"])
