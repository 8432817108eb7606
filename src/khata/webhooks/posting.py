"""One POST to a customer's address: checked, connected to exactly what was checked, bounded in time and size.

The check stands where the connection is made, so nothing can go round it: a name is resolved once, every address it
has must be allowed, and one of these very addresses is connected to, while certificate and Host stay the name's.
There are no redirects, no proxies, no cookies and no decompression: httpcore has none of them.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpcore
import httpx

from khata.webhooks.core.targets import Network, NotATarget, check_address

TIMEOUT_S = 15.0
"""From the first look at the name to the last byte of the answer."""
ANSWER_SIZE_MAX = 1_000
"""Bytes of an answer that are kept. No more is read than it takes to have them: httpcore reads 64 kB at a time."""
CONNECTIONS_MAX = 256
_CONNECT_S = 5.0
_RESOLVERS_COUNT = 64

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""All addresses a name has now."""


class Answered(NamedTuple):
    """`status_code` is None where no answer came, and `error` says why. `answer` is the beginning of the body."""

    status_code: int | None
    error: str = ""
    answer: str = ""


class Poster:
    """For one event loop. `resolve` and `trust` are the system's unless a caller brings others."""

    def __init__(
        self,
        *,
        opened: Sequence[Network] = (),
        resolve: Resolve | None = None,
        trust: ssl.SSLContext | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._timeout_s = timeout_s
        # A name server that never answers keeps a thread for long: these are nobody else's.
        self._threads = ThreadPoolExecutor(_RESOLVERS_COUNT, thread_name_prefix="resolve")
        trusted = trust or httpx.create_ssl_context(trust_env=False)
        self._pools = {
            scheme: httpcore.AsyncConnectionPool(
                ssl_context=trusted,
                max_connections=CONNECTIONS_MAX,
                # Every request goes over a connection of its own, whose address was checked for it.
                max_keepalive_connections=0,
                network_backend=_CheckedWay(scheme, opened, resolve or self._resolve),
            )
            for scheme in ("http", "https")
        }

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answered:
        """Never raises: whatever goes wrong is an answer that did not come."""
        answered = Answered(None, f"No answer within {self._timeout_s:g} seconds.")
        try:
            async with asyncio.timeout(self._timeout_s), self._sent(url, headers, body) as response:
                answered = Answered(response.status)
                return answered._replace(answer=await _beginning(response))
        except TimeoutError:
            return answered
        except Exception as error:
            return answered if answered.status_code is not None else Answered(None, _reason(error))

    async def close(self) -> None:
        for pool in self._pools.values():
            await pool.aclose()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _sent(self, url: str, headers: Mapping[str, str], body: bytes) -> Any:
        """An asynchronous context with the answer's status and its body, not read yet."""
        parts = urlsplit(url)
        pairs = [("Host", parts.netloc), ("Content-Length", str(len(body))), *headers.items()]
        return self._pools[parts.scheme].stream("POST", url, headers=pairs, content=body)

    async def _resolve(self, host: str, port: int) -> list[str]:
        find = asyncio.get_running_loop().run_in_executor
        found = await find(self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        return [str(address[0]) for *_, address in found]


class _CheckedWay(httpcore.AsyncNetworkBackend):
    """Makes connections, each to an address that was just checked."""

    def __init__(self, scheme: str, opened: Sequence[Network], resolve: Resolve) -> None:
        self._scheme, self._opened, self._resolve = scheme, opened, resolve
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Raises NotATarget, and what httpcore's own backend raises."""
        addresses = [ip_address(text) for text in dict.fromkeys(await self._resolve(host, port))]
        for address in addresses:
            check_address(address, scheme=self._scheme, port=port, opened=self._opened)
        failure: Exception = httpcore.ConnectError("The name has no address.")
        for address in addresses:
            try:
                return await self._network.connect_tcp(str(address), port, _CONNECT_S, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def _beginning(response: httpcore.Response) -> str:
    """What cannot be decoded, or kept by the database, is replaced."""
    received = b""
    async for chunk in response.aiter_stream():
        received += chunk
        if len(received) >= ANSWER_SIZE_MAX:
            break
    return received[:ANSWER_SIZE_MAX].decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")


def _reason(error: Exception) -> str:
    """For the customer, in one sentence."""
    match error:
        case NotATarget():
            return f"Not sent: {error}"
        case socket.gaierror() | UnicodeError():
            return "The name could not be resolved."
        case httpcore.ConnectTimeout():
            return "No connection within 5 seconds."
        case httpcore.ConnectError():
            return f"No connection: {error}"[:200]
        case _:
            return f"The connection broke off: {error or type(error).__name__}"[:200]
