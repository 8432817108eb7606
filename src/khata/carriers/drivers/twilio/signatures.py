"""X-Twilio-Signature: who called us knows the account's auth token."""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from urllib.parse import urlsplit, urlunsplit

_PORTS = {"http": 80, "https": 443}


def is_authentic(*, auth_token: str, url: str, fields: Iterable[tuple[str, str]], signature: str) -> bool:
    """`fields` are those of the form. Twilio signs the address with its port or without, whichever way it was given."""
    told = "".join(name + value for name, value in sorted(set(fields)))
    given = signature.encode(errors="replace")
    fits = [hmac.compare_digest(_signature(auth_token, form + told), given) for form in _forms(url)]
    return any(fits)


def _signature(auth_token: str, text: str) -> bytes:
    return base64.b64encode(hmac.new(auth_token.encode(), text.encode(), hashlib.sha1).digest())


def _forms(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    port = parts.port or _PORTS[parts.scheme]
    host = parts.netloc.removesuffix(f":{port}")
    return urlunsplit(parts._replace(netloc=host)), urlunsplit(parts._replace(netloc=f"{host}:{port}"))
