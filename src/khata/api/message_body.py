"""One message as a program asks for it."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from khata.mail.core.composing import Attachment
from khata.messaging.core.mail_draft import ATTACHMENTS_COUNT_MAX
from khata.messaging.operations import MailParts, SendRequest

Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class AttachmentBody(msgspec.Struct, forbid_unknown_fields=True):
    """A file: its content is base64."""

    name: str
    content_type: str
    content: bytes


class MessageBody(msgspec.Struct, forbid_unknown_fields=True):
    """The body of `POST /v1/messages`."""

    to: str
    body: str
    channel: Literal["sms", "email"] = "sms"
    sender: str | None = msgspec.field(name="from", default=None)
    reference: str | None = None
    metadata: dict[str, str] | None = None
    template: str | None = None
    subject: str | None = None
    html: str | None = None
    attachments: Annotated[
        list[AttachmentBody], msgspec.Meta(extra_json_schema={"maxItems": ATTACHMENTS_COUNT_MAX})
    ] = []
    unsubscribe: bool | None = None
    scheduled_at: Instant | None = None


def send_request(body: MessageBody) -> SendRequest:
    return SendRequest(
        body.to,
        body.body,
        body.sender,
        body.channel,
        body.reference,
        body.metadata,
        body.template,
        _mail_parts(body),
        body.scheduled_at,
    )


def _mail_parts(body: MessageBody) -> MailParts | None:
    if body.subject is None and body.html is None and not body.attachments and body.unsubscribe is None:
        return None
    return MailParts(
        body.subject or "",
        body.html or "",
        tuple(Attachment(each.name, each.content_type, each.content) for each in body.attachments),
        has_unsubscribe=body.unsubscribe is not False,
    )
