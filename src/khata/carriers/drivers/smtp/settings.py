"""What an operator sets to send through one mail server."""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from khata.carriers.callbacks import SECRET_LENGTH_MIN, is_secret
from khata.carriers.table import LOOPBACK, Table

TLS_KINDS = ("starttls", "implicit", "none")

_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """One mail server. Raises ValueError where a value cannot work; the message never holds a secret."""

    name: str
    """Names the carrier in our rows and in the address its bounces are posted to."""
    host: str
    port: int
    is_sandbox: bool
    tls: str
    """One of TLS_KINDS; "none" on loopback only."""
    username: str = ""
    password: str = field(default="", repr=False)
    hello_name: str = "localhost"
    """What we call ourselves in EHLO."""
    bounce_domain: str = ""
    """Where bounces go: `<reference>@` it. Without one they go to each e-mail's sender, and nothing is learnt here."""
    bounce_secret: str = field(default="", repr=False)
    """The last part of the address bounces are posted to."""
    tls_context: ssl.SSLContext | None = None
    """None with tls "none" only."""
    window: int = 10
    """How many connections at once."""
    submits_per_s_max: int | None = None
    timeout_s: int = 30
    """How long one answer may take."""

    def __post_init__(self) -> None:
        if self.tls not in TLS_KINDS:
            raise ValueError(f"{self.name}: tls is one of {', '.join(TLS_KINDS)}")
        if self.tls == "none" and self.host not in LOOPBACK:
            raise ValueError(f"{self.name}: tls must be starttls or implicit, or mail travels in the open")
        if bool(self.username) != bool(self.password):
            raise ValueError(f"{self.name}: username and password_env belong together")
        if self.bounce_domain and not _DOMAIN.fullmatch(self.bounce_domain):
            raise ValueError(f"{self.name}: bounce_domain must be a domain like bounces.example.net")
        if bool(self.bounce_domain) != bool(self.bounce_secret):
            raise ValueError(f"{self.name}: bounce_domain and bounce_secret_env belong together")
        if self.bounce_secret and not is_secret(self.bounce_secret):
            raise ValueError(
                f"{self.name}: the bounce secret is {SECRET_LENGTH_MIN} or more letters, digits, “-” and “_”"
            )


def settings_of(name: str, table: Mapping[str, Any], *, is_sandbox: bool) -> SmtpSettings:
    """Raises ValueError with a sentence."""
    read = Table(name, table)
    host = read.text("host")
    read.text("public_url", "")
    tls = read.text("tls", "none" if host in LOOPBACK else "starttls")
    settings = SmtpSettings(
        name=name,
        host=host,
        port=read.number("port", 587, most=65_535),
        is_sandbox=is_sandbox,
        tls=tls,
        username=read.text("username", ""),
        password=read.text("password", ""),
        hello_name=read.text("hello_name", "localhost"),
        bounce_domain=read.text("bounce_domain", "").lower(),
        bounce_secret=read.text("bounce_secret", ""),
        tls_context=_tls_context(read, tls),
        window=read.number("window", 10, most=200),
        submits_per_s_max=read.number_or_none("submits_per_s_max"),
        timeout_s=read.number("timeout_s", 30, most=600),
    )
    read.end()
    return settings


def _tls_context(read: Table, tls: str) -> ssl.SSLContext | None:
    if tls != "none":
        return read.tls_context("ca_file")
    if "ca_file" in read:
        raise ValueError(f"{read.where}: ca_file is of no use with tls = “none”")
    return None
