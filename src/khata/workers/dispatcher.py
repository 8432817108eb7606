"""Carries a route's messages to its carriers: claims as many as there is room for, hands them over at once."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import Literal

from khata.carriers.port import Accepted, Answer, Submission, Unavailable
from khata.kernel.errors import DatabaseUnavailable
from khata.messaging.core.hand_over import HandOver, decide_hand_over, decide_unready
from khata.messaging.core.segmentation import segment
from khata.messaging.hand_over_rows import ClaimedMessage
from khata.messaging.models import CHANNEL_CODES
from khata.messaging.operations import Handed, claim_messages
from khata.workers.carrier_line import CarrierLine
from khata.workers.database_threads import DatabaseThreads

logger = logging.getLogger(__name__)

ANSWER_WAIT_S = 15.0
PART_TRIES = 5
PART_PAUSE_S = 1.0
SETTLE_PAUSE_S = 1.0
_CONCATENATION_REFS = 0xFFFF
_EMAIL = CHANNEL_CODES["email"]
Encoding = Literal["gsm7", "ucs2", "utf8"]
_ENCODINGS: dict[int, Encoding] = {1: "gsm7", 2: "ucs2", 3: "utf8"}

Settle = Callable[[Handed], "asyncio.Future[None]"]
"""Settles what became of a message, together with other news."""


class Turns:
    """What the dispatchers of one worker share: one of them claims at a time, and all hear when room was freed."""

    def __init__(self) -> None:
        self.claiming = asyncio.Lock()
        self._freed = asyncio.Event()

    async def wait_for_room(self, wait_s: float) -> None:
        """Until a place was freed, at most so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._freed.wait()

    def note_room(self) -> None:
        self._freed.set()
        self._freed.clear()


class Dispatcher:
    """One route's hand-over. `claim` is the step of a loop; `stop` and `drain` end it cleanly.

    A message is claimed only when its first segment may go at once. So what is in doubt when a worker is killed is
    what was on its way to carriers: at most a window of each.
    """

    def __init__(
        self,
        route: str,
        lines: Sequence[CarrierLine],
        database: DatabaseThreads,
        settle: Settle,
        turns: Turns,
        *,
        lease_token: int,
    ) -> None:
        """`lines` are those of the route's carriers, in order of priority."""
        self._route = route
        self._lines = lines
        self._database = database
        self._settle = settle
        self._turns = turns
        self._lease_token = lease_token
        self._is_stopped = False
        self._in_hand: set[asyncio.Task[None]] = set()

    async def claim(self) -> int:
        """Waits for room at a carrier, leases as many due messages, and starts handing them over.

        Returns 0 at once where no carrier is usable.
        """
        while not self._is_stopped and (usable := [line for line in self._lines if line.is_usable]):
            async with self._turns.claiming:
                for line in usable:
                    if room := line.room():
                        return await self._claim_for(line, room)
            await self._turns.wait_for_room(min(line.wait_s() for line in usable))
        return 0

    def stop(self) -> None:
        """No claim is begun any more, and one that waits for room gives up."""
        self._is_stopped = True
        self._turns.note_room()

    async def drain(self) -> None:
        """Waits until the open answers have come and are settled; what is still open then is swept later."""
        async with self._turns.claiming:
            pass  # What a claim under way takes is in hand by then.
        if self._in_hand:
            await asyncio.wait(self._in_hand, timeout=ANSWER_WAIT_S)

    async def _claim_for(self, line: CarrierLine, room: int) -> int:
        messages = await self._database.run(claim_messages, token=self._lease_token, route=self._route, limit=room)
        line.take(len(messages))
        for message in messages:
            task = asyncio.create_task(self._hand_over(line, message))
            self._in_hand.add(task)
            task.add_done_callback(self._in_hand.discard)
        return len(messages)

    async def _hand_over(self, line: CarrierLine, message: ClaimedMessage) -> None:
        tried = [line]
        hand_over = await self._hand_over_to(line, message)
        while hand_over.may_go_elsewhere and (spare := self._spare_line(tried)):
            line = spare
            line.take(1)
            tried.append(line)
            hand_over = await self._hand_over_to(line, message)
        can_query = line.carrier.can_query
        await self._settle_until_done(Handed(message, line.carrier.name, hand_over, can_query=can_query))

    def _spare_line(self, tried: Sequence[CarrierLine]) -> CarrierLine | None:
        return next((line for line in self._lines if line not in tried and line.has_place()), None)

    async def _hand_over_to(self, line: CarrierLine, message: ClaimedMessage) -> HandOver:
        """Uses the message's place in the line's window and gives it back."""
        try:
            submissions = submissions_of(message, is_whole=line.carrier.takes_whole_messages)
        except Exception:
            logger.exception("message %s could not be made ready for %s", message.id, line.carrier.name)
            return decide_unready(message.attempts)
        else:
            answers = await _submit_parts(line, submissions)
            segments_each = message.segments // len(submissions)
            return decide_hand_over(answers, message.segments, segments_each=segments_each)
        finally:
            line.give_back()
            if line.has_room_again:
                self._turns.note_room()

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


async def _submit_parts(line: CarrierLine, submissions: Sequence[Submission]) -> list[Answer]:
    """In order; the first part that is not taken ends it, so that a refused message costs as little as may be."""
    answers: list[Answer] = []
    for submission in submissions:
        answer = await (_submit_later_part(line, submission) if answers else line.submit(submission))
        answers.append(answer)
        if not isinstance(answer, Accepted):
            break
    return answers


async def _submit_later_part(line: CarrierLine, submission: Submission) -> Answer:
    """A first part that could not go lets the whole message wait; a later one is tried again here."""
    for _ in range(PART_TRIES):
        answer = await line.submit_next(submission)
        if not isinstance(answer, Unavailable):
            return answer
        await asyncio.sleep(PART_PAUSE_S)
    return answer


def submissions_of(message: ClaimedMessage, *, is_whole: bool) -> list[Submission]:
    if message.channel == _EMAIL and message.mail is None:
        raise LookupError("the domain it is sent from was removed")
    if is_whole or message.segments == 1:
        return [_submission(message, message.body, _ENCODINGS[message.encoding])]
    cut = segment(message.body)
    return [
        _submission(message, text, cut.encoding, part, message.segments) for part, text in enumerate(cut.parts, start=1)
    ]


def _submission(
    message: ClaimedMessage, text: str, encoding: Encoding, part: int = 1, part_count: int = 1
) -> Submission:
    return Submission(
        message_id=message.id,
        recipient=message.recipient,
        sender=message.sender,
        text=text,
        encoding=encoding,
        part=part,
        part_count=part_count,
        concatenation_ref=message.id.int & _CONCATENATION_REFS,
        dlt=message.dlt,
        mail=message.mail,
    )
