"""The merchant's webhook address: what arrives there, and what it answers."""

import asyncio

import httpx

from khata_sandbox.gateway.gateway import Gateway
from khata_sandbox.gateway.webhooks import deliver_due


class Shop:
    """Keeps what arrives and answers with `status`; 0 refuses the connection."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.status = 200
        self.received: list[httpx.Request] = []

    def receive(self) -> list[httpx.Request]:
        """Lets everything that is due arrive; returns what is new."""
        before = len(self.received)
        asyncio.run(self._deliver())
        return self.received[before:]

    async def _deliver(self) -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(self._answer)) as client:
            await deliver_due(self.gateway, client)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.received.append(request)
        if self.status == 0:
            raise httpx.ConnectError("refused")
        return httpx.Response(self.status)
