"""Whether a mail's DKIM signature is its domain's, as a receiver would judge it."""

from dataclasses import dataclass
from typing import Literal

import dkim

from khata_sandbox.mailbox.zone import Zone


@dataclass(frozen=True, slots=True)
class Signature:
    """`domain` and `detail` are empty where there is no signature."""

    result: Literal["pass", "fail", "none"]
    domain: str = ""
    detail: str = ""


def judge_signature(octets: bytes, zone: Zone) -> Signature:
    """Of the first signature; never raises: the library gives up on odd mails in more ways than it names."""
    field = b""
    try:
        mail = dkim.DKIM(octets, minkey=1024)
        field = next((value for name, value in mail.headers if name.lower() == b"dkim-signature"), b"")
        if not field:
            return Signature("none")
        is_good = mail.verify(dnsfunc=lambda name, timeout=0: _text(zone, name))
        domain = mail.domain.decode("ascii", "replace")
    except Exception as error:
        return Signature("fail", _domain_in(field), str(error) or type(error).__name__)
    return Signature("pass" if is_good else "fail", domain, "" if is_good else "The signature does not fit.")


def _text(zone: Zone, name: bytes) -> bytes | None:
    texts = zone.texts(name.decode("ascii", "replace"))
    return texts[0].encode() if texts else None


def _domain_in(field: bytes) -> str:
    tags = dict(tag.strip().partition(b"=")[::2] for tag in field.split(b";"))
    return tags.get(b"d", b"").decode("ascii", "replace")
