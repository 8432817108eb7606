"""HTTP to a gateway's REST API, with every way an answer can go wrong told apart. For drivers only.

Why no vendor's own SDK: docs/decisions/0008-own-razorpay-client.md.
"""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from khata.payments.port import Refused, Unavailable, Unknown

Json = dict[str, Any]

ANSWER_BYTES_MAX = 1_048_576
_CONFLICT, _TOO_MANY_REQUESTS = 409, 429


def check_addresses(*urls: str) -> None:
    """Raises ValueError for what is no address of a gateway."""
    for url in urls:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url} is not an http:// or https:// address")


def origin_of(url: str) -> str:
    """Scheme, host and port, as the Content-Security-Policy names where a browser is sent."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


class RestClient:
    """Safe to share between threads. Redirects are not followed: an API has none, and the key must not travel."""

    def __init__(
        self,
        *,
        base_url: str,
        key: tuple[str, str],
        timeout_s: float,
        is_sandbox: bool,
        refusal: Callable[[Json], Refused],
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """`key` is what Basic authentication sends; `refusal` puts the content of an answer's `error` in our words."""
        self._timeout_s = timeout_s
        self._refusal = refusal
        self._http = httpx.Client(
            base_url=base_url,
            auth=httpx.BasicAuth(*key),
            timeout=httpx.Timeout(timeout_s, connect=min(3.0, timeout_s)),
            headers={"accept": "application/json", "user-agent": "khata", **(headers or {})},
            # A proxy of the machine's environment may lead to the real gateway, never to a sandbox on loopback.
            trust_env=not is_sandbox,
        )

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Json | Refused | Unavailable:
        """Reading changes nothing, so whatever cannot be understood is simply unavailable."""
        answer = self._call(self._http.build_request("GET", path, params=query))
        return Unavailable(answer.detail) if isinstance(answer, Unknown) else answer

    def post(
        self, path: str, body: Json, *, headers: Mapping[str, str] | None = None
    ) -> Json | Refused | Unavailable | Unknown:
        return self._call(self._http.build_request("POST", path, json=body, headers=headers))

    def post_form(
        self, path: str, form: Mapping[str, str], *, headers: Mapping[str, str] | None = None
    ) -> Json | Refused | Unavailable | Unknown:
        return self._call(self._http.build_request("POST", path, data=dict(form), headers=headers))

    def delete(self, path: str) -> Json | Refused | Unavailable | Unknown:
        return self._call(self._http.build_request("DELETE", path))

    def close(self) -> None:
        self._http.close()

    def _call(self, request: httpx.Request) -> Json | Refused | Unavailable | Unknown:
        deadline = time.monotonic() + self._timeout_s
        try:
            response = self._http.send(request, stream=True)
            try:
                body = _read_body(response, deadline)
            finally:
                response.close()
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            return Unavailable(f"could not be reached: {type(error).__name__}")
        except httpx.HTTPError as error:
            # The request may have arrived: only the answer is known to be lost.
            return Unknown(f"the answer was lost: {type(error).__name__}")
        return self._classify(response.status_code, body)

    def _classify(self, status: int, body: bytes) -> Json | Refused | Unavailable | Unknown:
        if status == _TOO_MANY_REQUESTS:
            return Unavailable("asks to slow down (429)")
        if status == _CONFLICT:
            return Unknown("the same request is under way or was made before (409)")
        answer = _json_object(body)
        if 200 <= status < 300 and answer is not None:
            return answer
        if 400 <= status < 500 and answer is not None and isinstance(answer.get("error"), dict):
            return self._refusal(answer["error"])
        if status in (401, 403, 404):
            return Refused(code=f"http_{status}", detail=f"answered {status} without an error of its own")
        return Unknown(f"answered {status} with {'an unexpected' if answer is not None else 'an unreadable'} body")


def _read_body(response: httpx.Response, deadline: float) -> bytes:
    """Bounded in size and time: httpx's own timeout starts anew with every drip of a slow answer."""
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > ANSWER_BYTES_MAX:
            raise httpx.ReadError("the answer is too long")
        if time.monotonic() > deadline:
            raise httpx.ReadTimeout("the answer took too long")
    return bytes(body)


def _json_object(body: bytes) -> Json | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
