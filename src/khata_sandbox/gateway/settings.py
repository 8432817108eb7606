"""What the gateway is told at start; every field has an environment name `SANDBOX_GATEWAY_<FIELD>`."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

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
    clock_speed: int = 1
    """Spans (session, QR code, retries) pass this many times faster than on the wall."""

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
        if self.clock_speed < 1:
            raise WrongSetting("SANDBOX_GATEWAY_CLOCK_SPEED must be a whole number from 1 up.")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Fields not named in the environment keep their defaults. Raises WrongSetting."""
        given = {
            field.name: environment[name]
            for field in fields(cls)
            if (name := ENVIRONMENT_PREFIX + field.name.upper()) in environment
        }
        return cls(**{name: _typed(name, text) for name, text in given.items()})  # type: ignore[arg-type]


def _typed(name: str, text: str) -> str | int | Path:
    if name == "data_dir":
        return Path(text)
    if name not in ("port", "clock_speed"):
        return text
    if not text.isascii() or not text.isdigit():
        raise WrongSetting(f"{ENVIRONMENT_PREFIX}{name.upper()} must be a whole number, not {text!r}.")
    return int(text)
