"""What the pages of a far end are sent: people's forms, which carry the page's token, and programs' JSON.

JSON needs no token: no web site can post it from another origin unasked.
"""

import json
import secrets
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

TOKEN_FIELD: Final = "form_token"  # noqa: S105 - the name of a field, no secret
_OCTETS_MAX: Final = 10_000


async def read_form(request: Request, token: str) -> dict[str, str]:
    """Raises HTTPException: 403 without that token, 413."""
    form = dict(parse_qsl((await _body(request)).decode(errors="replace"), keep_blank_values=True))
    if not secrets.compare_digest(form.get(TOKEN_FIELD, "").encode(), token.encode()):
        raise HTTPException(403, "This form did not come from this page. Go back and try again.")
    return form


async def read_object(request: Request) -> dict[str, Any]:
    """A JSON object. Raises HTTPException: 400, 413, 415, 422."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise HTTPException(415, "Send application/json; a form on some web page could not.")
    try:
        given = json.loads(await _body(request))
    except (ValueError, RecursionError):
        raise HTTPException(400, "The body is not JSON.") from None
    if not isinstance(given, dict):
        raise HTTPException(422, "A JSON object is expected.")
    return given


async def _body(request: Request) -> bytes:
    """Counts what arrives, so that a missing or wrong content-length changes nothing."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _OCTETS_MAX:
            raise HTTPException(413, "The body is too long.")
    return body
