"""The ceiling of HTTP: a handler that does nothing, on the server Khata runs on. `python -m bench.empty PORT`."""

import sys
from typing import Any

from granian import Granian
from granian.constants import Interfaces

ANSWER = b'{"id": "msg_00000000000000000000000000", "status": "accepted"}'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(ANSWER)).encode())]


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Reads the request and says 202."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 202, "headers": HEADERS})
    await send({"type": "http.response.body", "body": ANSWER})


if __name__ == "__main__":
    Granian(
        "bench.empty:application",
        address="127.0.0.1",
        port=int(sys.argv[1]),
        interface=Interfaces.ASGI,
        workers=1,
        websockets=False,
    ).serve()
