"""A mail's octets: headers, text, HTML and attachments (RFC 5322, MIME), unsigned.

Everything is sent as seven bits, so that no server on the way has a reason to recode what was signed.
"""

from collections.abc import Sequence
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import NamedTuple

from khata.mail.core.addresses import Mailbox


class Attachment(NamedTuple):
    name: str
    content_type: str
    """"application/pdf": no parameters."""
    content: bytes


class Letter(NamedTuple):
    """What is to be sent. `unsubscribe_url` is "" where the mail offers no way out of a list."""

    sender: Mailbox
    recipient: str
    subject: str
    text: str
    html: str
    attachments: Sequence[Attachment]
    message_id: str
    """Of the header: "msg_…@example.com"."""
    written_at: datetime
    unsubscribe_url: str = ""


def compose(letter: Letter) -> bytes:
    """Raises ValueError for a line break in what becomes a header: it must have been refused long before."""
    mail = EmailMessage(policy.SMTP)
    mail["From"] = Address(letter.sender.name, addr_spec=letter.sender.address)
    mail["To"] = Address(addr_spec=letter.recipient)
    mail["Subject"] = letter.subject
    mail["Date"] = format_datetime(letter.written_at)
    mail["Message-ID"] = f"<{letter.message_id}>"
    mail.set_content(_lines(letter.text), cte="quoted-printable")
    if letter.html:
        mail.add_alternative(_lines(letter.html), subtype="html", cte="quoted-printable")
    for attachment in letter.attachments:
        kind, _, subtype = attachment.content_type.partition("/")
        mail.add_attachment(attachment.content, kind, subtype, filename=attachment.name)
    return _list_headers(letter.unsubscribe_url) + mail.as_bytes()


def _list_headers(unsubscribe_url: str) -> bytes:
    """One-click unsubscribe (RFC 8058). Written by hand: the library would break a long address into words."""
    if not unsubscribe_url:
        return b""
    headers = f"List-Unsubscribe: <{unsubscribe_url}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    return headers.encode("ascii")


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
