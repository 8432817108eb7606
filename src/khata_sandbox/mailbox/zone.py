"""DNS for the sandbox: TXT records that are published on a page, answered over UDP, and believed by the mailbox.

Whoever sends through the sandbox publishes the sending domain's records here, as they would where the domain is hosted.
"""

import asyncio
from typing import Final, cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from dns.rdtypes.ANY.TXT import TXT

from khata_sandbox.mailbox.store import MailStore
from khata_sandbox.process import StartRefused

_TTL_S: Final = 1
_STRING_OCTETS_MAX: Final = 255


class NotARecord(ValueError):
    """The name or the text cannot stand in DNS. The message says why."""


class Zone:
    """Every record there is, in memory; the store keeps it."""

    def __init__(self, store: MailStore) -> None:
        self._store = store
        self._texts: dict[str, list[str]] = {}

    async def load(self) -> None:
        for name, text in await self._store.records():
            self._texts.setdefault(name, []).append(text)

    async def publish(self, name: str, text: str) -> None:
        """Beside what stands under that name already. Raises NotARecord."""
        name, text = _name_of(name), text.strip()
        if not text or not text.isprintable() or len(text.encode()) > 4_000:
            raise NotARecord("A record's text is one line of 1 to 4,000 octets.")
        if text not in self._texts.get(name, ()):
            await self._store.add_record(name, text)
            self._texts.setdefault(name, []).append(text)

    async def withdraw(self, name: str) -> None:
        """Everything under a name. Raises NotARecord."""
        await self._store.drop_records(_name_of(name))
        self._texts.pop(_name_of(name), None)

    def texts(self, name: str) -> list[str]:
        return self._texts.get(name.rstrip(".").lower(), [])

    def listed(self) -> list[tuple[str, str]]:
        return [(name, text) for name, texts in sorted(self._texts.items()) for text in texts]


async def answer_questions(zone: Zone, host: str, port: int) -> asyncio.DatagramTransport:
    """Answers DNS over UDP until closed. Raises `StartRefused`."""
    loop = asyncio.get_running_loop()
    try:
        transport, _ = await loop.create_datagram_endpoint(lambda: _Responder(zone), local_addr=(host, port))
    except OSError as error:
        raise StartRefused(f"Cannot answer DNS on {host}:{port} (UDP): {error.strerror}.") from error
    return transport


class _Responder(asyncio.DatagramProtocol):
    def __init__(self, zone: Zone) -> None:
        self._zone = zone

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """What is no question is not answered."""
        try:
            query = dns.message.from_wire(data)
            if len(query.question) == 1 and not query.flags & dns.flags.QR:
                self._transport.sendto(self._answer(query).to_wire(max_size=65_000), addr)
        except dns.exception.DNSException:
            return

    def _answer(self, query: dns.message.Message) -> dns.message.Message:
        [question] = query.question
        texts = self._zone.texts(question.name.to_text())
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.AA
        if not texts:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif question.rdtype == dns.rdatatype.TXT:
            answer.answer.append(dns.rrset.from_rdata_list(question.name, _TTL_S, [_rdata(text) for text in texts]))
        return answer


def _rdata(text: str) -> TXT:
    octets = text.encode()
    strings = [octets[at : at + _STRING_OCTETS_MAX] for at in range(0, len(octets), _STRING_OCTETS_MAX)]
    return TXT(dns.rdataclass.IN, dns.rdatatype.TXT, strings)


def _name_of(text: str) -> str:
    try:
        name = dns.name.from_text(text.strip().lower())
    except (dns.exception.DNSException, UnicodeError):
        raise NotARecord("That is no name DNS could have.") from None
    return name.to_text(omit_final_dot=True)
