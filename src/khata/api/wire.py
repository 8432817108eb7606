"""How values look on the wire: decimal strings, RFC 3339 times, compact JSON."""

from datetime import datetime
from typing import Any

import msgspec
from litestar import Response

from khata.kernel.clock import rfc3339

_ENCODE = msgspec.json.Encoder().encode


def answer(content: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Response[bytes]:
    """A JSON answer; balances change, so nothing may be kept by a cache."""
    return Response(
        _ENCODE(content),
        status_code=status,
        media_type="application/json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def instant(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)
