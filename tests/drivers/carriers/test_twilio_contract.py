"""The Twilio driver, and a far end that plays Twilio's API."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from khata.carriers.drivers.twilio import TwilioCarrier
from khata.carriers.port import CarrierNews
from tests.ports import free_port

from .bench import ANSWER_TIMEOUT_S, Behaviour
from .contract import CarrierContract, store_nothing
from .far_server import serving
from .http_fault_contract import HttpFaultContract
from .twilio_bench import settings_for, status_callback
from .twilio_far_end import ACCOUNT_SID, LOST, REFUSED, SILENT, THROTTLED, TwilioFarEnd, new_message

NUMBERS = {
    Behaviour.DELIVERS: "+919812340100",
    Behaviour.LOSES: LOST,
    Behaviour.REFUSES: REFUSED,
    Behaviour.THROTTLES: THROTTLED,
    Behaviour.STAYS_SILENT: SILENT,
}


@dataclass
class TwilioBench:
    carrier: TwilioCarrier
    far_end: TwilioFarEnd
    news: list[CarrierNews]
    numbers: dict[Behaviour, str] = field(default_factory=lambda: NUMBERS)

    async def arrived(self, recipient: str) -> list[str]:
        return [message["body"] for message in self.far_end.messages.values() if message["to"] == recipient]


class TestTwilio(CarrierContract):
    @asynccontextmanager
    async def open_bench(self, folder: Path) -> AsyncIterator[TwilioBench]:
        news: list[CarrierNews] = []

        def deliver(url: str, body: bytes, headers: dict[str, str]) -> None:
            news.extend(carrier.read_callback(status_callback(url, body, headers)))

        far_end = TwilioFarEnd(deliver)
        with serving(far_end.answer) as url:
            carrier = TwilioCarrier(settings_for(url, timeout_s=ANSWER_TIMEOUT_S))
            await carrier.start(store_nothing)
            yield TwilioBench(carrier, far_end, news)
            await carrier.close()

    def make_unreachable(self) -> TwilioCarrier:
        return TwilioCarrier(settings_for(f"http://127.0.0.1:{free_port()}"))


class TestTwilioFaults(HttpFaultContract):
    path = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"

    def make_carrier(self, url: str) -> TwilioCarrier:
        return TwilioCarrier(settings_for(url, timeout_s=ANSWER_TIMEOUT_S))

    def good_answer(self) -> object:
        return new_message({"To": "+919812340100", "Body": "hello", "StatusCallback": "x"})
