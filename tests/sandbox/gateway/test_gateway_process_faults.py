"""Faults only a real connection can have: cut short, answered in vain, returned from twice."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from ..far_end import wait_until
from .merchant import KEY_ID, KEY_SECRET
from .payer import Payer
from .test_gateway_process import GatewayProcess

BODY = {"amount": 118_000, "currency": "INR"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    with GatewayProcess(tmp_path_factory.mktemp("gateway"), SEED="4711") as far_end:
        yield far_end


@pytest.fixture
def http(running: GatewayProcess) -> Iterator[httpx.Client]:
    """A merchant's program, with a sandbox that has forgotten everything."""
    with httpx.Client(base_url=running.url, auth=(KEY_ID, KEY_SECRET), trust_env=False) as client:
        assert client.post("/_sandbox/reset").status_code == 200
        yield client


@pytest.fixture
def returns() -> Iterator[tuple[str, list[dict[str, list[str]]]]]:
    """The merchant's return address on loopback, and what came to it."""
    received: list[dict[str, list[str]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(parse_qs(self.rfile.read(int(self.headers["content-length"])).decode()))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/return", received
    server.shutdown()
    thread.join()
    server.server_close()


def switch_on(http: httpx.Client, fault: str, **more: Any) -> None:
    answer = http.post("/_sandbox/faults", json={"fault": fault, **more})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(("fault", "orders_count"), [("api_cut", 0), ("api_lost", 1)])
def test_a_cut_call_did_nothing_and_one_whose_answer_is_lost_did_it(
    http: httpx.Client, fault: str, orders_count: int
) -> None:
    switch_on(http, fault, target="POST /v1/orders", count=1)
    with pytest.raises(httpx.RemoteProtocolError):
        http.post("/v1/orders", json=BODY)
    assert http.get("/v1/orders").json()["count"] == orders_count
    assert http.post("/v1/orders", json=BODY).status_code == 200


def test_a_slow_answer_outlasts_an_impatient_client(http: httpx.Client) -> None:
    switch_on(http, "api_slow", value=2, count=1)
    with pytest.raises(httpx.ReadTimeout):
        http.get("/v1/orders", timeout=0.1)
    assert http.get("/v1/orders").status_code == 200


def test_a_return_that_comes_twice_comes_once_by_itself(
    running: GatewayProcess, http: httpx.Client, returns: tuple[str, list[dict[str, list[str]]]]
) -> None:
    url, received = returns
    switch_on(http, "return_twice", count=1)
    order = http.post("/v1/orders", json=BODY).json()
    payer = Payer(running.http)
    payer.start({"key_id": KEY_ID, "order_id": order["id"], "callback_url": url})
    payer.press("Pay", within="#netbanking").press("Success")
    fields = payer.return_form()[1]
    wait_until(lambda: received, "the return that comes by itself")
    assert [{name: values[0] for name, values in one.items()} for one in received] == [fields]


def test_the_seed_is_shown(running: GatewayProcess, http: httpx.Client) -> None:
    assert http.get("/_sandbox").json()["seed"] == 4711
    assert "4711" in running.http.get("/control").text


def test_the_seed_is_printed_and_the_clock_runs_as_told(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path, SEED="42", TIME_SPEED="3600") as far_end:
        assert far_end.http.get("/_sandbox", auth=(KEY_ID, KEY_SECRET)).json()["clock"]["speed"] == 3600
        far_end.stop()
    assert "/control (seed 42)" in far_end.errors
