"""Khata's own doors on a port of loopback, so that a gateway in another process can reach them."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from django.db import connection
from django.test import Client

HEADERS_PASSED_ON = ("content-type", "x-razorpay-signature", "x-razorpay-event-id")


class Door:
    """Hands each POST to Django, as the web server would. `errors` are answers of 500 and above."""

    def __init__(self) -> None:
        self.errors: list[str] = []
        door = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"] or 0))
                status = door.post(self.path, body, {name: self.headers.get(name, "") for name in HEADERS_PASSED_ON})
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> int:
        content_type = headers["content-type"]
        client = Client(SERVER_NAME="localhost", raise_request_exception=False)
        try:
            answer = client.post(path, data=body, content_type=content_type, headers=headers)
        finally:
            connection.close()
        if answer.status_code >= 500:
            self.errors.append(f"{answer.status_code} from {path}")
        return answer.status_code

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
