"""E-mail by mail services, and far ends that play two of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from khata.carriers.callbacks import Callback
from khata.carriers.drivers.anymail import AnymailCarrier, settings_of
from khata.carriers.port import CarrierNews
from tests.ports import free_port

from .bench import ANSWER_TIMEOUT_S, Behaviour
from .contract import CarrierContract, store_nothing
from .far_server import serving
from .http_fault_contract import HttpFaultContract
from .mail_services import (
    ASHA,
    LOST,
    MAILGUN,
    POSTMARK,
    PUBLIC_URL,
    REFUSED,
    SILENT,
    THROTTLED,
    Mailgun,
    Postmark,
    mailgun_yes,
    postmark_yes,
)

ADDRESSES = {
    Behaviour.DELIVERS: ASHA,
    Behaviour.LOSES: LOST,
    Behaviour.REFUSES: REFUSED,
    Behaviour.THROTTLES: THROTTLED,
    Behaviour.STAYS_SILENT: SILENT,
}


def carrier_at(url: str, service: dict[str, str], **more: Any) -> AnymailCarrier:
    path = "/v3" if service is MAILGUN else ""
    table = {"public_url": PUBLIC_URL, "api_url": url + path, "timeout_s": ANSWER_TIMEOUT_S, **more}
    return AnymailCarrier(settings_of("post", {**service, **table}, is_sandbox=True))


def event(body: bytes, headers: dict[str, str]) -> Callback:
    return Callback("status", "POST", "/callbacks/carriers/post/status", "", body, headers)


@dataclass
class MailBench:
    carrier: AnymailCarrier
    far_end: Postmark | Mailgun
    news: list[CarrierNews]
    numbers: dict[Behaviour, str] = field(default_factory=lambda: ADDRESSES)

    async def arrived(self, recipient: str) -> list[str]:
        return [taken.text.removesuffix("\n") for taken in self.far_end.taken if taken.recipient == recipient]


@asynccontextmanager
async def bench_of(make: type[Postmark | Mailgun], service: dict[str, str]) -> AsyncIterator[MailBench]:
    news: list[CarrierNews] = []

    def deliver(body: bytes, headers: dict[str, str]) -> None:
        news.extend(carrier.read_callback(event(body, headers)))

    far_end = make(deliver)
    with serving(far_end.answer) as url:
        carrier = carrier_at(url, service)
        await carrier.start(store_nothing)
        yield MailBench(carrier, far_end, news)
        await carrier.close()


class TestPostmark(CarrierContract):
    anybody = ASHA

    @asynccontextmanager
    async def open_bench(self, folder: Path) -> AsyncIterator[MailBench]:
        async with bench_of(Postmark, POSTMARK) as bench:
            yield bench

    def make_unreachable(self) -> AnymailCarrier:
        return carrier_at(f"http://127.0.0.1:{free_port()}", POSTMARK)


class TestMailgun(CarrierContract):
    anybody = ASHA

    @asynccontextmanager
    async def open_bench(self, folder: Path) -> AsyncIterator[MailBench]:
        async with bench_of(Mailgun, MAILGUN) as bench:
            yield bench

    def make_unreachable(self) -> AnymailCarrier:
        return carrier_at(f"http://127.0.0.1:{free_port()}", MAILGUN)


class TestPostmarkFaults(HttpFaultContract):
    path = "/email"
    anybody = ASHA

    def make_carrier(self, url: str) -> AnymailCarrier:
        return carrier_at(url, POSTMARK)

    def good_answer(self) -> object:
        return postmark_yes("0a129aee-e1cd-480d-b08d-4f48548ff48d", ASHA)


class TestMailgunFaults(HttpFaultContract):
    path = "/v3/acme.example/messages"
    anybody = ASHA

    def make_carrier(self, url: str) -> AnymailCarrier:
        return carrier_at(url, MAILGUN)

    def good_answer(self) -> object:
        return mailgun_yes("<20261123101500.1@acme.example>")
