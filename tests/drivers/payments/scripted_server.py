"""A far end that answers exactly what a test tells it to, over real HTTP on loopback."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, parse_qsl, urlsplit

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came; header names in lower case."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode()))


class ScriptedServer:
    """`on(method, path, answer)` says what comes back; every request is kept in `requests`."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str], Answer] = {}
        self.requests: list[Received] = []
        self.is_over = threading.Event()
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.http.daemon_threads = False
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http.server_address[1]}"

    def on(self, method: str, path: str, answer: Answer) -> None:
        self.answers[method, path] = answer

    def sent(self, method: str) -> list[Any]:
        """Bodies (POST) or queries (GET) of the requests of one method."""
        chosen = [request for request in self.requests if request.method == method]
        return [json.loads(request.body) if method == "POST" else request.query for request in chosen]

    def posted(self, path: str) -> int:
        """How often something was posted there."""
        return sum(request.method == "POST" and request.path == path for request in self.requests)

    def stay_silent(self, handler: BaseHTTPRequestHandler) -> None:
        """Takes the request and never answers."""
        self.is_over.wait(timeout=30)
        handler.close_connection = True

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._answer(b"")

            def do_POST(self) -> None:
                self._answer(self.rfile.read(int(self.headers["content-length"])))

            def _answer(self, body: bytes) -> None:
                parts = urlsplit(self.path)
                headers = {name.lower(): value for name, value in self.headers.items()}
                server.requests.append(Received(self.command, parts.path, parse_qs(parts.query), headers, body))
                server.answers[self.command, parts.path](self)

            def log_message(self, format: str, *args: Any) -> None:
                """Silent: what arrived is in `requests`."""

        return Handler

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.is_over.set()
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


def replies(status: int, body: Any, *, content_type: str = "application/json", promised: int = 0) -> Answer:
    """A whole answer; `promised` more bytes than come make it a truncated one."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("content-type", content_type)
        handler.send_header("content-length", str(len(raw) + promised))
        if status in (301, 302, 307, 308):
            handler.send_header("location", "http://127.0.0.1:9/elsewhere")
        # Announced: a client that took the connection for kept would lose its next request on it.
        handler.send_header("connection", "close")
        handler.end_headers()
        handler.wfile.write(raw)

    return answer


def hangs_up(handler: BaseHTTPRequestHandler) -> None:
    """Takes the request and closes the connection without a word."""
    handler.close_connection = True
