"""`/_sandbox`: the control page for programs. JSON in and out, the API key by HTTP Basic.

Nothing here is Razorpay's: clients of the gateway never call it, tests and demonstrations do.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from khata_sandbox.gateway.actions import act
from khata_sandbox.gateway.api import authenticate
from khata_sandbox.gateway.background import do_what_is_due
from khata_sandbox.gateway.control_reads import LISTS
from khata_sandbox.gateway.downtimes import downtime_entity, start_downtime
from khata_sandbox.gateway.errors import invalid, unknown_url
from khata_sandbox.gateway.faults import FAULTS, find_fault
from khata_sandbox.gateway.gateway import Gateway, gateway_of
from khata_sandbox.gateway.knobs import are_webhooks_disabled, enable_webhooks, move_clock, reset
from khata_sandbox.gateway.requests import json_body, refuse_others
from khata_sandbox.gateway.settlement_entities import settlement_entity
from khata_sandbox.gateway.settlements import settle_now
from khata_sandbox.gateway.switches import switch_off, switch_on, switches, wanted_switch

Json = dict[str, Any]
Work = Callable[[Gateway, Request, Json], Json]


def routes() -> list[Route]:
    return [
        Route("/_sandbox", _door(get_state), methods=["GET"]),
        Route("/_sandbox/faults", _door(get_faults), methods=["GET"]),
        Route("/_sandbox/faults", _door(post_fault), methods=["POST"]),
        Route("/_sandbox/faults", _door(delete_faults), methods=["DELETE"]),
        Route("/_sandbox/clock", _door(post_clock), methods=["POST"]),
        Route("/_sandbox/webhooks/enable", _door(post_enable), methods=["POST"]),
        Route("/_sandbox/reset", _door(post_reset), methods=["POST"]),
        Route("/_sandbox/settlements", _door(post_settlement), methods=["POST"]),
        Route("/_sandbox/downtimes", _door(post_downtime), methods=["POST"]),
        Route("/_sandbox/{kind}", _door(get_list), methods=["GET"]),
        Route("/_sandbox/{kind}/{subject_id}/{action}", _door(post_action), methods=["POST"]),
    ]


def _door(work: Work) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        gateway = gateway_of(request)
        authenticate(gateway, request)
        return JSONResponse(work(gateway, request, await json_body(request)))

    return endpoint


def get_state(gateway: Gateway, request: Request, given: Json) -> Json:
    """The clock, the seed, and where events go."""
    return {
        "seed": gateway.settings.seed,
        "clock": _clock(gateway),
        "webhook_url": gateway.settings.webhook_url,
        "are_webhooks_disabled": are_webhooks_disabled(gateway.store),
    }


def get_faults(gateway: Gateway, request: Request, given: Json) -> Json:
    """All there are, and the switches that were set."""
    return {
        "seed": gateway.settings.seed,
        "faults": [asdict(fault) for fault in FAULTS],
        "switches": [asdict(switch) for switch in switches(gateway.store)],
    }


def post_fault(gateway: Gateway, request: Request, given: Json) -> Json:
    """`fault`, and as wanted `target`, `percent`, `count` and `value`; the switch as it stands."""
    return asdict(switch_on(gateway.store, wanted_switch(given)))


def delete_faults(gateway: Gateway, request: Request, given: Json) -> Json:
    """All of them, or with `?fault=` and `&target=` one of them."""
    query = request.query_params
    refuse_others(query, ("fault", "target"))
    if "fault" in query and find_fault(query["fault"]) is None:
        raise invalid("fault", "There is no such fault.")
    switch_off(gateway.store, query.get("fault"), query.get("target"))
    return {"switches": [asdict(switch) for switch in switches(gateway.store)]}


def post_clock(gateway: Gateway, request: Request, given: Json) -> Json:
    """`advance_s` moves it on, `speed` lets it run from now on; what is due by then is done. Raises ApiError."""
    refuse_others(given, ("advance_s", "speed"))
    move_clock(gateway.store, gateway.clock, advance_s=given.get("advance_s", 0), speed=given.get("speed"))
    do_what_is_due(gateway)
    return _clock(gateway)


def post_enable(gateway: Gateway, request: Request, given: Json) -> Json:
    enable_webhooks(gateway.store)
    return get_state(gateway, request, given)


def post_settlement(gateway: Gateway, request: Request, given: Json) -> Json:
    """Pays out now what would be paid out tomorrow; null where there is nothing."""
    settlement = settle_now(gateway)
    return {"settlement": settlement and settlement_entity(settlement)}


def post_downtime(gateway: Gateway, request: Request, given: Json) -> Json:
    """`method` and as wanted `instrument` and `severity`. Raises ApiError."""
    refuse_others(given, ("method", "instrument", "severity"))
    instrument = given.get("instrument", {})
    if not isinstance(instrument, dict) or not all(isinstance(name, str) for name in instrument.values()):
        raise invalid("instrument", "The instrument must be an object of texts.")
    severity = str(given.get("severity", "high"))
    return downtime_entity(start_downtime(gateway, str(given.get("method")), instrument, severity))


def post_reset(gateway: Gateway, request: Request, given: Json) -> Json:
    """Forgets everything: orders, payments, events, switches and the clock."""
    reset(gateway.store, gateway.clock)
    return get_state(gateway, request, given)


def get_list(gateway: Gateway, request: Request, given: Json) -> Json:
    """Everything of one kind, newest first, however much it is."""
    read = LISTS.get(str(request.path_params["kind"]))
    if read is None:
        raise unknown_url()
    items = read(gateway)
    return {"count": len(items), "items": items}


def post_action(gateway: Gateway, request: Request, given: Json) -> Json:
    path: Mapping[str, Any] = request.path_params
    act(gateway, str(path["kind"]), str(path["subject_id"]), str(path["action"]))
    return {"done": True}


def _clock(gateway: Gateway) -> Json:
    return {"now": gateway.clock.now(), "speed": gateway.clock.reading.speed}
