"""HTTP to Razorpay's REST API, with every way an answer can go wrong told apart.

Why not the official SDK: it has no timeout unless each call is given one, keeps neither the HTTP status nor the error's
reason, raises a JSON error on an HTML body, and shares one mutable default between calls.
"""

import json
import time
from collections.abc import Mapping
from typing import Any

import httpx

from khata.payments.drivers.razorpay.settings import RazorpaySettings
from khata.payments.port import Refused, Unavailable, Unknown

Json = dict[str, Any]

ANSWER_BYTES_MAX = 1_048_576
_TOO_MANY_REQUESTS = 429


class RazorpayClient:
    """Safe to share between threads. Redirects are not followed: the API has none, and the key must not travel."""

    def __init__(self, settings: RazorpaySettings) -> None:
        self._timeout_s = settings.timeout_s
        self._http = httpx.Client(
            base_url=settings.base_url,
            auth=httpx.BasicAuth(settings.key_id, settings.key_secret),
            timeout=httpx.Timeout(settings.timeout_s, connect=min(3.0, settings.timeout_s)),
            headers={"accept": "application/json", "user-agent": "khata"},
            # A proxy of the machine's environment may lead to the real gateway, never to a sandbox on loopback.
            trust_env=not settings.is_sandbox,
        )

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Json | Refused | Unavailable:
        """Reading changes nothing, so whatever cannot be understood is simply unavailable."""
        answer = self._call(self._http.build_request("GET", path, params=query))
        return Unavailable(answer.detail) if isinstance(answer, Unknown) else answer

    def post(self, path: str, body: Json) -> Json | Refused | Unavailable | Unknown:
        return self._call(self._http.build_request("POST", path, json=body))

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
        return _classify(response.status_code, body)


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


def _classify(status: int, body: bytes) -> Json | Refused | Unavailable | Unknown:
    if status == _TOO_MANY_REQUESTS:
        return Unavailable("asks to slow down (429)")
    answer = _json_object(body)
    if 200 <= status < 300 and answer is not None:
        return answer
    if 400 <= status < 500 and answer is not None and isinstance(answer.get("error"), dict):
        return _refusal(answer["error"])
    if status in (401, 403, 404):
        return Refused(code=f"http_{status}", detail=f"answered {status} without an error of its own")
    return Unknown(f"answered {status} with {'an unexpected' if answer is not None else 'an unreadable'} body")


def _refusal(error: Json) -> Refused:
    reason = error.get("reason")
    code = reason if isinstance(reason, str) and reason not in ("", "NA") else error.get("code")
    return Refused(code=str(code or "refused"), detail=str(error.get("description") or ""))


def _json_object(body: bytes) -> Json | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
