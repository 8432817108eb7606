"""Razorpay's signatures: hex HMAC-SHA256, compared in constant time."""

import hashlib
import hmac
from collections.abc import Iterable


def is_return_authentic(*, key_secret: str, message: str, signature: str) -> bool:
    """Returns are signed with the key secret: over `order|payment`, or a link's four ids and states; over no amount."""
    return _is_signed(message.encode(), signature, [key_secret])


def is_webhook_authentic(*, secrets: Iterable[str], body: bytes, signature: str) -> bool:
    """A webhook is signed over the bytes as they came; any of the secrets may have signed it."""
    return _is_signed(body, signature, secrets)


def _is_signed(message: bytes, signature: str, secrets: Iterable[str]) -> bool:
    given = signature.encode(errors="replace")
    # Every secret is tried, so that the time taken tells nothing about which one fitted.
    fits = [
        hmac.compare_digest(hmac.new(secret.encode(), message, hashlib.sha256).hexdigest().encode(), given)
        for secret in secrets
    ]
    return any(fits)
