"""Carries messages to a carrier: claim a batch, keep a window of submissions open, settle answers in batches."""

import asyncio
import logging
from collections.abc import Sequence

from khata.carriers.port import Accepted, Answer, Carrier, Submission, Unavailable
from khata.messaging.core.hand_over import decide_hand_over
from khata.messaging.core.segmentation import segment
from khata.messaging.operations import Handed, claim_messages, settle_handed
from khata.messaging.rows import ClaimedMessage
from khata.workers.database_threads import DatabaseThreads

logger = logging.getLogger(__name__)

WINDOWS_OPEN_MAX = 2
"""How many windows' worth of messages are in hand at once; new ones are claimed while half of them are left, so that
the carrier never waits for the database. Not more: what is in hand when a worker is killed becomes `unknown`, sent or
not."""
ANSWER_WAIT_S = 15.0
PART_TRIES = 5
PART_PAUSE_S = 1.0


class Dispatcher:
    """One carrier's hand-over. `claim` and `settle` are the steps of two loops; `drain` ends them cleanly."""

    def __init__(self, carrier: Carrier, database: DatabaseThreads) -> None:
        self._carrier = carrier
        self._database = database
        self._in_flight: set[asyncio.Task[None]] = set()
        self._in_flight_max = WINDOWS_OPEN_MAX * carrier.window
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._handed: list[Handed] = []

    async def claim(self) -> int:
        """Waits until half of what is in hand is gone, leases as many due messages, and starts handing them over."""
        await self._has_room.wait()
        if not self._carrier.health().is_bound:
            return 0
        messages = await self._database.run(claim_messages, limit=self._in_flight_max - len(self._in_flight))
        for message in messages:
            task = asyncio.create_task(self._hand_over(message))
            self._in_flight.add(task)
            task.add_done_callback(self._handed_over)
        self._note_room()
        return len(messages)

    async def settle(self) -> int:
        """Settles every answer that has come by now in one transaction."""
        if not self._handed:
            return 0
        handed, self._handed = self._handed, []
        try:
            await self._database.run(settle_handed, handed)
        except BaseException:
            self._handed = handed + self._handed
            raise
        return len(handed)

    async def drain(self) -> None:
        """Waits for the open answers and settles them; what is still open then is swept to `unknown` later."""
        if self._in_flight:
            await asyncio.wait(self._in_flight, timeout=ANSWER_WAIT_S)
        await self.settle()

    def _handed_over(self, task: "asyncio.Task[None]") -> None:
        self._in_flight.discard(task)
        self._note_room()

    def _note_room(self) -> None:
        if len(self._in_flight) * 2 > self._in_flight_max:
            self._has_room.clear()
        else:
            self._has_room.set()

    async def _hand_over(self, message: ClaimedMessage) -> None:
        answers = await self._submit_parts(_submissions(message))
        self._handed.append(Handed(message, self._carrier.name, decide_hand_over(answers, message.segments)))

    async def _submit_parts(self, submissions: Sequence[Submission]) -> list[Answer]:
        """In order; the first part that is not taken ends it, so that a refused message costs as little as may be."""
        answers: list[Answer] = []
        for submission in submissions:
            answer = await self._submit(submission, is_first=not answers)
            answers.append(answer)
            if not isinstance(answer, Accepted):
                break
        return answers

    async def _submit(self, submission: Submission, *, is_first: bool) -> Answer:
        """A first part that could not go lets the whole message wait; a later one is tried again here."""
        answer = await self._carrier.submit(submission)
        for _ in range(0 if is_first else PART_TRIES):
            if not isinstance(answer, Unavailable):
                break
            await asyncio.sleep(PART_PAUSE_S)
            answer = await self._carrier.submit(submission)
        return answer


def _submissions(message: ClaimedMessage) -> list[Submission]:
    cut = segment(message.body)
    return [
        Submission(
            message_id=message.id,
            recipient=message.recipient,
            sender=message.sender,
            text=text,
            encoding=cut.encoding,
            part=part,
            part_count=cut.segment_count,
            concatenation_ref=message.id.int & 0xFFFF,
        )
        for part, text in enumerate(cut.parts, start=1)
    ]
