"""Who is calling: an API key in the Authorization header, read from the database on every request."""

from ipaddress import ip_address
from typing import Any

from litestar import Request

from khata.kernel.facts import note
from khata.kernel.ids import public_organisation_id
from khata.tenancy.operations import Caller, InvalidApiKey, authenticate_api_key, note_api_key_use, require_scope


def authenticate(request: Request[Any, Any, Any], scope: str) -> Caller:
    """Raises InvalidApiKey, MissingScope. Needs a database thread."""
    caller = authenticate_api_key(_bearer(request))
    note(organisation=public_organisation_id(caller.organisation_id))
    require_scope(caller, scope)
    note_api_key_use(api_key_id=caller.api_key_id, ip=address_of(request.client.host if request.client else None))
    return caller


def _bearer(request: Request[Any, Any, Any]) -> str:
    """Of two headers nobody could say which one counts, so there must be one."""
    headers = request.headers.getall("authorization", [])
    kind, _, text = headers[0].partition(" ") if len(headers) == 1 else ("", "", "")
    if kind.lower() != "bearer":
        raise InvalidApiKey
    return str(text.strip())


def address_of(host: str | None) -> str | None:
    """None where the peer has no address of its own, as on a Unix socket."""
    try:
        address = ip_address(host or "")
    except ValueError:
        return None
    return str(address).partition("%")[0]
