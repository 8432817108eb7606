"""DKIM signatures (RFC 6376): RSA-SHA256, relaxed canonicalisation of headers and body."""

import re
from base64 import b64encode
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

KEY_BITS = 2048

_SIGNED = (
    "from", "to", "subject", "date", "message-id", "mime-version", "content-type", "content-transfer-encoding",
    "list-unsubscribe", "list-unsubscribe-post",
)  # fmt: skip
"""Those of them a mail has, and "from" once more: nobody can add a second sender."""
_BLANKS = re.compile(rb"[ \t]+")
_FIELD = re.compile(rb"([^:\r\n]+):((?:[^\r\n]|\r\n[ \t])*)\r\n")
_LINE_LENGTH = 72


class SigningKey(NamedTuple):
    domain: str
    selector: str
    private: bytes
    """PKCS #8, DER."""


class KeyPair(NamedTuple):
    private: bytes
    """PKCS #8, DER."""
    public: str
    """As the DNS record's `p=` has it."""


def new_key_pair() -> KeyPair:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=KEY_BITS)
    private = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return KeyPair(private, b64encode(public).decode())


def sign(mail: bytes, key: SigningKey, *, signed_at_s: int) -> bytes:
    """The same mail with its signature before it. `signed_at_s` counts from 1970, UTC."""
    head, _, body = mail.partition(b"\r\n\r\n")
    fields = {name.lower(): (name, value) for name, value in _FIELD.findall(head + b"\r\n")}
    names = [name for name in _SIGNED if name.encode() in fields]
    body_hash = b64encode(sha256(_relaxed_body(body)).digest()).decode()
    unsigned = (
        f"v=1; a=rsa-sha256; c=relaxed/relaxed; d={key.domain}; s={key.selector}; t={signed_at_s};\r\n"
        f"\th={':'.join((*names, 'from'))};\r\n\tbh={body_hash};\r\n\tb="
    )
    signed = [_relaxed_field(*fields[name.encode()]) for name in names]
    signed.append(_relaxed_field(b"DKIM-Signature", unsigned.encode()).removesuffix(b"\r\n"))
    signature = _private_key(key.private).sign(b"".join(signed), padding.PKCS1v15(), hashes.SHA256())
    return f"DKIM-Signature: {unsigned}{_folded(b64encode(signature).decode())}\r\n".encode() + mail


def _relaxed_field(name: bytes, value: bytes) -> bytes:
    unfolded = _BLANKS.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ")
    return name.lower().strip() + b":" + unfolded + b"\r\n"


def _relaxed_body(body: bytes) -> bytes:
    lines = [_BLANKS.sub(b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)


def _folded(text: str) -> str:
    return "\r\n\t".join(text[at : at + _LINE_LENGTH] for at in range(0, len(text), _LINE_LENGTH))


@lru_cache(maxsize=1_024)
def _private_key(der: bytes) -> rsa.RSAPrivateKey:
    """Our own key: it was checked when it was made, and checking costs more than signing."""
    key = serialization.load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key
