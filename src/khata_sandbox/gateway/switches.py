"""The gateway's switches, kept with its data: turned on and off, and asked whether one strikes."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from khata_sandbox.gateway.errors import invalid
from khata_sandbox.gateway.faults import find_fault
from khata_sandbox.gateway.gateway import Gateway
from khata_sandbox.gateway.rows import Order, Payment, Refund
from khata_sandbox.gateway.store import Store
from khata_sandbox.switches import ALL, Switch, SwitchRefused, draw, switch_from, switch_id


def strike(gateway: Gateway, fault_name: str, *ids: str | None) -> Switch | None:
    """The switch that strikes here, if one does. `ids` are what this is about; a switch for one of them, or for the
    order or receipt behind it, goes before one for all. Each question is one draw of each switch it reaches.
    """
    store = gateway.store
    if not store.count(Switch, "fault = ?", fault_name):
        return None
    for target in (*dict.fromkeys(_names(store, ids)), ALL):
        switch = store.get(Switch, switch_id(fault_name, target))
        if switch is not None and _draw(gateway, switch):
            return switch
    return None


def wanted_switch(given: Mapping[str, Any]) -> Switch:
    """A switch to be, from `fault` and what is wanted of `target`, `percent`, `count`, `value`. Raises ApiError."""
    try:
        return switch_from(given, find_fault)
    except SwitchRefused as refusal:
        raise invalid(refusal.field, str(refusal)) from refusal


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


def _draw(gateway: Gateway, switch: Switch) -> bool:
    drawn, does_strike = draw(switch, gateway.settings.seed)
    if drawn is not switch:
        gateway.store.save(drawn)
    return does_strike
