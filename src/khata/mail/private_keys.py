"""Private keys as they are stored: sealed under the installation's own secret, so that a copy of the database signs
nothing. Whoever changes KHATA_SECRET_KEY must add the sending domains anew."""

from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, InvalidToken
from django.utils.crypto import salted_hmac

_PURPOSE = "khata.mail.private_key"


def seal(private: bytes) -> bytes:
    return _box().encrypt(private)


def unseal(sealed: bytes) -> bytes | None:
    """None where it was sealed under another secret."""
    try:
        return _box().decrypt(bytes(sealed))
    except InvalidToken:
        return None


def _box() -> Fernet:
    return Fernet(urlsafe_b64encode(salted_hmac(_PURPOSE, b"", algorithm="sha256").digest()))
