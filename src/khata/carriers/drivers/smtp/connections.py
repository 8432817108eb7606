"""Connections to one mail server, kept open between mails."""

import asyncio
import contextlib
from collections import deque

from aiosmtplib import SMTP, SMTPException

from khata.carriers.drivers.smtp.settings import SmtpSettings

IDLE_S_MAX = 20.0
"""Shorter than servers wait for the next command (RFC 5321 asks for five minutes, many give less)."""
CONNECT_S_MAX = 15.0


class Connections:
    """As many as are asked for at once; who takes one gives it back or drops it."""

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings
        self._idle: deque[tuple[SMTP, float]] = deque()

    async def take(self) -> SMTP:
        """One that is ready for a mail, the one used last if any is left. Raises SMTPException, OSError."""
        while self._idle:
            client, since_s = self._idle.pop()
            if client.is_connected and _now_s() - since_s < IDLE_S_MAX and await _is_alive(client):
                return client
            client.close()
        return await self._open()

    def give_back(self, client: SMTP) -> None:
        self._idle.append((client, _now_s()))

    async def close(self) -> None:
        while self._idle:
            client, _ = self._idle.pop()
            with contextlib.suppress(SMTPException, OSError):
                await client.quit(timeout=1)
            client.close()

    async def _open(self) -> SMTP:
        settings = self._settings
        client = SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.username or None,
            password=settings.password or None,
            local_hostname=settings.hello_name,
            timeout=min(CONNECT_S_MAX, settings.timeout_s),
            use_tls=settings.tls == "implicit",
            start_tls=settings.tls == "starttls",
            tls_context=settings.tls_context,
        )
        await client.connect()
        return client


async def _is_alive(client: SMTP) -> bool:
    """Asks, so that a connection the server closed meanwhile costs no mail its try."""
    try:
        await client.rset(timeout=5)
    except (SMTPException, OSError):
        return False
    return True


def _now_s() -> float:
    return asyncio.get_running_loop().time()
