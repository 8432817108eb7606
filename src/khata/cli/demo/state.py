"""What a demo must remember: its secrets and its sign-in, in `demo.json` (0600)."""

import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from khata.cli import private_files
from khata.cli.errors import Misconfigured

FILE = "demo.json"


@dataclass(frozen=True, slots=True)
class DemoState:
    """Random where it protects something. What the seeding makes is empty until then."""

    email: str = "asha@example.com"
    password: str = field(default_factory=lambda: f"demo-{secrets.token_hex(6)}")
    organisation_id: str = ""
    api_key: str = ""
    secret_key: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    gateway_key_id: str = field(default_factory=lambda: f"rzp_test_{secrets.token_hex(7)}")
    gateway_key_secret: str = field(default_factory=lambda: secrets.token_hex(12))
    webhook_secret: str = field(default_factory=lambda: secrets.token_hex(24))
    smpp_system_id: str = "khata"
    # SMPP 3.4 has room for 8 characters.
    smpp_password: str = field(default_factory=lambda: secrets.token_hex(4))
    bounce_secret: str = field(default_factory=lambda: secrets.token_hex(16))
    dns_records: list[str] = field(default_factory=list)
    """What the sandbox's DNS says of the organisation's sending domain: "name=text"."""

    def save(self, folder: Path) -> None:
        private_files.write_json(folder / FILE, asdict(self))


def load_state(folder: Path) -> DemoState:
    """The folder's state, made at its first start. Raises `Misconfigured`."""
    try:
        stored = private_files.read_json(folder / FILE)
        if stored is not None:
            return DemoState(**stored)
    except (ValueError, TypeError):
        raise Misconfigured(f"{folder / FILE} is damaged: start over with --fresh.") from None
    state = DemoState()
    state.save(folder)
    return state
