"""What one mailbox is started with."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class MailboxSettings:
    """Ports may be 0 (any free one). DNS is answered over UDP, on the number of the pages' port."""

    host: str
    port: int
    http_port: int
    data_dir: Path
    report_url: str = ""
    """Where bounces and complaints are posted; "" for nowhere."""
    records: tuple[tuple[str, str], ...] = ()
    """TXT records that are published from the start."""
    mail_octets_max: int = 10 * 1024 * 1024
    """What is larger is refused (552)."""
