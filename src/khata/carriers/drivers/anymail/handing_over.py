"""One mail handed over, and what the mail service's answer means. Blocks: for a thread."""

import logging
from typing import Any

import requests
from anymail.exceptions import AnymailError, AnymailRecipientsRefused

from khata.carriers.callbacks import readable
from khata.carriers.drivers.anymail.mail_services import MAIL_SERVICES
from khata.carriers.drivers.anymail.mails import ID, in_parts
from khata.carriers.drivers.anymail.one_try import OneTry, use
from khata.carriers.drivers.anymail.settings import AnymailSettings
from khata.carriers.http_session import HttpAnswer
from khata.carriers.port import Accepted, Answer, Mail, Refused, Unavailable, Unknown

logger = logging.getLogger(__name__)

_TAKEN = {"sent", "queued"}
_DETAIL_LENGTH_MAX = 300


def hand_over(mail: Mail, recipient: str, settings: AnymailSettings) -> Answer:
    """Asks once; never raises."""
    once = OneTry(timeout_s=settings.timeout_s)
    try:
        message = in_parts(mail, recipient, takes_metadata=MAIL_SERVICES[settings.service].takes_metadata)
        _send(message, once, settings)
    except AnymailError as error:
        return _answer_of_error(error, has_left=once.has_left)
    except Exception as error:
        # django-anymail reads answers trustingly.
        logger.warning("%s: %s, of a mail or its answer", settings.name, type(error).__name__)
        if once.has_left:
            return Unknown("The answer could not be read.")
        return Refused("not_composable", "The service's form cannot hold this e-mail.")
    return _answer_of_status(message.anymail_status, mail)


def _send(message: Any, once: OneTry, settings: AnymailSettings) -> None:
    backend = settings.backend()
    backend.open()
    try:
        use(once, backend.session, is_sandbox=settings.is_sandbox)
        backend.send_messages([message])
    finally:
        backend.close()


def _answer_of_status(status: Any, mail: Mail) -> Answer:
    answer = _answer(status.esp_response)
    if not answer.is_success or not status.status or not status.status <= _TAKEN:
        return _answer_of_http(answer)
    id_ = status.message_id or mail.ref
    return Accepted(id_) if isinstance(id_, str) and ID.fullmatch(id_) else _answer_of_http(answer)


def _answer_of_error(error: Any, *, has_left: bool) -> Answer:
    if error.response is not None:
        answer = _answer(error.response)
        if isinstance(error, AnymailRecipientsRefused):
            return Refused("recipient_refused", _told(answer))
        return _answer_of_http(answer)
    kind = type(error.__cause__ or error).__name__
    if has_left:
        return Unknown(f"the answer was lost: {kind}")
    if isinstance(error, requests.RequestException):
        return Unavailable(f"could not be reached: {kind}")
    return Refused("not_supported", readable(str(error.args[0] if error.args else kind))[:_DETAIL_LENGTH_MAX])


def _answer_of_http(answer: HttpAnswer) -> Answer:
    """Of an answer that is no yes."""
    if answer.is_success:
        return Unknown(f"answered {answer.status} with an unreadable body")
    if answer.is_doubtful:
        return Unknown(f"answered {answer.status}")
    if answer.asks_to_slow_down or answer.is_about_access:
        return Unavailable(_told(answer), is_throttled=answer.asks_to_slow_down)
    return Refused(f"http_{answer.status}", _told(answer))


def _answer(response: requests.Response) -> HttpAnswer:
    return HttpAnswer(response.status_code, response.content)


def _told(answer: HttpAnswer) -> str:
    """The mail service's own words, where they are JSON: a proxy's page says nothing."""
    words = readable(answer.body.decode("utf-8", "replace")) if answer.json() else "no reason was given"
    return f"Answered {answer.status}: {words}"[:_DETAIL_LENGTH_MAX]
