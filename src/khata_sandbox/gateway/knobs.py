"""What was set by hand and outlives a restart: where the clock stands, and whether webhooks are disabled."""

from khata_sandbox.gateway.clock import SPEED_MAXIMUM, Clock, Reading
from khata_sandbox.gateway.errors import invalid
from khata_sandbox.gateway.rows import Knob
from khata_sandbox.gateway.store import TABLES, Store

ADVANCE_MAXIMUM_S = 400 * 86_400

WEBHOOKS_DISABLED = "webhooks_disabled"
"""Set by the gateway itself when an event could not be delivered for a day."""


def are_webhooks_disabled(store: Store) -> bool:
    return bool(_value(store, WEBHOOKS_DISABLED))


def disable_webhooks(store: Store) -> None:
    store.save(Knob(WEBHOOKS_DISABLED, 1))


def enable_webhooks(store: Store) -> None:
    store.save(Knob(WEBHOOKS_DISABLED, 0))


def resume_clock(store: Store, clock: Clock) -> None:
    """Goes on from where it was last set, unless it never was."""
    at, wall_at, speed = (_value(store, name) for name in ("clock_at", "clock_wall_at", "clock_speed"))
    if speed:
        clock.resume(Reading(at, wall_at, int(speed)))


def move_clock(store: Store, clock: Clock, *, advance_s: object = 0, speed: object = None) -> None:
    """Moves it on and lets it run at another speed (None: as before). Raises ApiError."""
    if type(advance_s) is not int or not 0 <= advance_s <= ADVANCE_MAXIMUM_S:
        raise invalid("advance_s", f"The advance_s must be a whole number from 0 to {ADVANCE_MAXIMUM_S}.")
    if speed is not None and (type(speed) is not int or not 1 <= speed <= SPEED_MAXIMUM):
        raise invalid("speed", f"The speed must be a whole number from 1 to {SPEED_MAXIMUM}.")
    clock.advance(advance_s)
    if isinstance(speed, int):
        clock.run(speed)
    with store.transaction():
        _save_reading(store, clock.reading)


def reset(store: Store, clock: Clock) -> None:
    """Forgets everything, the clock's time too."""
    with store.transaction():
        store.clear(tuple(TABLES))
    clock.restart()


def _save_reading(store: Store, reading: Reading) -> None:
    store.save(Knob("clock_at", reading.at))
    store.save(Knob("clock_wall_at", reading.wall_at))
    store.save(Knob("clock_speed", reading.speed))


def _value(store: Store, name: str) -> float:
    knob = store.get(Knob, name)
    return knob.value if knob else 0
