"""Downtimes: methods that do not work for a while, as banks and networks report them."""

import json
from dataclasses import replace

from khata_sandbox.gateway.entities import Json
from khata_sandbox.gateway.errors import ApiError, unknown_id
from khata_sandbox.gateway.events import record_event
from khata_sandbox.gateway.gateway import Gateway
from khata_sandbox.gateway.ids import new_id
from khata_sandbox.gateway.settlement_rows import Downtime

METHODS = ("card", "netbanking", "upi", "wallet")
SEVERITIES = ("high", "medium", "low")


def start_downtime(gateway: Gateway, method: str, instrument: dict[str, str], severity: str = "high") -> Downtime:
    """`instrument` names whose it is, for example {"bank": "HDFC"}. Raises ApiError."""
    if method not in METHODS or severity not in SEVERITIES:
        raise ApiError("The method or the severity of the downtime is not known.")
    now = int(gateway.clock.now())
    downtime = Downtime(new_id("down"), method, json.dumps(instrument), severity, begun_at=now, updated_at=now)
    return _save(gateway, "started", downtime)


def resolve_downtime(gateway: Gateway, downtime_id: str) -> Downtime:
    """Raises ApiError for one that is over."""
    downtime = load_downtime(gateway, downtime_id)
    if downtime.ended_at is not None:
        raise ApiError("The downtime is over")
    now = int(gateway.clock.now())
    return _save(gateway, "resolved", replace(downtime, ended_at=now, updated_at=now))


def load_downtime(gateway: Gateway, downtime_id: str) -> Downtime:
    """Raises ApiError for an id nobody knows."""
    downtime = gateway.store.get(Downtime, downtime_id)
    if downtime is None:
        raise unknown_id()
    return downtime


def list_downtimes(gateway: Gateway) -> list[Downtime]:
    """Those that last, newest first."""
    return gateway.store.select(Downtime, "ended_at IS NULL")


def downtime_entity(downtime: Downtime) -> Json:
    return {
        "id": downtime.id,
        "entity": "payment.downtime",
        "method": downtime.method,
        "begin": downtime.begun_at,
        "end": downtime.ended_at,
        "status": "started" if downtime.ended_at is None else "resolved",
        "scheduled": False,
        "severity": downtime.severity,
        "instrument": json.loads(downtime.instrument),
        "created_at": downtime.begun_at,
        "updated_at": downtime.updated_at,
    }


def _save(gateway: Gateway, event: str, downtime: Downtime) -> Downtime:
    with gateway.store.transaction():
        gateway.store.save(downtime)
        entity = downtime_entity(downtime)
        record_event(gateway, f"payment.downtime.{event}", downtime.id, {"payment.downtime": entity})
    return downtime
