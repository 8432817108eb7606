"""What a reader sees of a mail: subject, names, text, HTML, attachments. Any octets are a mail of some kind."""

import email
import email.policy
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    content_type: str
    octet_count: int


@dataclass(frozen=True, slots=True)
class Mail:
    """`text` and `html` are empty when the mail has none; headers come in their order, unfolded and decoded."""

    subject: str
    text: str
    html: str
    headers: tuple[tuple[str, str], ...]
    attachments: tuple[Attachment, ...]

    def header(self, name: str) -> str:
        return next((value for known, value in self.headers if known.lower() == name.lower()), "")


def read_mail(octets: bytes) -> Mail:
    """Never raises: what cannot be understood is shown as plain text."""
    try:
        return _read(email.message_from_bytes(octets, policy=email.policy.default))
    except Exception:
        return Mail("(unreadable mail)", octets.decode("utf-8", "replace"), "", (), ())


def _read(message: EmailMessage) -> Mail:
    headers = tuple((_clean(name), _clean(str(value))) for name, value in message.items())
    return Mail(
        # A long one may be folded right after its name; the space that begins the next line is not part of it.
        subject=_clean(str(message.get("Subject", ""))).strip(),
        text=_content(message.get_body(("plain",))),
        html=_content(message.get_body(("html",))),
        headers=headers,
        attachments=tuple(_attachment(part) for part in message.iter_attachments()) if message.is_multipart() else (),
    )


def _content(part: Any) -> str:
    return "" if part is None else _clean(str(part.get_content())).replace("\r\n", "\n")


def _attachment(part: Any) -> Attachment:
    content = part.get_payload(decode=True) or b""
    return Attachment(_clean(part.get_filename() or "unnamed"), part.get_content_type(), len(content))


def _clean(text: str) -> str:
    """Octets that were no text came through as lone surrogates, which cannot be written out again."""
    return text.encode("utf-8", "replace").decode("utf-8")
