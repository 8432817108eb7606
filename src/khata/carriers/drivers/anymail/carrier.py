"""The carrier behind a mail service's HTTP interface: one mail, one request, on a thread."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from khata.carriers.callbacks import Callback, CallbackKind, Reply
from khata.carriers.drivers.anymail import events
from khata.carriers.drivers.anymail.handing_over import hand_over
from khata.carriers.drivers.anymail.settings import AnymailSettings
from khata.carriers.port import (
    Answer,
    CarrierHealth,
    CarrierNews,
    Mail,
    Receipt,
    Refused,
    Store,
    Submission,
    Unavailable,
    Unknown,
)
from khata.kernel.clock import utc_now

CLOSE_WAIT_S = 5.0


class AnymailCarrier:
    """A `Carrier` and a `CallbackReader`. `submit` never raises (but for its own cancellation).

    What the mail service tells comes to whichever process is called; one that only reads callbacks is never started.
    """

    def __init__(self, settings: AnymailSettings) -> None:
        self.name = settings.name
        self.is_sandbox = settings.is_sandbox
        self.window = settings.window
        self.submits_per_s_max = settings.submits_per_s_max
        self.can_query = False
        self.takes_whole_messages = True
        self._settings = settings
        self._threads: ThreadPoolExecutor | None = None
        self._open_answers: set[asyncio.Future[Answer]] = set()
        self._detail = "not started"

    async def start(self, store: Store) -> None:
        """`store` is not used: events arrive as callbacks."""
        self._threads = ThreadPoolExecutor(self.window, thread_name_prefix=self.name)
        self._detail = "ready"

    async def submit(self, submission: Submission) -> Answer:
        if submission.mail is None:
            return Refused("not_a_mail", "Only e-mail goes by this carrier.")
        if self._threads is None:
            return Unavailable(self._detail)
        return await self._answer(self._threads, submission.mail, submission.recipient)

    async def query(self, carrier_ref: str, *, sender: str) -> Receipt | None:
        return None

    async def close(self) -> None:
        """Waits a few seconds for open answers; what is still open then is `Unknown` to whoever waits for it."""
        threads, self._threads, self._detail = self._threads, None, "closed"
        if threads is None:
            return
        if self._open_answers:
            _, late = await asyncio.wait(self._open_answers, timeout=CLOSE_WAIT_S)
            for answer in late:
                answer.cancel()
        threads.shutdown(wait=False, cancel_futures=True)

    def health(self) -> CarrierHealth:
        return CarrierHealth(self._threads is not None, len(self._open_answers), self._detail)

    def read_callback(self, callback: Callback) -> Sequence[CarrierNews]:
        return events.read(callback, self._settings, received_at=utc_now())

    def reply(self, kind: CallbackKind) -> Reply:
        return Reply()

    async def _answer(self, threads: ThreadPoolExecutor, mail: Mail, recipient: str) -> Answer:
        work = threads.submit(hand_over, mail, recipient, self._settings)
        answer = asyncio.wrap_future(work)
        self._open_answers.add(answer)
        try:
            # A thread ends by its own timeouts; this one is for an answer that drips.
            await asyncio.wait([answer], timeout=2 * self._settings.timeout_s)
        finally:
            self._open_answers.discard(answer)
            never_began = work.cancel()
        if never_began:
            return Unavailable("all its threads are busy")
        return work.result() if work.done() else Unknown("the answer did not come in time")
