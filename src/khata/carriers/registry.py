"""The carriers this installation has, by name. Filled once by the composition root (site/wiring.py)."""

from collections.abc import Callable

from khata.carriers.port import Carrier

MakeCarrier = Callable[[], Carrier]
"""Makes a carrier for one event loop."""

_CARRIERS: dict[str, MakeCarrier] = {}


def register_carrier(name: str, make: MakeCarrier) -> None:
    _CARRIERS[name] = make


def carrier_names() -> list[str]:
    """In the order they are configured."""
    return list(_CARRIERS)


def make_carriers() -> list[Carrier]:
    """One fresh connection object per configured carrier."""
    return [make() for make in _CARRIERS.values()]
