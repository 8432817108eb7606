"""A mail's octets: headers, text, HTML and attachments (RFC 5322, MIME), unsigned.

Everything is sent as seven bits, so that no server on the way has a reason to recode what was signed.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from email import policy
from email.header import Header
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from typing import NamedTuple

from khata.mail.core.addresses import ENCODED_WORD, UNPRINTABLE, Mailbox

_PLAIN = re.compile(r"[!-~]+( [!-~]+)*")


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
    _check_headers(letter)
    mail = EmailMessage(policy.SMTP)
    mail.set_content(_lines(letter.text), cte="quoted-printable")
    if letter.html:
        mail.add_alternative(_lines(letter.html), subtype="html", cte="quoted-printable")
    for attachment in letter.attachments:
        kind, _, subtype = attachment.content_type.partition("/")
        mail.add_attachment(attachment.content, kind, subtype, filename=attachment.name)
    return _head(letter) + mail.as_bytes()


def _check_headers(letter: Letter) -> None:
    names = [attachment.name for attachment in letter.attachments]
    for text in (letter.sender.text, letter.recipient, letter.subject, letter.message_id, *names):
        if UNPRINTABLE.search(text):
            raise ValueError("What becomes a header holds a linefeed or another control character.")
    if any(ENCODED_WORD in name for name in names):
        raise ValueError("A file's name holds an encoded word, which the library would decode, linefeeds and all.")


def _head(letter: Letter) -> bytes:
    """Written by hand: the library decodes encoded words in what it is given, and writes what they hid as it is; and
    it would break a long address into words."""
    fields = {
        "From": _mailbox(letter.sender),
        "To": letter.recipient,
        "Subject": _words(letter.subject, "Subject"),
        "Date": format_datetime(letter.written_at),
        "Message-ID": f"<{letter.message_id}>",
    }
    if letter.unsubscribe_url:
        # One click (RFC 8058).
        fields["List-Unsubscribe"] = f"<{letter.unsubscribe_url}>"
        fields["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode("ascii")


def _mailbox(mailbox: Mailbox) -> str:
    if not mailbox.name or _is_plain(mailbox.name):
        return formataddr((mailbox.name, mailbox.address))
    return f"{_words(mailbox.name, 'From')} <{mailbox.address}>"


def _words(text: str, header: str) -> str:
    """Plain words as they are; anything else encoded whole (RFC 2047), also what only looks like an encoded word."""
    return Header(text, "us-ascii" if _is_plain(text) else "utf-8", header_name=header).encode(linesep="\r\n")


def _is_plain(text: str) -> bool:
    return _PLAIN.fullmatch(text) is not None and ENCODED_WORD not in text


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
