"""The SMPP driver, bound to the sandbox's message centre."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from khata.carriers.drivers.smpp import SmppCarrier
from khata.carriers.port import CarrierNews
from tests.drivers.smpp.fake_smsc import settings_for
from tests.drivers.smpp.test_sandbox import Sandbox, sandbox
from tests.ports import free_port

from .bench import Behaviour
from .contract import CarrierContract

NUMBERS = {
    Behaviour.DELIVERS: "+919812340100",
    Behaviour.LOSES: "+919812340002",
    Behaviour.REFUSES: "+919812340001",
    Behaviour.THROTTLES: "+919812340005",
    Behaviour.STAYS_SILENT: "+919812340004",
}


@dataclass
class SmppBench:
    far_end: Sandbox
    numbers: dict[Behaviour, str] = field(default_factory=lambda: NUMBERS)

    @property
    def carrier(self) -> SmppCarrier:
        return self.far_end.carrier

    @property
    def news(self) -> list[CarrierNews]:
        return [*self.far_end.inbox.receipts]

    async def arrived(self, recipient: str) -> list[str]:
        answer = await self.far_end.pages.get("/messages.json", params={"to": recipient})
        return [message["text"] for message in answer.raise_for_status().json()]


class TestSmpp(CarrierContract):
    @asynccontextmanager
    async def open_bench(self, folder: Path) -> AsyncIterator[SmppBench]:
        async with sandbox(folder) as far_end:
            yield SmppBench(far_end)

    def make_unreachable(self) -> SmppCarrier:
        return SmppCarrier(settings_for(free_port()))
