"""Who is calling: an API key in the Authorization header, read from the database on every request."""

from typing import Any

from litestar import Request

from khata.tenancy.operations import Caller, InvalidApiKey, authenticate_api_key, note_api_key_use, require_scope


def authenticate(request: Request[Any, Any, Any], scope: str) -> Caller:
    """Raises InvalidApiKey, MissingScope. Needs a database thread."""
    kind, _, text = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer":
        raise InvalidApiKey
    caller = authenticate_api_key(text.strip())
    require_scope(caller, scope)
    note_api_key_use(api_key_id=caller.api_key_id, ip=request.client.host if request.client else None)
    return caller
