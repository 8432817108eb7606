"""What a demo was asked for, and the addresses that follow from it."""

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Self

from khata.cli import ports

EVERY_HOST = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared with, not listened on


@dataclass(frozen=True, slots=True)
class Ports:
    """Where everything listens; 0 means any free one."""

    web: int
    gateway: int
    smsc: int
    smtp: int
    phone: int
    mailbox: int

    def chosen(self, host: str) -> Self:
        """The same with every 0 replaced by a free port."""
        missing = [field.name for field in fields(self) if getattr(self, field.name) == 0]
        return replace(self, **dict(zip(missing, ports.free_ports(len(missing), host), strict=True)))


@dataclass(frozen=True, slots=True)
class Options:
    """The flags of `khata demo`, and its database where it is not the embedded one."""

    data_dir: Path
    host: str
    ports: Ports
    is_json: bool
    is_fresh: bool
    database_url: str
    database_owner_url: str

    @property
    def base_url(self) -> str:
        """The web server. `localhost` and 127.0.0.1 are two sites to a browser, as shop and gateway really are."""
        return self._url("localhost", self.ports.web)

    @property
    def gateway_url(self) -> str:
        return self._url("127.0.0.1", self.ports.gateway)

    @property
    def phone_url(self) -> str:
        return self._url("127.0.0.1", self.ports.phone)

    @property
    def mailbox_url(self) -> str:
        return self._url("127.0.0.1", self.ports.mailbox)

    @property
    def webhook_url(self) -> str:
        return self._url("127.0.0.1", self.ports.web) + "/callbacks/razorpay/webhook"

    @property
    def report_url(self) -> str:
        """Where bounces and complaints are posted, their secret left out."""
        return self._url("127.0.0.1", self.ports.web) + "/callbacks/carriers/smtp/inbound"

    @property
    def dns_server(self) -> str:
        """The mailbox answers DNS on the number of its pages' port."""
        return self._url("127.0.0.1", self.ports.mailbox).removeprefix("http://")

    @property
    def ready_url(self) -> str:
        return self._url("127.0.0.1", self.ports.web) + "/readyz"

    @property
    def connect_host(self) -> str:
        """Where the demo's own processes reach each other."""
        return self._reached_at("127.0.0.1")

    def listeners(self) -> dict[str, tuple[str, int]]:
        """Everything that will listen, in words, with host and port."""
        return {
            "the console and the API": (self.host, self.ports.web),
            "the sandbox gateway": (self.host, self.ports.gateway),
            "the sandbox SMSC": (self.host, self.ports.smsc),
            "the sandbox mailbox (SMTP)": (self.host, self.ports.smtp),
            "the phone page": (self.host, self.ports.phone),
            "the mailbox page": (self.host, self.ports.mailbox),
        }

    def _url(self, local_name: str, port: int) -> str:
        host = self._reached_at(local_name)
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def _reached_at(self, local_name: str) -> str:
        """`local_name` unless the demo listens on one other address alone."""
        return local_name if self.host in EVERY_HOST or self.host in ("127.0.0.1", "localhost") else self.host
