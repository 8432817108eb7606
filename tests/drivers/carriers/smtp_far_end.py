"""A mail server as a test wants it: it answers by the recipient's first word, and keeps what it took."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

_NO = {"refused": b"550 5.1.1 No such mailbox\r\n", "later": b"451 4.7.1 Come again later\r\n"}


@dataclass
class MailServer:
    """`taken` are (return address, recipient, mail) in the order they came."""

    port: int = 0
    taken: list[tuple[str, str, bytes]] = field(default_factory=list)
    connections_count: int = 0
    hellos: list[str] = field(default_factory=list)
    context: ssl.SSLContext | None = None
    """Offers STARTTLS where there is one."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections_count += 1
        writer.write(b"220 mail.test ESMTP\r\n")
        sender = recipient = ""
        while line := await reader.readline():
            word, _, rest = line.decode().strip().partition(" ")
            match word.upper():
                case "EHLO":
                    self.hellos.append(rest)
                    offers = b"250-STARTTLS\r\n" if self.context else b""
                    writer.write(b"250-mail.test\r\n" + offers + b"250 8BITMIME\r\n")
                case "STARTTLS":
                    writer.write(b"220 Go on\r\n")
                    await writer.start_tls(self.context)  # type: ignore[arg-type]
                case "MAIL":
                    sender = _address(rest)
                    writer.write(b"250 OK\r\n")
                case "RCPT":
                    recipient = _address(rest)
                    writer.write(_NO.get(recipient.partition("@")[0], b"250 OK\r\n"))
                case "DATA":
                    writer.write(b"354 Go on\r\n")
                    mail = await reader.readuntil(b"\r\n.\r\n")
                    if not await self._answer(writer, recipient):
                        return
                    self.taken.append((sender, recipient, mail.removesuffix(b".\r\n")))
                case "QUIT":
                    writer.write(b"221 Bye\r\n")
                    writer.close()
                    return
                case _:
                    writer.write(b"250 OK\r\n")
            await writer.drain()

    async def _answer(self, writer: asyncio.StreamWriter, recipient: str) -> bool:
        """Whether the conversation goes on, and the mail was taken."""
        match recipient.partition("@")[0]:
            case "silent":
                await asyncio.sleep(3_600)
            case "lost":
                writer.close()
                return False
            case "spam":
                writer.write(b"554 5.7.1 Not this text\r\n")
                await writer.drain()
                return True
        writer.write(b"250 2.0.0 Taken\r\n")
        return True


@asynccontextmanager
async def mail_server(context: ssl.SSLContext | None = None) -> AsyncIterator[MailServer]:
    server = MailServer(context=context)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await server.serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _address(rest: str) -> str:
    return rest.partition("<")[2].partition(">")[0]
