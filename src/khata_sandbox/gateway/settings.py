"""What the gateway is told at start; every field has an environment name `SANDBOX_GATEWAY_<FIELD>`."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Self

from khata_sandbox.gateway.clock import SPEED_MAXIMUM

ENVIRONMENT_PREFIX = "SANDBOX_GATEWAY_"


class WrongSetting(ValueError):
    """A setting that cannot be used; the message is one sentence for the operator."""


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """Raises WrongSetting for a value the gateway must not start with."""

    key_id: str = "rzp_test_sandbox0000001"
    key_secret: str = "sandbox-key-secret"  # noqa: S105 - guards nothing: no money moves here
    host: str = "127.0.0.1"
    port: int = 8001
    data_dir: Path = Path("sandbox-gateway")
    webhook_url: str = ""
    """Where events are sent; "" sends none."""
    webhook_secret: str = "sandbox-webhook-secret"  # noqa: S105 - as above
    merchant_name: str = "Khata Demo"
    merchant_purpose: str = "Credits for SMS Services"
    """What the payer pays for, under the merchant's name."""
    lan_host: str = ""
    """This machine's address in the local network, for QR codes a real phone can open; "" means the browser's."""
    time_speed: int = 1
    """The gateway's clock runs this many times as fast as the wall's."""
    seed: int = field(default_factory=lambda: secrets.randbelow(1_000_000))
    """Decides which draws of a fault switch strike."""

    def __post_init__(self) -> None:
        if self.key_id.startswith("rzp_live_"):
            raise WrongSetting(
                "The sandbox gateway takes no live keys: SANDBOX_GATEWAY_KEY_ID must start with rzp_test_."
            )
        if not self.key_id.startswith("rzp_test_"):
            raise WrongSetting("SANDBOX_GATEWAY_KEY_ID must start with rzp_test_.")
        if not self.key_secret:
            raise WrongSetting("SANDBOX_GATEWAY_KEY_SECRET must not be empty.")
        if self.webhook_url and not self.webhook_url.startswith(("http://", "https://")):
            raise WrongSetting("SANDBOX_GATEWAY_WEBHOOK_URL must start with http:// or https://.")
        if not 1 <= self.time_speed <= SPEED_MAXIMUM:
            raise WrongSetting(f"SANDBOX_GATEWAY_TIME_SPEED must be a whole number from 1 to {SPEED_MAXIMUM}.")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Fields not named in the environment keep their defaults. Raises WrongSetting."""
        given = {
            known.name: environment[name]
            for known in fields(cls)
            if (name := ENVIRONMENT_PREFIX + known.name.upper()) in environment
        }
        return cls(**{name: _typed(name, text) for name, text in given.items()})  # type: ignore[arg-type]


def _typed(name: str, text: str) -> str | int | Path:
    if name == "data_dir":
        return Path(text)
    if name not in ("port", "time_speed", "seed"):
        return text
    if not text.isascii() or not text.isdigit():
        raise WrongSetting(f"{ENVIRONMENT_PREFIX}{name.upper()} must be a whole number, not {text!r}.")
    return int(text)
