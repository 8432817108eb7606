"""The SMTP driver, and a mail server that answers as a test wants."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path

from khata.carriers.drivers.smtp import SmtpCarrier, settings_of
from khata.carriers.port import CarrierNews, ReceiptState
from tests.ports import free_port

from .bench import ANSWER_TIMEOUT_S, Behaviour
from .contract import CarrierContract, store_nothing
from .smtp_far_end import MailServer, mail_server
from .test_smtp_bounces import BOUNCES, bounce, posted

ASHA, LOST = "asha@example.org", "gone@example.org"
ADDRESSES = {
    Behaviour.DELIVERS: ASHA,
    Behaviour.LOSES: LOST,
    Behaviour.REFUSES: "refused@example.org",
    Behaviour.THROTTLES: "later@example.org",
    Behaviour.STAYS_SILENT: "silent@example.org",
}


@dataclass
class SmtpBench:
    carrier: SmtpCarrier
    far_end: MailServer
    numbers: dict[Behaviour, str] = field(default_factory=lambda: ADDRESSES)

    @property
    def news(self) -> list[CarrierNews]:
        """Of each mail to the mailbox that is gone a bounce came back to its return address."""
        refs = [sender.partition("@")[0] for sender, recipient, _ in self.far_end.taken if recipient == LOST]
        return [item for ref in refs for item in self.carrier.read_callback(posted(bounce(ref=ref)))]

    async def arrived(self, recipient: str) -> list[str]:
        return [text_of(octets) for _, to, octets in self.far_end.taken if to == recipient]


class TestSmtp(CarrierContract):
    anybody = ASHA
    told = {Behaviour.LOSES: ReceiptState.UNDELIVERED}

    @asynccontextmanager
    async def open_bench(self, folder: Path) -> AsyncIterator[SmtpBench]:
        async with mail_server() as server:
            carrier = carrier_at(server.port)
            await carrier.start(store_nothing)
            yield SmtpBench(carrier, server)
            await carrier.close()

    def make_unreachable(self) -> SmtpCarrier:
        return carrier_at(free_port())


def carrier_at(port: int) -> SmtpCarrier:
    table = {"host": "127.0.0.1", "port": port, "timeout_s": ANSWER_TIMEOUT_S, **BOUNCES}
    return SmtpCarrier(settings_of("smtp", table, is_sandbox=True))


def text_of(octets: bytes) -> str:
    part = message_from_bytes(octets.replace(b"\n..", b"\n."), policy=policy.default).get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n").removesuffix("\n")
