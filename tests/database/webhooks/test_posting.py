"""Where a request really goes, and how long and how much it may take: checked addresses only, by any trick."""

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from ipaddress import ip_network
from typing import Any

import pytest

from khata.webhooks.posting import ANSWER_SIZE_MAX, Answered, Poster
from tests.webhook_receiver import CERTIFICATE, Receiver, drip, flood, hang, status

LOOPBACK = (ip_network("127.0.0.0/8"),)
NAME = "hooks.example"


def post(url: str, *, opened: Any = LOOPBACK, names: Sequence[Sequence[str]] = (), **more: Any) -> Answered:
    """`names`: what the resolver says each time it is asked; without any the system's own is asked."""
    answers = iter(names)

    async def resolve(host: str, port: int) -> Sequence[str]:
        return next(answers)

    async def once() -> Answered:
        poster = Poster(opened=opened, resolve=resolve if names else None, **more)
        try:
            return await poster.post(url, {"webhook-id": "evt_1"}, b"{}")
        finally:
            await poster.close()

    return asyncio.run(once())


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0", "[::1]", "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]", "169.254.169.254", "[fe80::1]", "10.0.0.1", "100.64.0.1", "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
    ],
)  # fmt: skip
def test_no_spelling_of_an_inner_address_is_connected_to(host: str, receiver: Receiver) -> None:
    answered = post(f"https://{host}:8443/", opened=())
    assert answered.status_code is None
    assert answered.error.startswith(("Not sent: ", "The name could not be resolved"))
    assert receiver.got == []


def test_a_name_with_one_inner_address_among_public_ones_is_refused(receiver: Receiver) -> None:
    url = f"https://{NAME}/"
    answered = post(url, opened=(), names=[["8.8.8.8", "127.0.0.1"]])
    assert answered == Answered(None, "Not sent: 127.0.0.1 is no address of the public internet.")


def test_a_name_is_resolved_once_and_what_was_checked_is_connected_to(receiver: Receiver) -> None:
    """A name server that answers something else the second time (DNS rebinding) is never asked a second time."""
    url = f"http://{NAME}:{receiver.port}/"
    assert post(url, names=[["127.0.0.1"], ["169.254.169.254"]]).status_code == 204
    assert receiver.got[0].headers["host"] == f"{NAME}:{receiver.port}"
    answered = post(url, names=[["169.254.169.254"], ["127.0.0.1"]])
    assert answered == Answered(None, "Not sent: 169.254.169.254 is no address of the public internet.")
    assert len(receiver.got) == 1


def test_every_request_is_checked_anew() -> None:
    async def twice(port: int) -> list[Answered]:
        answers = iter([["127.0.0.1"], ["10.0.0.1"]])

        async def resolve(host: str, port: int) -> Sequence[str]:
            return next(answers)

        poster = Poster(opened=LOOPBACK, resolve=resolve)
        url = f"http://{NAME}:{port}/"
        answered = [await poster.post(url, {}, b"{}") for _ in range(2)]
        await poster.close()
        return answered

    with Receiver() as receiver:
        first, second = asyncio.run(twice(receiver.port))
        assert (first.status_code, second.status_code) == (204, None)
        assert len(receiver.got) == 1


def test_when_one_address_does_not_answer_the_next_is_tried(receiver: Receiver) -> None:
    url = f"http://{NAME}:{receiver.port}/"
    assert post(url, names=[["127.0.0.2", "127.0.0.1"]]).status_code == 204


def test_a_proxy_in_the_environment_is_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert post(receiver.url).status_code == 204


def test_a_receiver_that_says_nothing_is_left_in_time(receiver: Receiver) -> None:
    receiver.behaviour = hang
    assert post(receiver.url, timeout_s=0.3) == Answered(None, "No answer within 0.3 seconds.")


def test_a_name_server_that_says_nothing_is_left_in_time() -> None:
    async def never(host: str, port: int) -> Sequence[str]:
        await asyncio.get_running_loop().create_future()
        return []

    async def once() -> Answered:
        return await Poster(opened=LOOPBACK, resolve=never, timeout_s=0.2).post(f"https://{NAME}/", {}, b"{}")

    assert asyncio.run(once()).error == "No answer within 0.2 seconds."


def test_a_status_counts_though_its_body_never_ends(receiver: Receiver) -> None:
    receiver.behaviour = drip
    answered = post(receiver.url, timeout_s=3.0)
    assert (answered.status_code, answered.error) == (200, "")


def test_of_a_large_answer_only_the_beginning_is_read(receiver: Receiver) -> None:
    receiver.behaviour = flood
    answered = post(receiver.url)
    assert answered.status_code == 500
    assert answered.answer == "x" * ANSWER_SIZE_MAX


def test_a_compressed_answer_is_not_unpacked(receiver: Receiver) -> None:
    receiver.behaviour = status(200, b"\x1f\x8b not unpacked", **{"Content-Encoding": "gzip"})
    assert post(receiver.url).answer == "\x1f\N{REPLACEMENT CHARACTER} not unpacked"


@pytest.mark.parametrize(
    "said", [b"", b"HTTP/1.1 2000 OK\r\n\r\n", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nA: " + b"x" * 200_000]
)
def test_what_is_no_http_is_no_answer(said: bytes) -> None:
    with RawServer(said) as server:
        answered = post(f"http://127.0.0.1:{server.port}/")
    assert answered.status_code is None
    assert answered.error.startswith("The connection broke off: ")


def test_a_certificate_must_be_trusted_and_for_that_name() -> None:
    trust = ssl.create_default_context(cafile=CERTIFICATE)
    with Receiver(is_tls=True) as receiver:
        url = f"https://127.0.0.1:{receiver.port}/"
        assert post(url, trust=trust).status_code == 204
        assert "certificate" in post(url).error.lower()
        # Connected to the very address the certificate is for: it is the name that must fit.
        named = post(f"https://{NAME}:{receiver.port}/", trust=trust, names=[["127.0.0.1"]])
        assert "hostname mismatch" in named.error.lower()
        assert len(receiver.got) == 1


def test_the_name_is_what_tls_asks_for_while_the_checked_address_is_connected_to() -> None:
    with RawServer(b"") as server:
        assert post(f"https://{NAME}:{server.port}/", names=[["127.0.0.1"]]).status_code is None
    assert NAME.encode() in server.heard


class RawServer:
    """Hears one request, says what it is told, and closes."""

    def __init__(self, said: bytes) -> None:
        self.heard = b""
        self._said = said
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def __enter__(self) -> "RawServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection, contextlib.suppress(OSError):
            self.heard = connection.recv(65_536)
            connection.sendall(self._said)
