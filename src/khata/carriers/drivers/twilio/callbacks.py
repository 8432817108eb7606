"""What Twilio calls us with: signed forms, one for each step of a message and one for each message from a phone."""

import hmac
from datetime import datetime

from khata.carriers.callbacks import Callback, CallbackKind, ForgedCallback, Reply, readable
from khata.carriers.drivers.twilio.answers import is_sid, message_from, receipt_of
from khata.carriers.drivers.twilio.settings import TwilioSettings
from khata.carriers.drivers.twilio.signatures import is_authentic
from khata.carriers.port import CarrierNews, InboundMessage

_NO_ANSWER = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
"""TwiML: nothing is sent back to the phone."""


def read(callback: Callback, settings: TwilioSettings, *, received_at: datetime) -> list[CarrierNews]:
    """Raises ForgedCallback."""
    form = dict(_authentic(callback, settings))
    if not hmac.compare_digest(form.get("AccountSid", "").encode(), settings.account_sid.encode()):
        raise ForgedCallback
    found = (
        _inbound(form, settings, received_at) if callback.kind == "inbound" else _receipt(form, settings, received_at)
    )
    if found is None:
        raise ForgedCallback
    return [found]


def reply(kind: CallbackKind) -> Reply:
    return Reply(_NO_ANSWER, "text/xml") if kind == "inbound" else Reply()


def _authentic(callback: Callback, settings: TwilioSettings) -> list[tuple[str, str]]:
    form = callback.form()
    url = settings.public_url + callback.path + (f"?{callback.query}" if callback.query else "")
    signature = callback.headers.get("x-twilio-signature", "")
    if callback.method != "POST" or not is_authentic(
        auth_token=settings.auth_token, url=url, fields=form, signature=signature
    ):
        raise ForgedCallback
    return [(name, readable(value)) for name, value in form]


def _receipt(form: dict[str, str], settings: TwilioSettings, received_at: datetime) -> CarrierNews | None:
    message = message_from(
        form.get("MessageSid"), form.get("MessageStatus"), form.get("ErrorCode"), form.get("ErrorMessage")
    )
    return receipt_of(message, carrier=settings.name, received_at=received_at) if message else None


def _inbound(form: dict[str, str], settings: TwilioSettings, received_at: datetime) -> CarrierNews | None:
    ref, sender, recipient = form.get("MessageSid", ""), form.get("From", ""), form.get("To", "")
    if not is_sid(ref) or not sender or not recipient:
        return None
    return InboundMessage(settings.name, ref, sender, recipient, form.get("Body", ""), received_at)
