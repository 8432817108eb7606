"""Faults that are switched on, and which of their draws strike.

A switch stands for all or for one target, strikes with a chance, until it is switched off or so many times. The
gateway's seed alone decides: the same seed and the same calls in the same order give the same faults.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from khata_sandbox.gateway.errors import invalid
from khata_sandbox.gateway.faults import Fault, find_fault
from khata_sandbox.gateway.gateway import Gateway
from khata_sandbox.gateway.requests import refuse_others
from khata_sandbox.gateway.rows import Order, Payment, Refund, Switch
from khata_sandbox.gateway.store import Store

ALL = "all"
PERCENT_MAXIMUM = 100
COUNT_MAXIMUM = 1_000_000
TARGET_LENGTH_MAXIMUM = 100


def strike(gateway: Gateway, fault_name: str, *ids: str | None) -> Switch | None:
    """The switch that strikes here, if one does. `ids` are what this is about; a switch for one of them, or for the
    order or receipt behind it, goes before one for all. Each question is one draw of each switch it reaches.
    """
    store = gateway.store
    if not store.count(Switch, "fault = ?", fault_name):
        return None
    for target in (*dict.fromkeys(_names(store, ids)), ALL):
        switch = store.get(Switch, _switch_id(fault_name, target))
        if switch is not None and _draw(gateway, switch):
            return switch
    return None


def wanted_switch(given: Mapping[str, Any]) -> Switch:
    """A switch to be, from `fault` and what is wanted of `target`, `percent`, `count`, `value`. Raises ApiError."""
    refuse_others(given, ("fault", "target", "percent", "count", "value"))
    fault = find_fault(str(given.get("fault", "")))
    if fault is None:
        raise invalid("fault", "There is no such fault.")
    target = given.get("target", ALL)
    if not isinstance(target, str) or not 0 < len(target) <= TARGET_LENGTH_MAXIMUM:
        raise invalid("target", f"The target must be a text of 1 to {TARGET_LENGTH_MAXIMUM} characters.")
    return Switch(
        id=_switch_id(fault.name, target),
        fault=fault.name,
        target=target,
        percent=_whole("percent", given.get("percent", PERCENT_MAXIMUM), 1, PERCENT_MAXIMUM),
        left=None if given.get("count") is None else _whole("count", given["count"], 1, COUNT_MAXIMUM),
        value=_value(fault, given.get("value", fault.value)),
    )


def switch_on(store: Store, switch: Switch) -> Switch:
    """Starts afresh where it was on before."""
    store.save(switch)
    return switch


def switch_off(store: Store, fault_name: str | None = None, target: str | None = None) -> None:
    """For one target or wherever it is on; with no name, all of them."""
    store.delete(Switch, "(?1 IS NULL OR fault = ?1) AND (?2 IS NULL OR target = ?2)", fault_name, target)


def switches(store: Store) -> list[Switch]:
    """Newest first, those included that have struck as often as they may."""
    return store.select(Switch, "true")


def _names(store: Store, ids: Iterable[str | None]) -> Iterator[str]:
    """The ids, each followed by what stands behind it: refund → payment → order → receipt."""
    for text in ids:
        if text:
            yield text
        if refund := store.get(Refund, text or ""):
            yield from _names(store, (refund.receipt, refund.payment_id))
        if payment := store.get(Payment, text or ""):
            yield from _names(store, (payment.order_id,))
        if order := store.get(Order, text or ""):
            yield from _names(store, (order.receipt,))


def _whole(name: str, value: object, minimum: int, maximum: int) -> int:
    if type(value) is not int or not minimum <= value <= maximum:
        raise invalid(name, f"The {name} must be a whole number from {minimum} to {maximum}.")
    return value


def _value(fault: Fault, value: object) -> int:
    return _whole("value", value, 0, fault.maximum)


def _switch_id(fault_name: str, target: str) -> str:
    return f"{fault_name}@{target}"


def _draw(gateway: Gateway, switch: Switch) -> bool:
    if switch.left == 0:
        return False
    does_strike = _number(gateway.settings.seed, switch) < switch.percent
    left = switch.left if switch.left is None or not does_strike else switch.left - 1
    gateway.store.save(replace(switch, draws=switch.draws + 1, strikes=switch.strikes + does_strike, left=left))
    return does_strike


def _number(seed: int, switch: Switch) -> int:
    """0 to 99, evenly spread."""
    digest = hashlib.sha256(f"{seed}:{switch.id}:{switch.draws}".encode()).digest()
    return int.from_bytes(digest[:8]) % PERCENT_MAXIMUM
