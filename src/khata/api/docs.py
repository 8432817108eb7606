"""`/v1/openapi.json` and `/v1/docs`: what the API says about itself, to anybody and from this process alone."""

from functools import cache
from typing import Any

import msgspec
from litestar import Response, get
from litestar.params import FromPath

from khata.api.reference.document import openapi_document
from khata.api.reference.pages import FOLDER, error_page, errors_page, reference_page
from khata.kernel.errors import NotFound

_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


@get("/v1/openapi.json")
async def read_openapi() -> Any:
    return _document(_openapi(), "application/json")


@get("/v1/docs")
async def read_reference() -> Any:
    return _page(_reference())


@get("/v1/docs/reference.css")
async def read_style() -> Any:
    return _document(_style(), "text/css")


@get("/v1/docs/errors")
async def list_errors() -> Any:
    return _page(errors_page())


@get("/v1/docs/errors/{code:str}")
async def read_error(code: FromPath[str]) -> Any:
    try:
        return _page(error_page(code))
    except KeyError as error:
        raise NotFound from error


@cache
def _openapi() -> bytes:
    return msgspec.json.encode(openapi_document())


@cache
def _reference() -> str:
    return reference_page()


@cache
def _style() -> bytes:
    return (FOLDER / "reference.css").read_bytes()


def _page(html: str) -> Response[bytes]:
    return _document(html.encode(), "text/html")


def _document(content: bytes, media_type: str) -> Response[bytes]:
    return Response(content, media_type=media_type, headers=_HEADERS)
