"""What one mailbox is started with."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class MailboxSettings:
    """Ports may be 0 (any free one)."""

    host: str
    port: int
    http_port: int
    data_dir: Path
    mail_octets_max: int = 10 * 1024 * 1024
    """What is larger is refused (552)."""
