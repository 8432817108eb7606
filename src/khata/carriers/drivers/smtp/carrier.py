"""The SMTP carrier: one mail, one recipient, one answer."""

import asyncio
from collections.abc import Sequence

from aiosmtplib import SMTP, SMTPException, SMTPResponseException

from khata.carriers.callbacks import Callback, CallbackKind, Reply
from khata.carriers.drivers.smtp import bounces
from khata.carriers.drivers.smtp.answers import away, refusal_of
from khata.carriers.drivers.smtp.connections import Connections
from khata.carriers.drivers.smtp.settings import SmtpSettings
from khata.carriers.port import (
    Accepted,
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


class SmtpCarrier:
    """A `Carrier` and a `CallbackReader`. `submit` never raises (but for its own cancellation).

    A mail the server took is out of our hands; whether it arrives is told by its bounce, or by none.
    """

    def __init__(self, settings: SmtpSettings) -> None:
        self.name = settings.name
        self.is_sandbox = settings.is_sandbox
        self.window = settings.window
        self.submits_per_s_max = settings.submits_per_s_max
        self.can_query = False
        self.takes_whole_messages = True
        self._settings = settings
        self._connections = Connections(settings)
        self._open_answers: set[asyncio.Task[Answer]] = set()
        self._is_started = False
        self._detail = "not started"

    async def start(self, store: Store) -> None:
        """`store` is not used: bounces are posted to us."""
        self._is_started, self._detail = True, "ready"

    async def submit(self, submission: Submission) -> Answer:
        if submission.mail is None:
            return Refused("not_a_mail", "Only e-mail goes by SMTP.")
        if not self._is_started:
            return Unavailable(self._detail)
        task = asyncio.create_task(self._hand_over(submission, submission.mail))
        self._open_answers.add(task)
        task.add_done_callback(self._open_answers.discard)
        await asyncio.wait([task])
        return Unknown("The connection was closed before the answer came.") if task.cancelled() else task.result()

    async def query(self, carrier_ref: str, *, sender: str) -> Receipt | None:
        return None

    async def close(self) -> None:
        """Waits a few seconds for open answers; what is still open then is `Unknown` to whoever waits for it."""
        self._is_started, self._detail = False, "closed"
        if self._open_answers:
            _, late = await asyncio.wait(self._open_answers, timeout=CLOSE_WAIT_S)
            for task in late:
                task.cancel()
        await self._connections.close()

    def health(self) -> CarrierHealth:
        return CarrierHealth(self._is_started, len(self._open_answers), self._detail)

    def read_callback(self, callback: Callback) -> Sequence[CarrierNews]:
        return bounces.read(callback, self._settings, received_at=utc_now())

    def reply(self, kind: CallbackKind) -> Reply:
        return Reply()

    async def _hand_over(self, submission: Submission, mail: Mail) -> Answer:
        try:
            client = await self._connections.take()
        except SMTPResponseException as error:
            # About us, not about this mail: the server does not want us now, or not under this name.
            return Unavailable(refusal_of(error).detail)
        except (SMTPException, OSError) as error:
            return away(error)
        try:
            answer = await self._send(client, submission, mail)
        except BaseException:
            client.close()
            raise
        if client.is_connected and not isinstance(answer, Unknown):
            self._connections.give_back(client)
        else:
            client.close()
        return answer

    async def _send(self, client: SMTP, submission: Submission, mail: Mail) -> Answer:
        timeout_s = self._settings.timeout_s
        try:
            await client.mail(self._return_address(submission, mail), timeout=timeout_s)
            await client.rcpt(submission.recipient, timeout=timeout_s)
        except SMTPResponseException as error:
            return refusal_of(error)
        except (SMTPException, OSError) as error:
            return away(error)
        try:
            async with asyncio.timeout(timeout_s * 2):
                await client.data(mail.octets, timeout=timeout_s)
        except SMTPResponseException as error:
            return refusal_of(error)
        except (SMTPException, OSError) as error:
            return Unknown(f"The mail server's answer was lost: {type(error).__name__}.")
        return Accepted(mail.ref)

    def _return_address(self, submission: Submission, mail: Mail) -> str:
        """Where a bounce goes, and which e-mail it is about (VERP)."""
        if self._settings.bounce_domain:
            return f"{mail.ref}@{self._settings.bounce_domain}"
        return submission.sender.rpartition("<")[2].removesuffix(">")
