"""What one message centre is started with."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from khata_sandbox.process import StartRefused, is_loopback
from khata_sandbox.smsc.switches import SEED_MAXIMUM

DEFAULT_PASSWORD = "sandbox"  # noqa: S105 - public on purpose, and refused off loopback
WINDOW_DEFAULT: Final = 10_000
WINDOW_MAXIMUM: Final = 100_000


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
    more_accounts: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Passwords of further systems by their ids."""
    window: int = WINDOW_DEFAULT
    """How many submit_sm of one connection may wait for their answers."""
    seed: int | None = None
    """None: by chance."""
    tls_cert: Path | None = None
    tls_key: Path | None = None

    def __post_init__(self) -> None:
        for system_id, password in self.accounts.items():
            _check_account(system_id, password, self.host)
        if self.receipt_delay_ms < 0:
            raise StartRefused("The receipt delay cannot be negative.")
        if not 1 <= self.window <= WINDOW_MAXIMUM:
            raise StartRefused(f"A window holds 1 to {WINDOW_MAXIMUM} messages.")
        if self.seed is not None and not 0 <= self.seed <= SEED_MAXIMUM:
            raise StartRefused(f"A seed is a whole number from 0 to {SEED_MAXIMUM}.")
        if (self.tls_cert is None) != (self.tls_key is None):
            raise StartRefused("TLS needs both a certificate and its key.")

    @property
    def accounts(self) -> dict[str, str]:
        """Every system that may bind, with its password."""
        return {self.system_id: self.password, **self.more_accounts}


def accounts_from(words: Iterable[str]) -> dict[str, str]:
    """`NAME:PASSWORD` each. Raises `StartRefused`."""
    pairs = [word.partition(":") for word in words]
    if not all(colon for _, colon, _ in pairs):
        raise StartRefused("A further account is written NAME:PASSWORD.")
    return {name: password for name, _, password in pairs}


def _check_account(system_id: str, password: str, host: str) -> None:
    if not 1 <= len(system_id) <= 15 or not system_id.isascii():
        raise StartRefused("An SMPP system id has 1 to 15 ASCII characters.")
    if not 1 <= len(password) <= 8 or not password.isascii():
        raise StartRefused("An SMPP 3.4 password has 1 to 8 ASCII characters.")
    if password == DEFAULT_PASSWORD and not is_loopback(host):
        raise StartRefused(f"Choose a password of your own to listen on {host}; the default is public.")
