"""One carrier as this worker uses it: the room in its window, its pace, whether it rests, and what it answered."""

import asyncio
import logging
from collections import deque
from datetime import datetime

from khata.carriers.core.breaker import Breaker
from khata.carriers.core.pace import Pace
from khata.carriers.port import Accepted, Answer, Carrier, Refused, Submission, Unavailable, Unknown
from khata.kernel.clock import utc_now
from khata.kernel.metrics import CARRIER_ANSWERS
from khata.messaging.operations import Reading

logger = logging.getLogger(__name__)

_RATE_S = 60.0
_WAIT_MIN_S = 0.001
_WAIT_MAX_S = 1.0


class CarrierLine:
    """A message takes one place in the window until its last part is answered. Routes share their carriers' lines."""

    def __init__(self, carrier: Carrier) -> None:
        self.carrier = carrier
        self._loop = asyncio.get_running_loop()
        self._pace = Pace(carrier.submits_per_s_max, at_s=self._loop.time())
        self._breaker = Breaker()
        self._on_the_way_count = 0
        self._answers_count = 0
        self._counted: deque[tuple[float, int]] = deque([(self._loop.time(), 0)])
        self._last_error = ""
        self._last_error_at: datetime | None = None

    @property
    def is_usable(self) -> bool:
        return self.carrier.health().is_bound and not self._breaker.is_resting(self._loop.time())

    def room(self) -> int:
        """How many messages may be claimed for it: none before half of its window is free."""
        return self._pace.room(self._loop.time(), self._places_free())

    @property
    def has_room_again(self) -> bool:
        """Whether `room` may have come with the last answer: most come while too many others are under way."""
        return self._places_free() > 0

    def has_place(self) -> bool:
        """Whether one message may go at once."""
        is_free = self._on_the_way_count < self.carrier.window
        return self.is_usable and is_free and self._pace.room(self._loop.time(), 1) > 0

    def wait_s(self) -> float:
        """How long until there may be room without another answer."""
        places = self._places_free()
        return max(_WAIT_MIN_S, self._pace.wait_s(self._loop.time(), places)) if places else _WAIT_MAX_S

    def take(self, count: int) -> None:
        """Places for messages that go now."""
        self._pace = self._pace.taken(self._loop.time(), count)
        self._on_the_way_count += count

    def give_back(self) -> None:
        """A message's place, once its parts are answered."""
        self._on_the_way_count -= 1

    async def submit(self, submission: Submission) -> Answer:
        try:
            answer = await self.carrier.submit(submission)
        except Exception:
            logger.exception("%s: message %s part %d", self.carrier.name, submission.message_id, submission.part)
            answer = Unknown("The carrier's driver failed.")
        self._note(answer)
        return answer

    async def submit_next(self, submission: Submission) -> Answer:
        """A later part: it has its message's place, but must wait for the pace."""
        while True:
            now_s = self._loop.time()
            if self._pace.room(now_s, 1):
                break
            await asyncio.sleep(self._pace.wait_s(now_s, 1))
        self._pace = self._pace.taken(now_s, 1)
        return await self.submit(submission)

    def reading(self) -> Reading:
        """What an operator sees of it."""
        health, now_s = self.carrier.health(), self._loop.time()
        while len(self._counted) > 1 and now_s - self._counted[0][0] > _RATE_S:
            self._counted.popleft()
        since_s, before_count = self._counted[0]
        self._counted.append((now_s, self._answers_count))
        return Reading(
            carrier=self.carrier.name,
            is_bound=health.is_bound,
            is_resting=self._breaker.is_resting(now_s),
            window=self.carrier.window,
            outstanding_count=health.outstanding_count,
            answers_per_min=round((self._answers_count - before_count) * 60 / max(now_s - since_s, _RATE_S / 2)),
            detail=health.detail,
            last_error=self._last_error,
            last_error_at=self._last_error_at,
        )

    def _places_free(self) -> int:
        """Of the window, once half of it is free."""
        taken, window = self._on_the_way_count, self.carrier.window
        return 0 if taken * 2 > window else self._breaker.room(self._loop.time(), window - taken, taken)

    def _note(self, answer: Answer) -> None:
        self._answers_count += 1
        CARRIER_ANSWERS.labels(self.carrier.name, type(answer).__name__.lower()).inc()
        if isinstance(answer, Accepted | Refused):
            self._breaker = self._breaker.succeeded()
        elif isinstance(answer, Unavailable) and answer.is_throttled:
            self._pace = self._pace.slowed(self._loop.time())
        else:
            self._breaker = self._breaker.failed(self._loop.time())
        if not isinstance(answer, Accepted):
            self._last_error, self._last_error_at = answer.detail, utc_now()
