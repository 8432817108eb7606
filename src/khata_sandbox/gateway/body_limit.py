"""Refuses request bodies that are larger than anything this gateway asks for."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from khata_sandbox.gateway.errors import body_too_large

BODY_BYTES_MAXIMUM = 65_536


class BodyLimit:
    """Counts what arrives, so that a missing or wrong content-length changes nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > BODY_BYTES_MAXIMUM:
                raise body_too_large()
            return message

        await self.app(scope, counted, send)
