"""The Twilio carrier: one request per message, whatever its length."""

from collections.abc import Sequence
from http import HTTPStatus

from khata.carriers.callbacks import Callback, CallbackKind, Reply
from khata.carriers.drivers.twilio import callbacks
from khata.carriers.drivers.twilio.answers import answer_of, message_of, receipt_of
from khata.carriers.drivers.twilio.settings import TwilioSettings
from khata.carriers.http_session import HttpAnswer, HttpSession
from khata.carriers.port import Answer, CarrierHealth, CarrierNews, Receipt, Store, Submission
from khata.kernel.clock import utc_now

_SHORT_CODE_LENGTH_MAX = 6


class TwilioCarrier:
    """A `Carrier` and a `CallbackReader`. `submit` never raises (but for its own cancellation).

    What Twilio tells comes to whichever process is called; a carrier that only reads callbacks is never started.
    """

    def __init__(self, settings: TwilioSettings) -> None:
        self.name = settings.name
        self.is_sandbox = settings.is_sandbox
        self.window = settings.window
        self.submits_per_s_max = settings.submits_per_s_max
        self.can_query = True
        self.takes_whole_messages = True
        self._settings = settings
        self._session = HttpSession(
            window=settings.window,
            timeout_s=settings.timeout_s,
            is_sandbox=settings.is_sandbox,
            auth=settings.credentials,
            headers={"accept": "application/json"},
        )

    async def start(self, store: Store) -> None:
        """`store` is not used: what Twilio tells arrives as callbacks."""
        self._session.start()

    async def submit(self, submission: Submission) -> Answer:
        form = _form(submission, self._settings)
        answer = await self._session.exchange("POST", f"{self._settings.messages_url}.json", data=form)
        return answer_of(answer) if isinstance(answer, HttpAnswer) else answer

    async def query(self, carrier_ref: str, *, sender: str) -> Receipt | None:
        answer = await self._session.exchange("GET", f"{self._settings.messages_url}/{carrier_ref}.json")
        if not isinstance(answer, HttpAnswer) or answer.status != HTTPStatus.OK:
            return None
        message = message_of(answer)
        if message is None or message.sid != carrier_ref:
            return None
        return receipt_of(message, carrier=self.name, received_at=utc_now())

    async def close(self) -> None:
        await self._session.close()

    def health(self) -> CarrierHealth:
        return self._session.health()

    def read_callback(self, callback: Callback) -> Sequence[CarrierNews]:
        return callbacks.read(callback, self._settings, received_at=utc_now())

    def reply(self, kind: CallbackKind) -> Reply:
        return callbacks.reply(kind)


def _form(submission: Submission, settings: TwilioSettings) -> dict[str, str]:
    if settings.messaging_service_sid:
        sender = {"MessagingServiceSid": settings.messaging_service_sid}
    else:
        sender = {"From": _sender(submission.sender)}
    text = {"To": submission.recipient, "Body": submission.text, "StatusCallback": settings.status_callback_url}
    return {**sender, **text}


def _sender(sender: str) -> str:
    """Digits are a telephone number, in E.164, unless they are few enough for a short code."""
    return f"+{sender}" if sender.isdigit() and len(sender) > _SHORT_CODE_LENGTH_MAX else sender
