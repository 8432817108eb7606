"""`/metrics` of a process that serves nothing else: the worker's."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from django.conf import settings
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from khata.site.metrics import REFUSAL, Reader, may_read, render_metrics


def serve_metrics(host: str, port: int) -> ThreadingHTTPServer:
    """Answers in the background until the process ends. Raises OSError where the address cannot be listened on."""
    server = ThreadingHTTPServer((host, port), _Handler)
    Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server


class _Handler(BaseHTTPRequestHandler):
    timeout = 10  # For a reader that says nothing.

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        if self.path != "/metrics":
            self._answer(404, "text/plain", b"Only /metrics is here.\n")
        elif not may_read(Reader(self.client_address[0], headers, is_behind_proxy=False), settings.ENVIRONMENT):
            self._answer(403, "text/plain", REFUSAL)
        else:
            self._answer(200, CONTENT_TYPE_LATEST, render_metrics())

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: a probe every few seconds is no news."""

    def _answer(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
