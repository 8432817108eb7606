"""A composed mail as mail services want it: in parts, which they put together anew and sign themselves."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from anymail.message import AnymailMessage

from khata.carriers.port import Mail

REF_KEY = "khata"
"""What our reference is called among a mail's metadata."""
ID = re.compile(r"[!-~]{1,255}")
"""What a mail service calls a mail by; a longer id no index could hold."""
_KEPT_HEADERS = ("List-Unsubscribe", "List-Unsubscribe-Post")


def in_parts(mail: Mail, recipient: str, *, takes_metadata: bool) -> Any:
    """Its sender, subject, texts, attachments and the way out of its list. The reference travels beside them."""
    composed = message_from_bytes(mail.octets, policy=policy.default)
    message = AnymailMessage(
        subject=str(composed["Subject"]),
        body=_text(composed, "plain"),
        from_email=str(composed["From"].addresses[0]),
        to=[recipient],
        headers={name: str(composed[name]) for name in _KEPT_HEADERS if name in composed},
        **({"metadata": {REF_KEY: mail.ref}} if takes_metadata else {"tags": [mail.ref]}),
    )
    html = _text(composed, "html")
    if html:
        message.attach_alternative(html, "text/html")
    for part in composed.iter_attachments():
        message.attach(part.get_filename(), part.get_payload(decode=True), part.get_content_type())
    return message


def _text(composed: EmailMessage, kind: str) -> str:
    part = composed.get_body((kind,))
    return str(part.get_content()).replace("\r\n", "\n") if part else ""
