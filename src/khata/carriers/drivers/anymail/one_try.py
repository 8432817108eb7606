"""One request, asked once: whether it left is known, and its answer is bounded in size and time."""

from collections.abc import Callable
from io import BytesIO
from time import monotonic
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from khata.carriers.http_session import BODY_BYTES_MAX

_CHUNK_BYTES = 8_192


class OneTry(HTTPAdapter):
    """Of one session, for one request."""

    def __init__(self, *, timeout_s: float) -> None:
        super().__init__()
        self.has_left = False
        """Whether any of the body may have left; without it nothing can have been taken."""
        self._timeout_s = timeout_s

    def send(self, request: requests.PreparedRequest, *arguments: Any, **options: Any) -> requests.Response:
        body = request.body
        request.body = _Watched(body.encode() if isinstance(body, str) else bytes(body or b""), self._note)  # type: ignore[arg-type]
        response = super().send(request, *arguments, **options)
        response.raw = BytesIO(self._whole(response.raw))
        return response

    def _note(self) -> None:
        self.has_left = True

    def _whole(self, raw: Any) -> bytes:
        """What came, as it came: nothing is unpacked."""
        until_s, body = monotonic() + self._timeout_s, bytearray()
        try:
            while chunk := raw.read1(_CHUNK_BYTES, decode_content=False):
                body += chunk
                if len(body) > BODY_BYTES_MAX or monotonic() > until_s:
                    raise TimeoutError
        except Exception as error:  # of three libraries; they all mean the same here
            raise requests.ConnectionError("the answer did not come whole") from error
        finally:
            raw.close()
        return bytes(body)


def use(adapter: OneTry, session: requests.Session, *, is_sandbox: bool) -> None:
    """No redirect is followed: credentials must not travel."""
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.max_redirects = 0
    session.headers["accept-encoding"] = "identity"
    # A proxy of the machine's environment may lead to the real mail service, never to a sandbox on loopback.
    session.trust_env = not is_sandbox


class _Watched(BytesIO):
    def __init__(self, content: bytes, note: Callable[[], None]) -> None:
        super().__init__(content)
        self._note = note

    def read(self, size: int | None = -1, /) -> bytes:
        self._note()
        return super().read(size)
