"""Carries messages to a carrier: claims as many as there is room for, hands them over at once, passes answers on."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Literal

from khata.carriers.core.pace import Pace
from khata.carriers.port import Accepted, Answer, Carrier, Submission, Unavailable
from khata.kernel.errors import DatabaseUnavailable
from khata.messaging.core.hand_over import decide_hand_over
from khata.messaging.core.segmentation import segment
from khata.messaging.hand_over_rows import ClaimedMessage
from khata.messaging.operations import Handed, claim_messages
from khata.workers.database_threads import DatabaseThreads

logger = logging.getLogger(__name__)

ANSWER_WAIT_S = 15.0
PART_TRIES = 5
PART_PAUSE_S = 1.0
SETTLE_PAUSE_S = 1.0
_CONCATENATION_REFS = 0xFFFF
_ENCODINGS: dict[int, Literal["gsm7", "ucs2"]] = {1: "gsm7", 2: "ucs2"}

Settle = Callable[[Handed], "asyncio.Future[None]"]
"""Settles what became of a message, together with other news."""


class Dispatcher:
    """One carrier's hand-over. `claim` is the step of a loop; `drain` ends it cleanly.

    A message is claimed only when its first segment may go at once. So what is in doubt when a worker is killed is
    what was on its way to the carrier: at most one window.
    """

    def __init__(self, carrier: Carrier, database: DatabaseThreads, settle: Settle, *, lease_token: int) -> None:
        self._carrier = carrier
        self._database = database
        self._settle = settle
        self._lease_token = lease_token
        self._loop = asyncio.get_running_loop()
        self._pace = Pace(carrier.submits_per_s_max, at_s=self._loop.time())
        self._on_the_way_count = 0
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._in_hand: set[asyncio.Task[None]] = set()

    async def claim(self) -> int:
        """Waits until half of the window is free, leases as many due messages, and starts handing them over."""
        await self._has_room.wait()
        if not self._carrier.health().is_bound:
            return 0
        room = await self._room(self._carrier.window - self._on_the_way_count)
        messages = await self._database.run(claim_messages, token=self._lease_token, limit=room)
        self._pace = self._pace.taken(self._loop.time(), len(messages))
        self._on_the_way_count += len(messages)
        self._note_room()
        for message in messages:
            task = self._loop.create_task(self._hand_over(message))
            self._in_hand.add(task)
            task.add_done_callback(self._in_hand.discard)
        return len(messages)

    async def drain(self) -> None:
        """Waits until the open answers have come and are settled; what is still open then is swept later."""
        if self._in_hand:
            await asyncio.wait(self._in_hand, timeout=ANSWER_WAIT_S)

    async def _room(self, most: int) -> int:
        """How many of `most` may go; waits until one may."""
        while True:
            now_s = self._loop.time()
            if room := self._pace.room(now_s, most):
                return room
            await asyncio.sleep(self._pace.wait_s(now_s, most))

    def _note_room(self) -> None:
        if self._on_the_way_count * 2 > self._carrier.window:
            self._has_room.clear()
        else:
            self._has_room.set()

    async def _hand_over(self, message: ClaimedMessage) -> None:
        try:
            answers = await self._submit_parts(_submissions(message))
        finally:
            self._on_the_way_count -= 1
            self._note_room()
        await self._settle_until_done(Handed(message, self._carrier.name, decide_hand_over(answers, message.segments)))

    async def _settle_until_done(self, handed: Handed) -> None:
        """The answer is known only here: whatever keeps it from being written, it is tried again."""
        while True:
            try:
                return await self._settle(handed)
            except DatabaseUnavailable:
                logger.warning("message %s waits for the database to be settled", handed.message.id)
            except Exception:
                logger.exception("message %s could not be settled", handed.message.id)
            await asyncio.sleep(SETTLE_PAUSE_S)

    async def _submit_parts(self, submissions: Sequence[Submission]) -> list[Answer]:
        """In order; the first part that is not taken ends it, so that a refused message costs as little as may be."""
        answers: list[Answer] = []
        for submission in submissions:
            answer = await (self._submit_later_part(submission) if answers else self._submit(submission))
            answers.append(answer)
            if not isinstance(answer, Accepted):
                break
        return answers

    async def _submit_later_part(self, submission: Submission) -> Answer:
        """A first part that could not go lets the whole message wait; a later one is tried again here."""
        for _ in range(PART_TRIES):
            await self._room(1)
            self._pace = self._pace.taken(self._loop.time(), 1)
            answer = await self._submit(submission)
            if not isinstance(answer, Unavailable):
                return answer
            await asyncio.sleep(PART_PAUSE_S)
        return answer

    async def _submit(self, submission: Submission) -> Answer:
        answer = await self._carrier.submit(submission)
        if isinstance(answer, Unavailable) and answer.is_throttled:
            self._pace = self._pace.slowed(self._loop.time())
        return answer


def _submissions(message: ClaimedMessage) -> list[Submission]:
    if message.segments == 1:
        return [_submission(message, message.body, _ENCODINGS[message.encoding])]
    cut = segment(message.body)
    return [_submission(message, text, cut.encoding, part) for part, text in enumerate(cut.parts, start=1)]


def _submission(message: ClaimedMessage, text: str, encoding: Literal["gsm7", "ucs2"], part: int = 1) -> Submission:
    return Submission(
        message_id=message.id,
        recipient=message.recipient,
        sender=message.sender,
        text=text,
        encoding=encoding,
        part=part,
        part_count=message.segments,
        concatenation_ref=message.id.int & _CONCATENATION_REFS,
    )
