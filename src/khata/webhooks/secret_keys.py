"""Signing keys, derived and never stored: a copy of the database signs nothing.

A row keeps a random salt; the key is an HMAC of it under the installation's own secret. So whoever changes
KHATA_SECRET_KEY changes every customer's webhook secret.
"""

import secrets
from datetime import datetime

from django.utils.crypto import salted_hmac

from khata.webhooks.core.signatures import SECRET_BYTES, secret_text

ROTATION_DAYS = 1
"""For how long after a change the former secret signs as well."""

_PURPOSE = "khata.webhooks.secret"


def new_salt() -> bytes:
    return secrets.token_bytes(SECRET_BYTES)


def key_of(salt: bytes) -> bytes:
    return salted_hmac(_PURPOSE, bytes(salt), algorithm="sha256").digest()


def secret_of(salt: bytes) -> str:
    """`whsec_…`, as the receiver is given it."""
    return secret_text(key_of(salt))


def signing_keys(salt: bytes, former_salt: bytes | None, former_until: datetime | None, now: datetime) -> list[bytes]:
    """The key, and the former one while it counts."""
    if former_salt is None or former_until is None or former_until <= now:
        return [key_of(salt)]
    return [key_of(salt), key_of(former_salt)]
