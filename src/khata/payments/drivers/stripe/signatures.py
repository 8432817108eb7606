"""Stripe's webhook signature: hex HMAC-SHA256 over the time it names and the bytes as they came."""

import hashlib
import hmac
import re
from collections.abc import Iterable

TOLERANCE_S = 300
"""How far the signed time may be from ours: what was overheard cannot be sent again later."""

_SECONDS = re.compile(r"[0-9]{1,12}")


def is_webhook_authentic(*, secrets: Iterable[str], body: bytes, header: str, now_s: float) -> bool:
    """`header` is `t=<unix second>,v1=<hex>[,v1=<hex> …]`; any of the secrets may have made any of the signatures."""
    pairs = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    given = [value.encode(errors="replace") for name, _, value in pairs if name == "v1"]
    if len(times) != 1 or not _SECONDS.fullmatch(times[0]) or abs(now_s - int(times[0])) > TOLERANCE_S:
        return False
    message = times[0].encode() + b"." + body
    expected = [hmac.new(secret.encode(), message, hashlib.sha256).hexdigest().encode() for secret in secrets]
    # Every pair is tried, so that the time taken tells nothing about which one fitted.
    fits = [hmac.compare_digest(ours, theirs) for ours in expected for theirs in given]
    return any(fits)
