"""What one message centre is started with."""

from dataclasses import dataclass, field
from pathlib import Path

from khata_sandbox.process import StartRefused, is_loopback

DEFAULT_PASSWORD = "sandbox"  # noqa: S105 - public on purpose, and refused off loopback


@dataclass(frozen=True, slots=True)
class SmscSettings:
    """Ports may be 0 (any free one). Raises `StartRefused` for values SMPP 3.4 has no room for."""

    host: str
    port: int
    http_port: int
    data_dir: Path
    system_id: str = "sandbox"
    password: str = field(default=DEFAULT_PASSWORD, repr=False)
    receipt_delay_ms: int = 300
    enquire_link_s: float = 30.0
    """How long a connection may be quiet before it is asked whether it lives."""

    def __post_init__(self) -> None:
        if not 1 <= len(self.system_id) <= 15 or not self.system_id.isascii():
            raise StartRefused("An SMPP system id has 1 to 15 ASCII characters.")
        if not 1 <= len(self.password) <= 8 or not self.password.isascii():
            raise StartRefused("An SMPP 3.4 password has 1 to 8 ASCII characters.")
        if self.receipt_delay_ms < 0:
            raise StartRefused("The receipt delay cannot be negative.")
        if self.password == DEFAULT_PASSWORD and not is_loopback(self.host):
            raise StartRefused(f"Choose a password of your own to listen on {self.host}; the default is public.")
