"""References to one message that leave the house inside a mail, and come back from strangers.

A bounce or an unsubscribe names its message by one. It is signed, so that nobody, the mail's own sender included, can
make one up; and it has only letters and digits, because it stands before an @.
"""

from base64 import b32decode, b32encode
from hmac import compare_digest
from typing import Literal, NamedTuple
from uuid import UUID

from django.utils.crypto import salted_hmac

Purpose = Literal["bounce", "unsubscribe"]

_ORGANISATION_BYTES = 8
_MAC_BYTES = 11
REF_LENGTH = 56
"""So many characters: it fits the 64 that may stand before an @."""


class MessageRef(NamedTuple):
    organisation_id: int
    message_id: UUID


def ref_text(purpose: Purpose, ref: MessageRef) -> str:
    facts = ref.organisation_id.to_bytes(_ORGANISATION_BYTES) + ref.message_id.bytes
    return b32encode(facts + _mac(purpose, facts)).decode().lower()


def read_ref(purpose: Purpose, text: str) -> MessageRef | None:
    """None for what is none of ours."""
    if len(text) != REF_LENGTH or not text.isascii():
        return None
    try:
        octets = b32decode(text.upper())
    except ValueError:
        return None
    facts, mac = octets[:-_MAC_BYTES], octets[-_MAC_BYTES:]
    if not compare_digest(mac, _mac(purpose, facts)):
        return None
    return MessageRef(int.from_bytes(facts[:_ORGANISATION_BYTES]), UUID(bytes=facts[_ORGANISATION_BYTES:]))


def _mac(purpose: Purpose, facts: bytes) -> bytes:
    return salted_hmac(f"khata.mail.ref.{purpose}", facts, algorithm="sha256").digest()[:_MAC_BYTES]
