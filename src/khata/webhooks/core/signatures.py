"""Signatures of the Standard Webhooks specification 1.0.0, symmetric scheme (`v1`).

What is signed is `{id}.{seconds}.{body}`, by HMAC-SHA256 with the bytes behind `whsec_`.
"""

import hmac
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256

SECRET_PREFIX = "whsec_"  # noqa: S105 - what secrets begin with
SECRET_BYTES = 32
"""The specification allows 24 to 64."""


def secret_text(key: bytes) -> str:
    """How a receiver is given the key."""
    return SECRET_PREFIX + b64encode(key).decode()


def signed_headers(*, webhook_id: str, timestamp_s: int, body: bytes, keys: Sequence[bytes]) -> dict[str, str]:
    """The three headers, with a signature for each key: while a secret is changed there are two."""
    signed = b"%s.%d.%s" % (webhook_id.encode(), timestamp_s, body)
    signatures = [b64encode(hmac.new(key, signed, sha256).digest()).decode() for key in keys]
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
