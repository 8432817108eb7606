"""HTTP to a carrier's API, with every way an answer can go wrong told apart. For drivers only.

There is no connection to be bound or lost: a session that was started counts as bound. Whether a far end that does not
answer is left alone for a while is for the worker to say (core/breaker.py).
"""

import asyncio
import contextlib
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

import httpx

from khata.carriers.port import CarrierHealth, Unavailable, Unknown

BODY_BYTES_MAX = 65_536
CLOSE_WAIT_S = 5.0
CONNECT_S_MAX = 5.0
IDLE_S_MAX = 2.0
"""Shorter than servers keep an idle connection: a request on one they are just closing would be in doubt."""

_ACCESS_STATUSES = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.PROXY_AUTHENTICATION_REQUIRED}
)


class HttpAnswer(NamedTuple):
    """An answer that came whole; `body` is empty where it was longer than BODY_BYTES_MAX."""

    status: int
    body: bytes

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_doubtful(self) -> bool:
        """Whether the request may have been carried out although the answer does not say so."""
        is_clear = self.is_success or 400 <= self.status < 500
        return not is_clear or self.status in (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT)

    @property
    def is_about_access(self) -> bool:
        """Whether it is about our address or credentials, so about every message until an operator has mended it."""
        return self.status in _ACCESS_STATUSES

    @property
    def asks_to_slow_down(self) -> bool:
        return self.status == HTTPStatus.TOO_MANY_REQUESTS

    def json(self) -> Any:
        """None for what is no JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


class HttpSession:
    """At most `window` requests at once, for one event loop. No redirect is followed: credentials must not travel."""

    def __init__(
        self,
        *,
        window: int,
        timeout_s: float,
        is_sandbox: bool,
        auth: tuple[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._window = window
        self._free_slots = asyncio.Semaphore(window)
        self._outstanding_count = 0
        self._timeout_s = timeout_s
        self._options: dict[str, Any] = {
            "auth": httpx.BasicAuth(*auth) if auth else None,
            # Nothing is unpacked, so what 64 kB may become is bounded, too.
            "headers": {"user-agent": "khata", "accept-encoding": "identity", **(headers or {})},
            "timeout": httpx.Timeout(timeout_s, connect=min(CONNECT_S_MAX, timeout_s / 2)),
            "limits": httpx.Limits(
                max_connections=window, max_keepalive_connections=window, keepalive_expiry=IDLE_S_MAX
            ),
            # A proxy of the machine's environment may lead to the real carrier, never to a sandbox on loopback.
            "trust_env": not is_sandbox,
        }
        self._client: httpx.AsyncClient | None = None
        self._detail = "not started"

    def start(self) -> None:
        self._client = httpx.AsyncClient(**self._options)
        self._detail = "ready"

    async def exchange(self, method: str, url: str, **content: Any) -> HttpAnswer | Unavailable | Unknown:
        """Asks once; `content` is what httpx takes: params, data, json, headers.

        `Unavailable` only where certainly nothing was asked; `Unknown` where the request may have arrived.
        """
        async with self._free_slots:
            if self._client is None:
                return Unavailable(self._detail)
            self._outstanding_count += 1
            try:
                return await self._ask(self._client, self._client.build_request(method, url, **content))
            finally:
                self._outstanding_count -= 1

    async def close(self) -> None:
        """Waits a few seconds for open answers; one that is still open then is `Unknown` to whoever waits for it."""
        client, self._client, self._detail = self._client, None, "closed"
        if client is None:
            return
        slots = await self._wait_for_open_answers()
        await client.aclose()
        for _ in range(slots):
            self._free_slots.release()

    def health(self) -> CarrierHealth:
        return CarrierHealth(self._client is not None, self._outstanding_count, self._detail)

    async def _wait_for_open_answers(self) -> int:
        """All slots taken are as many as no answer is open for."""
        slots = 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_WAIT_S):
                while slots < self._window:
                    await self._free_slots.acquire()
                    slots += 1
        return slots

    async def _ask(self, client: httpx.AsyncClient, request: httpx.Request) -> HttpAnswer | Unavailable | Unknown:
        try:
            # httpx's own timeout starts anew with every drip of a slow answer.
            async with asyncio.timeout(self._timeout_s):
                response = await client.send(request, stream=True)
                try:
                    return HttpAnswer(response.status_code, await _body(response))
                finally:
                    await response.aclose()
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            return Unavailable(f"could not be reached: {type(error).__name__}")
        except (httpx.HTTPError, httpx.StreamError, TimeoutError) as error:
            return Unknown(f"the answer was lost: {type(error).__name__}")


async def _body(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            return b""
    return bytes(body)
