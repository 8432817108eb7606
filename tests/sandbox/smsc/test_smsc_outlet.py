"""The outgoing side of one connection: slow octets hold the others back, but only so many."""

import asyncio

from khata_sandbox.smsc.outlet import Outlet


class Line(asyncio.Transport):
    """Keeps what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.octets = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.octets += bytes(data)

    def is_closing(self) -> bool:
        return False


def test_what_is_sent_waits_behind_slow_octets() -> None:
    asyncio.run(_send_behind_slow_octets())


async def _send_behind_slow_octets() -> None:
    line = Line()
    outlet = Outlet(line)
    outlet.trickle(b"slow")
    outlet.send(b" fast")
    assert line.octets == b"s"
    async with asyncio.timeout(30):
        while line.octets != b"slow fast":
            await asyncio.sleep(0)


def test_slow_octets_hold_back_no_more_than_may_wait() -> None:
    asyncio.run(_send_too_much_behind_slow_octets())


async def _send_too_much_behind_slow_octets() -> None:
    line = Line()
    outlet = Outlet(line)
    outlet.trickle(b"a" * 5_000)
    outlet.send(b"b" * 4_000)
    assert line.octets == b"a"
    outlet.trickle(b"c" * 2_000)
    assert line.octets == b"a" * 5_000 + b"b" * 4_000 + b"c" * 2_000
