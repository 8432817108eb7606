"""Who is calling: an API key in the Authorization header, read from the database on every request."""

from ipaddress import ip_address
from typing import Any

from litestar import Request

from khata.tenancy.operations import (
    Caller,
    InvalidApiKey,
    api_key_digest,
    authenticate_api_key,
    is_well_formed,
    note_api_key_use,
    require_scope,
)


def authenticate(request: Request[Any, Any, Any], scope: str) -> Caller:
    """Raises InvalidApiKey, MissingScope. Needs a database thread."""
    caller = authenticate_api_key(_bearer(request))
    require_scope(caller, scope)
    note_api_key_use(api_key_id=caller.api_key_id, ip=_address(request))
    return caller


def bearer_digest(request: Request[Any, Any, Any]) -> bytes:
    """What the key's owner is found by, once it is certain that the text can be a key. Raises InvalidApiKey."""
    text = _bearer(request)
    if not is_well_formed(text):
        raise InvalidApiKey
    return api_key_digest(text)


def _bearer(request: Request[Any, Any, Any]) -> str:
    """Of two headers nobody could say which one counts, so there must be one."""
    headers = request.headers.getall("authorization", [])
    kind, _, text = headers[0].partition(" ") if len(headers) == 1 else ("", "", "")
    if kind.lower() != "bearer":
        raise InvalidApiKey
    return str(text.strip())


def _address(request: Request[Any, Any, Any]) -> str | None:
    """None where the peer has no address of its own, as on a Unix socket."""
    try:
        address = ip_address(request.client.host if request.client else "")
    except ValueError:
        return None
    return str(address).partition("%")[0]
