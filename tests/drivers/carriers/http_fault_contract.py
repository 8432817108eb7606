"""Every broken answer a carrier reached by HTTP may give, and what its driver must make of it."""

import asyncio
import contextlib
import gzip
import json
import os
import socket
import struct
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler

import pytest

from khata.carriers.port import Accepted, Answer, Carrier, Refused, Unavailable, Unknown
from tests.drivers.payments.scripted_server import ScriptedServer, hangs_up, replies

from .bench import submissions
from .contract import store_nothing


class HttpFaultContract:
    pytestmark = pytest.mark.anyio

    path: str
    anybody = "+919812340100"

    def make_carrier(self, url: str) -> Carrier:
        raise NotImplementedError

    def good_answer(self) -> object:
        """What a yes looks like, as JSON."""
        raise NotImplementedError

    @asynccontextmanager
    async def started(self, url: str) -> AsyncIterator[Carrier]:
        carrier = self.make_carrier(url)
        await carrier.start(store_nothing)
        yield carrier
        await carrier.close()

    async def answer_to(self, reply: Callable[[BaseHTTPRequestHandler], None]) -> Answer:
        with ScriptedServer() as server:
            server.on("POST", self.path, reply)
            async with self.started(server.url) as carrier:
                return await carrier.submit(submissions(carrier, "hello", self.anybody)[0])

    async def test_a_yes_is_a_yes(self) -> None:
        assert isinstance(await self.answer_to(replies(201, self.good_answer())), Accepted)

    @pytest.mark.parametrize("status", [301, 302, 307, 408, 409, 500, 502, 503, 504])
    async def test_a_status_that_does_not_say_no_leaves_it_in_doubt(self, status: int) -> None:
        assert isinstance(await self.answer_to(replies(status, self.good_answer())), Unknown)

    @pytest.mark.parametrize(
        "body", [b"", b"<html>OK</html>", b"null", b"[]", b"{}", b'{"sid": 7}', b"\xff\xfe", b"[" * 30_000]
    )
    async def test_a_yes_that_cannot_be_read_leaves_it_in_doubt(self, body: bytes) -> None:
        assert isinstance(await self.answer_to(replies(200, body)), Unknown)

    async def test_a_yes_cut_short_leaves_it_in_doubt(self) -> None:
        assert isinstance(await self.answer_to(replies(201, self.good_answer(), promised=10)), Unknown)

    async def test_a_yes_without_end_leaves_it_in_doubt(self) -> None:
        body = json.dumps(self.good_answer()).encode() + b" " * 70_000
        assert isinstance(await self.answer_to(replies(201, body)), Unknown)

    async def test_a_packed_answer_is_not_unpacked(self) -> None:
        body = gzip.compress(json.dumps(self.good_answer()).encode())
        assert isinstance(await self.answer_to(replies(201, body)), Unknown)

    async def test_a_connection_closed_without_a_word_leaves_it_in_doubt(self) -> None:
        assert isinstance(await self.answer_to(hangs_up), Unknown)

    async def test_a_connection_reset_after_the_request_leaves_it_in_doubt(self) -> None:
        assert isinstance(await self.answer_to(resets), Unknown)

    async def test_an_answer_that_drips_for_ever_ends_in_time(self) -> None:
        async with asyncio.timeout(60):
            assert isinstance(await self.answer_to(drips), Unknown)

    @pytest.mark.parametrize("status", [400, 402, 413, 422])
    @pytest.mark.parametrize("body", [b"", b"<html>no</html>", b"[]", b'{"code": {}}'])
    async def test_a_no_without_a_reason_is_a_no(self, status: int, body: bytes) -> None:
        answer = await self.answer_to(replies(status, body))
        assert isinstance(answer, Refused)
        assert answer.code == f"http_{status}"

    @pytest.mark.parametrize("status", [401, 403, 404, 407])
    async def test_a_wrong_address_or_credential_concerns_every_message_so_they_wait(self, status: int) -> None:
        answer = await self.answer_to(replies(status, b"<html>no</html>"))
        assert isinstance(answer, Unavailable)
        assert not answer.is_throttled
        assert str(status) in answer.detail

    async def test_too_many_requests_slows_down(self) -> None:
        answer = await self.answer_to(replies(429, b"slow down"))
        assert isinstance(answer, Unavailable)
        assert answer.is_throttled

    async def test_no_redirect_is_followed(self) -> None:
        with ScriptedServer() as server, ScriptedServer() as elsewhere:
            elsewhere.on("POST", self.path, replies(201, self.good_answer()))
            server.on("POST", self.path, redirects_to(elsewhere.url + self.path))
            async with self.started(server.url) as carrier:
                answer = await carrier.submit(submissions(carrier, "hello", self.anybody)[0])
            assert isinstance(answer, Unknown)
            assert elsewhere.requests == []

    async def test_a_far_end_that_speaks_no_tls_was_handed_nothing(self) -> None:
        with ScriptedServer() as server:
            async with self.started(server.url.replace("http://", "https://")) as carrier:
                answer = await carrier.submit(submissions(carrier, "hello", self.anybody)[0])
            assert isinstance(answer, Unavailable)
            assert server.requests == []

    async def test_a_host_without_an_address_was_handed_nothing(self) -> None:
        async with self.started("http://nowhere.invalid") as carrier:
            answer = await carrier.submit(submissions(carrier, "hello", self.anybody)[0])
        assert isinstance(answer, Unavailable)


def redirects_to(url: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(307)
        handler.send_header("location", url)
        handler.send_header("content-length", "0")
        handler.end_headers()

    return answer


def resets(handler: BaseHTTPRequestHandler) -> None:
    """Ends the connection with a reset instead of a goodbye."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(handler.connection.detach())
    handler.close_connection = True


def drips(handler: BaseHTTPRequestHandler) -> None:
    """A byte now and then, so that no single read takes too long."""
    handler.close_connection = True
    with contextlib.suppress(OSError):
        handler.send_response(201)
        handler.send_header("content-length", "10000")
        handler.end_headers()
        for _ in range(10_000):
            handler.wfile.write(b" ")
            time.sleep(0.05)
