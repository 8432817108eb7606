"""What an operator sets to reach one SMSC."""

import ssl
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SmppSettings:
    """One bind. Raises ValueError where a value cannot work."""

    name: str
    """Names the carrier in our rows."""
    host: str
    port: int
    system_id: str
    password: str = field(repr=False)
    is_sandbox: bool
    system_type: str = ""
    window: int = 100
    """How many submissions may wait for their answer at once; the SMSC's contract names its limit."""
    submits_per_s_max: int | None = None
    """How many submissions a second the SMSC's contract allows on this bind; None where it names no limit."""
    tls: ssl.SSLContext | None = None
    """`ssl.create_default_context()` where the SMSC speaks TLS; None for plain TCP."""
    enquire_link_s: float = 30
    response_timeout_s: float = 10
    """How long an answer may take before the submission is `Unknown`."""
    reconnect_min_s: float = 0.5
    reconnect_max_s: float = 30

    def __post_init__(self) -> None:
        if not 1 <= self.port <= 65_535:
            raise ValueError(f"{self.name}: {self.port} is not a port")
        if self.window < 1:
            raise ValueError(f"{self.name}: the window must hold at least one submission")
        if self.submits_per_s_max is not None and self.submits_per_s_max < 1:
            raise ValueError(f"{self.name}: at least one submission a second must be allowed")
        for label, value in (("system_id", self.system_id), ("password", self.password), ("type", self.system_type)):
            # Lengths are left to the SMSC: several issue passwords longer than the specification's eight octets.
            if not value.isascii() or "\0" in value:
                raise ValueError(f"{self.name}: {label} must be ASCII without NUL")
