"""Faults that can be switched on, as data: a new one is a line here and one look-up where it bites."""

from dataclasses import dataclass
from typing import Literal

from khata_sandbox.gateway.rows import Switch
from khata_sandbox.gateway.store import Store


@dataclass(frozen=True, slots=True)
class Fault:
    name: str
    label: str
    unit: Literal["on or off", "seconds", "next reads"]
    effect: str
    maximum: int


FAULTS = (
    Fault("webhook_duplicate", "Send twice", "on or off", "Every event arrives two times with one event id.", 1),
    Fault("webhook_reorder", "Wrong order", "on or off", "An order's waiting events are sent newest first.", 1),
    Fault("webhook_delay", "Delay", "seconds", "New events wait this long before the first try.", 86_400),
    Fault("webhook_drop", "Lose", "on or off", "New events are never sent; 'Send again' still works.", 1),
    Fault("webhook_bad_signature", "Forge", "on or off", "Events carry a signature that does not fit.", 1),
    Fault("api_errors", "API fails", "next reads", "Reads answer 500, once for each number here.", 1_000),
    Fault("api_slow", "API is slow", "next reads", "Reads take eight seconds, once for each number here.", 1_000),
)

WEBHOOKS_DISABLED = "webhooks_disabled"
"""Not a fault to choose: set by the gateway itself when an event could not be delivered for a day."""


def switch_value(store: Store, name: str) -> int:
    switch = store.get(Switch, name)
    return switch.value if switch else 0


def set_switch(store: Store, name: str, value: int) -> None:
    store.save(Switch(name, value))


def use_up(store: Store, name: str) -> bool:
    """Takes one from a counting switch; False when nothing was left."""
    left = switch_value(store, name)
    if left > 0:
        set_switch(store, name, left - 1)
    return left > 0
