"""What every endpoint of the REST API shares: the key, the switched-on faults, ids in paths, JSON out."""

import base64
import binascii
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from khata_sandbox.gateway.api_faults import Work, answer_or_suffer
from khata_sandbox.gateway.errors import authentication_failed, malformed_id
from khata_sandbox.gateway.gateway import Gateway, gateway_of
from khata_sandbox.gateway.ids import is_id
from khata_sandbox.gateway.signatures import is_equal

Endpoint = Callable[[Request], Awaitable[Response]]


def api(work: Work, *, is_public: bool = False) -> Endpoint:
    """An endpoint that authenticates, suffers the switched-on faults and answers JSON."""

    async def endpoint(request: Request) -> Response:
        gateway = gateway_of(request)
        authenticate(gateway, request, is_public=is_public)
        return await answer_or_suffer(gateway, request, work)

    return endpoint


def authenticate(gateway: Gateway, request: Request, *, is_public: bool = False) -> None:
    """HTTP Basic with key id and secret; public resources also take the key id alone. Raises ApiError."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        key_id, _, key_secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise authentication_failed() from error
    if scheme != "Basic" or not key_id:
        raise authentication_failed()
    if not is_equal(key_id, gateway.settings.key_id):
        raise authentication_failed("The api key provided is invalid")
    if not (is_equal(key_secret, gateway.settings.key_secret) or (is_public and not key_secret)):
        raise authentication_failed()


def path_id(request: Request, name: str, prefix: str) -> str:
    """The id in the path. Raises ApiError when it cannot be one."""
    text = str(request.path_params[name])
    if not is_id(prefix, text):
        raise malformed_id(text)
    return text
