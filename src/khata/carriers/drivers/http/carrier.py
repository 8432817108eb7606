"""The HTTP carrier: one request per message, made and read as the operator described."""

from collections.abc import Sequence
from typing import Any

from khata.carriers.callbacks import Callback, CallbackKind, ForgedCallback, Reply
from khata.carriers.drivers.http import callbacks
from khata.carriers.drivers.http.rules import answer_of
from khata.carriers.drivers.http.settings import HttpSettings
from khata.carriers.drivers.http.templates import filled_pairs, filled_shape
from khata.carriers.http_session import HttpAnswer, HttpSession
from khata.carriers.port import Answer, CarrierHealth, CarrierNews, Receipt, Store, Submission
from khata.kernel.clock import utc_now
from khata.kernel.ids import public_id


class HttpCarrier:
    """A `Carrier` and a `CallbackReader`. `submit` never raises (but for its own cancellation).

    What the carrier tells comes to whichever process is called; one that only reads callbacks is never started.
    """

    def __init__(self, settings: HttpSettings) -> None:
        self.name = settings.name
        self.is_sandbox = settings.is_sandbox
        self.window = settings.window
        self.submits_per_s_max = settings.submits_per_s_max
        self.can_query = False
        self.takes_whole_messages = True
        self._settings = settings
        self._session = HttpSession(
            window=settings.window,
            timeout_s=settings.timeout_s,
            is_sandbox=settings.is_sandbox,
            auth=(settings.user, settings.password) if settings.user else None,
        )

    async def start(self, store: Store) -> None:
        """`store` is not used: what the carrier tells arrives as callbacks."""
        self._session.start()

    async def submit(self, submission: Submission) -> Answer:
        values, request = _values(submission, self._settings), self._settings.request
        content: dict[str, Any] = {"headers": filled_pairs(request.headers, values)}
        if request.query:
            content["params"] = filled_pairs(request.query, values)
        if request.form:
            content["data"] = filled_pairs(request.form, values)
        if request.json is not None:
            content["json"] = filled_shape(request.json, values)
        answer = await self._session.exchange(request.method, request.url, **content)
        if not isinstance(answer, HttpAnswer):
            return answer
        return answer_of(answer, self._settings.rules, reference=values["reference"])

    async def query(self, carrier_ref: str, *, sender: str) -> Receipt | None:
        return None

    async def close(self) -> None:
        await self._session.close()

    def health(self) -> CarrierHealth:
        return self._session.health()

    def read_callback(self, callback: Callback) -> Sequence[CarrierNews]:
        settings, received_at = self._settings, utc_now()
        if not callback.has_secret(settings.callback_secret):
            raise ForgedCallback
        if callback.kind == "status" and settings.receipts is not None:
            return callbacks.read_receipts(callback, settings.receipts, carrier=self.name, received_at=received_at)
        if callback.kind == "inbound" and settings.inbound is not None:
            return callbacks.read_inbound(callback, settings.inbound, carrier=self.name, received_at=received_at)
        raise ForgedCallback

    def reply(self, kind: CallbackKind) -> Reply:
        return callbacks.REPLY


def _values(submission: Submission, settings: HttpSettings) -> dict[str, str]:
    """What every placeholder becomes."""
    dlt = submission.dlt
    return {
        "to": submission.recipient,
        "to_digits": submission.recipient.removeprefix("+"),
        "from": submission.sender,
        "text": submission.text,
        "encoding": settings.encodings[submission.encoding],
        "reference": public_id("msg", submission.message_id),
        "callback_url": settings.callback_url,
        "dlt_entity_id": dlt.entity_id if dlt else "",
        "dlt_template_id": dlt.template_id if dlt else "",
        "secret": settings.secret,
    }
