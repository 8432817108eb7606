"""What leaves on one connection, in its order: together, octet by octet, or cut off in the middle."""

import asyncio
from typing import Final

_DRIP_S: Final = 0.001
_HELD_BACK_MAX: Final = 10_000
"""Octets that may wait behind slow ones; with more, all of them leave at once."""


class Outlet:
    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._waiting = bytearray()
        self._drops = bytearray()
        """What leaves octet by octet; whatever else is sent waits behind it."""

    def send(self, octets: bytes) -> None:
        """All that is sent in one turn of the event loop leaves in one write."""
        if not self._waiting and not self._drops:
            self._loop.call_soon(self._flush)
        self._waiting += octets
        self._limit_held_back()

    def trickle(self, octets: bytes) -> None:
        is_dripping = bool(self._drops)
        self._drops += self._waiting + octets
        self._waiting.clear()
        self._limit_held_back()
        if not is_dripping:
            self._drip()

    def cut(self, octets: bytes) -> None:
        """Half of them leave, and the connection ends."""
        self.send(octets[: len(octets) // 2])
        self.finish()

    def finish(self) -> None:
        """Ends the connection once everything has left."""
        self._pour()
        self._transport.close()

    def _limit_held_back(self) -> None:
        if self._drops and len(self._drops) + len(self._waiting) > _HELD_BACK_MAX:
            self._pour()

    def _pour(self) -> None:
        self._waiting[:0] = self._drops
        self._drops.clear()
        self._flush()

    def _flush(self) -> None:
        if self._drops:
            return
        octets = bytes(self._waiting)
        self._waiting.clear()
        if octets and not self._transport.is_closing():
            self._transport.write(octets)

    def _drip(self) -> None:
        if self._transport.is_closing():
            self._drops.clear()
        if not self._drops:
            self._flush()
            return
        self._transport.write(self._drops[:1])
        del self._drops[:1]
        self._loop.call_later(_DRIP_S, self._drip)
