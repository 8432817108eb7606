"""A customer's program that is told of events, on a port of its own: it keeps what it got and answers as it is told."""

import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

CERTIFICATE = Path(__file__).parent / "drivers/smpp/loopback.pem"
"""For 127.0.0.1, and for no name."""

LONGEST_S = 30


@dataclass(frozen=True, slots=True)
class Got:
    path: str
    headers: dict[str, str]
    body: bytes


Behaviour = Callable[["Handler"], None]


def status(code: int, body: bytes = b"", **headers: str) -> Behaviour:
    def answer(handler: "Handler") -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def hang(handler: "Handler") -> None:
    """Says nothing until the receiver is closed."""
    handler.receiver.closing.wait(LONGEST_S)


def drip(handler: "Handler") -> None:
    """A status at once, then a body that never ends."""
    _begin_endless(handler, 200)
    while not handler.receiver.closing.wait(0.05):
        handler.wfile.write(b".")


def flood(handler: "Handler") -> None:
    """A body as fast as anybody reads, without an end."""
    _begin_endless(handler, 500)
    while not handler.receiver.closing.is_set():
        handler.wfile.write(b"x" * 1_024)


def _begin_endless(handler: "Handler", code: int) -> None:
    handler.send_response(code)
    handler.send_header("Connection", "close")
    handler.end_headers()


class Handler(BaseHTTPRequestHandler):
    receiver: "Receiver"
    protocol_version = "HTTP/1.1"
    """Connections may be kept for a second request."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        got = Got(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        self.receiver.got.append(got)
        try:
            self.receiver.behaviour(self)
        except OSError:
            return  # whoever asked has gone away

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


class Receiver:
    """Use as a context; `behaviour` may be changed at any time."""

    def __init__(self, behaviour: Behaviour | None = None, *, is_tls: bool = False) -> None:
        self.behaviour = behaviour or status(204)
        self.got: list[Got] = []
        self.closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"receiver": self}))
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        if is_tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATE)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks"

    def __enter__(self) -> "Receiver":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
