"""The HTTP driver, described two ways: for a carrier that speaks JSON, and for one that answers a line of text."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from khata.carriers.callbacks import Callback
from khata.carriers.drivers.http import HttpCarrier, settings_of
from khata.carriers.port import Accepted, CarrierNews, Dlt, Unavailable
from tests.ports import free_port

from .bench import Behaviour, submissions
from .contract import CarrierContract, store_nothing
from .far_server import serving
from .gateway_far_end import LOST, REFUSED, SILENT, THROTTLED, JsonGateway, LineGateway
from .gateway_tables import json_table, line_table
from .http_fault_contract import HttpFaultContract

NUMBERS = {
    Behaviour.DELIVERS: "+919812340100",
    Behaviour.LOSES: f"+{LOST}",
    Behaviour.REFUSES: f"+{REFUSED}",
    Behaviour.THROTTLES: f"+{THROTTLED}",
    Behaviour.STAYS_SILENT: f"+{SILENT}",
}
DLT = Dlt("1101172974420810001", "1107161513000012345", ())


@dataclass
class HttpBench:
    carrier: HttpCarrier
    far_end: JsonGateway | LineGateway
    news: list[CarrierNews]
    numbers: dict[Behaviour, str] = field(default_factory=lambda: NUMBERS)

    async def arrived(self, recipient: str) -> list[str]:
        return [text for to, text in self.far_end.arrived if f"+{to}" == recipient]


def carrier_of(table: dict[str, Any]) -> HttpCarrier:
    return HttpCarrier(settings_of("acme", table, is_sandbox=True))


@asynccontextmanager
async def bench_of(
    make: type[JsonGateway] | type[LineGateway], table: Callable[[str], dict[str, Any]]
) -> AsyncIterator[HttpBench]:
    news: list[CarrierNews] = []

    def deliver(url: str, query: str, body: bytes, headers: dict[str, str]) -> None:
        path = urlsplit(url).path
        callback = Callback("status", "POST" if body else "GET", path, query, body, headers, path.rsplit("/", 1)[-1])
        news.extend(carrier.read_callback(callback))

    far_end = make(deliver)
    with serving(far_end.answer) as url:
        carrier = carrier_of(table(url))
        await carrier.start(store_nothing)
        yield HttpBench(carrier, far_end, news)
        await carrier.close()


class TestJson(CarrierContract):
    @asynccontextmanager
    async def open_bench(self, folder: Path) -> AsyncIterator[HttpBench]:
        async with bench_of(JsonGateway, json_table) as bench:
            yield bench

    def make_unreachable(self) -> HttpCarrier:
        return carrier_of(json_table(f"http://127.0.0.1:{free_port()}"))


class TestLine(CarrierContract):
    @asynccontextmanager
    async def open_bench(self, folder: Path) -> AsyncIterator[HttpBench]:
        async with bench_of(LineGateway, line_table) as bench:
            yield bench

    def make_unreachable(self) -> HttpCarrier:
        return carrier_of(line_table(f"http://127.0.0.1:{free_port()}"))


class TestHttpFaults(HttpFaultContract):
    path = "/v2/send"

    def make_carrier(self, url: str) -> HttpCarrier:
        return carrier_of(json_table(url))

    def good_answer(self) -> object:
        return {"type": "success", "data": [{"id": "r-1"}]}


@pytest.mark.anyio
async def test_the_request_is_what_its_templates_say() -> None:
    async with bench_of(JsonGateway, json_table) as bench:
        [plain] = submissions(bench.carrier, "hello {secret}", "+919812340100")
        [hindi] = submissions(bench.carrier, "नमस्ते", "+919812340100")
        assert isinstance(await bench.carrier.submit(plain._replace(dlt=DLT)), Accepted)
        assert isinstance(await bench.carrier.submit(hindi), Accepted)
        with_dlt, without = bench.far_end.asked
    assert with_dlt == {
        "flow": 4,
        "is_flash": False,
        "entity": "1101172974420810001",
        "template": "1107161513000012345",
        "callback": "https://credits.example/callbacks/carriers/acme/status/callback-secret-0001",
        "messages": [{"to": "919812340100", "from": "HDRXYZ", "text": "hello {secret}", "kind": "plain"}],
    }
    assert without["messages"] == [{"to": "919812340100", "from": "HDRXYZ", "text": "नमस्ते", "kind": "unicode"}]
    assert not {"entity", "template"} & set(without), "what is not known is left out"


@pytest.mark.anyio
async def test_a_text_cannot_add_a_parameter() -> None:
    text = "hello&key=stolen&dest=1#?%26\r\nx: y"
    async with bench_of(LineGateway, line_table) as bench:
        [submission] = submissions(bench.carrier, text, "+919812340100")
        assert isinstance(await bench.carrier.submit(submission), Accepted)
        assert bench.far_end.arrived == [("919812340100", text)]


@pytest.mark.anyio
async def test_wrong_credentials_let_messages_wait() -> None:
    async with bench_of(JsonGateway, lambda url: json_table(url) | {"secret": "another-key"}) as bench:
        [submission] = submissions(bench.carrier, "hello", "+919812340100")
        assert isinstance(await bench.carrier.submit(submission), Unavailable)
