"""What the operator sets for messaging, read from Django's settings where they name it."""

from dataclasses import dataclass
from functools import cache

from django.conf import settings

from khata.messaging.core.recipients import INDIA
from khata.messaging.core.send_window import SendWindow, read_window
from khata.messaging.core.velocity import VelocityRule, read_rules


@dataclass(frozen=True, slots=True)
class DltConfiguration:
    """`telemarketers` are those every message passes through, in order, by the register's numbers."""

    telemarketers: tuple[str, ...]
    window: SendWindow


def dlt_configuration() -> DltConfiguration:
    """`KHATA_DLT_TELEMARKETERS` (none), `KHATA_DLT_SEND_WINDOW` ("10:00-21:00")."""
    return DltConfiguration(
        telemarketers=tuple(getattr(settings, "KHATA_DLT_TELEMARKETERS", ())),
        window=read_window(getattr(settings, "KHATA_DLT_SEND_WINDOW", "10:00-21:00")),
    )


def home_region() -> str:
    """`KHATA_HOME_REGION` ("IN"): whose numbers are written without a calling code, and may always be written to."""
    region: str = getattr(settings, "KHATA_HOME_REGION", INDIA)
    return region


def velocity_rules() -> tuple[VelocityRule, ...]:
    """`KHATA_VELOCITY_RULES` (none)."""
    return _read(tuple(getattr(settings, "KHATA_VELOCITY_RULES", ())))


_read = cache(read_rules)
