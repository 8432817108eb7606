"""The control page: everything the sandbox has seen, and buttons to make banks, webhooks, the API and time misbehave.

Its forms carry the page's token. Programs use `/_sandbox` (`control_api.py`) instead.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from khata_sandbox.gateway.actions import act, actions_for
from khata_sandbox.gateway.attempt_pages import method_text
from khata_sandbox.gateway.background import do_what_is_due
from khata_sandbox.gateway.customer_rows import Token
from khata_sandbox.gateway.downtimes import METHODS, start_downtime
from khata_sandbox.gateway.errors import ApiError
from khata_sandbox.gateway.faults import FAULTS, find_fault
from khata_sandbox.gateway.gateway import Gateway, gateway_of
from khata_sandbox.gateway.knobs import are_webhooks_disabled, enable_webhooks, move_clock, reset
from khata_sandbox.gateway.link_rows import PaymentLink, QrCode
from khata_sandbox.gateway.pages import PageProblem, form_of, render, token_for
from khata_sandbox.gateway.rows import Delivery, Event, Order, Payment, Refund
from khata_sandbox.gateway.settlement_rows import Dispute, Downtime, Settlement
from khata_sandbox.gateway.settlements import settle_now
from khata_sandbox.gateway.switches import switch_off, switch_on, switches, wanted_switch
from khata_sandbox.switches import ALL

SUBJECT = "control"
ROWS_SHOWN = 50

ADVANCES = (("15 minutes", 900), ("1 hour", 3600), ("1 day", 86_400), ("7 days", 7 * 86_400))
SPEEDS = (("as on the wall", 1), ("a minute a second", 60), ("an hour a second", 3600), ("a day a second", 86_400))


def routes() -> list[Route]:
    return [
        Route("/", get_root, methods=["GET"]),
        Route("/control", get_control, methods=["GET"]),
        Route("/control/events/{event_id}", get_event, methods=["GET"]),
        Route("/control/faults/on", post_fault_on, methods=["POST"]),
        Route("/control/faults/off", post_fault_off, methods=["POST"]),
        Route("/control/clock", post_clock, methods=["POST"]),
        Route("/control/settlements/now", post_settlement, methods=["POST"]),
        Route("/control/downtimes/start", post_downtime, methods=["POST"]),
        Route("/control/webhooks/enable", post_enable, methods=["POST"]),
        Route("/control/reset", post_reset, methods=["POST"]),
        Route("/control/{kind}/{subject_id}/{action}", post_action, methods=["POST"]),
    ]


async def get_root(request: Request) -> Response:
    return RedirectResponse("/control", 303)


async def get_control(request: Request) -> Response:
    gateway = gateway_of(request)
    events = _newest(gateway, Event)
    return render(
        request,
        "control.html",
        settings=gateway.settings,
        form_token=token_for(gateway, SUBJECT),
        now=gateway.clock.now(),
        speed=gateway.clock.reading.speed,
        advances=ADVANCES,
        speeds=SPEEDS,
        places=list(dict.fromkeys(fault.place for fault in FAULTS)),
        faults=FAULTS,
        switches=[(find_fault(switch.fault), switch) for switch in switches(gateway.store)],
        is_disabled=are_webhooks_disabled(gateway.store),
        orders=_newest(gateway, Order),
        payments=[
            (payment, method_text(payment), actions_for("payments", payment)) for payment in _newest(gateway, Payment)
        ],
        refunds=[(refund, actions_for("refunds", refund)) for refund in _newest(gateway, Refund)],
        disputes=[(dispute, actions_for("disputes", dispute)) for dispute in _newest(gateway, Dispute)],
        settlements=_newest(gateway, Settlement),
        tokens=[(token, actions_for("tokens", token)) for token in _newest(gateway, Token)],
        downtimes=[(downtime, actions_for("downtimes", downtime)) for downtime in _newest(gateway, Downtime)],
        downtime_methods=METHODS,
        links=_newest(gateway, PaymentLink),
        qr_codes=_newest(gateway, QrCode),
        events=[(event, gateway.store.select(Delivery, "event_id = ?", event.id, limit=3)) for event in events],
    )


async def get_event(request: Request) -> Response:
    """One webhook event: its body as it was signed, and every try."""
    gateway = gateway_of(request)
    event = gateway.store.get(Event, str(request.path_params["event_id"]))
    if event is None:
        raise PageProblem(404, "No such event", "It may have been forgotten by a reset.")
    return render(
        request,
        "event.html",
        event=event,
        body=json.dumps(json.loads(event.body), indent=2),
        tries=gateway.store.select(Delivery, "event_id = ?", event.id),
        form_token=token_for(gateway, SUBJECT),
    )


async def post_fault_on(request: Request) -> Response:
    """Fields left empty mean what the fault starts with: for all, always, until it is switched off."""
    gateway, form = await _control_form(request)
    given: dict[str, Any] = {"fault": form.get("fault", ""), "target": form.get("target", "").strip() or ALL}
    given |= {name: _number(form[name]) for name in ("percent", "count", "value") if form.get(name, "").strip()}
    with _told_on_a_page(422, "Not a switch position"):
        switch_on(gateway.store, wanted_switch(given))
    return _back("faults")


async def post_fault_off(request: Request) -> Response:
    """One switch, or all of them."""
    gateway, form = await _control_form(request)
    switch_off(gateway.store, form.get("fault"), form.get("target"))
    return _back("faults")


async def post_clock(request: Request) -> Response:
    gateway, form = await _control_form(request)
    given = {name: _number(form[name]) for name in ("advance_s", "speed") if name in form}
    with _told_on_a_page(422, "Not a time"):
        move_clock(gateway.store, gateway.clock, **given)
    do_what_is_due(gateway)
    return _back("clock")


async def post_settlement(request: Request) -> Response:
    gateway, _ = await _control_form(request)
    settle_now(gateway)
    return _back("settlements")


async def post_downtime(request: Request) -> Response:
    gateway, form = await _control_form(request)
    with _told_on_a_page(422, "Not a method"):
        start_downtime(gateway, form.get("method", ""), {})
    return _back("downtimes")


async def post_enable(request: Request) -> Response:
    gateway, _ = await _control_form(request)
    enable_webhooks(gateway.store)
    return _back("events")


async def post_reset(request: Request) -> Response:
    """Forgets everything: orders, payments, events, switches and the clock."""
    gateway, _ = await _control_form(request)
    reset(gateway.store, gateway.clock)
    return _back("")


async def post_action(request: Request) -> Response:
    """A button beside a payment, a refund, a dispute or an event."""
    gateway, _ = await _control_form(request)
    path = request.path_params
    with _told_on_a_page(409, "Not possible now"):
        act(gateway, str(path["kind"]), str(path["subject_id"]), str(path["action"]))
    return _back(str(path["kind"]))


async def _control_form(request: Request) -> tuple[Gateway, dict[str, str]]:
    return gateway_of(request), await form_of(request, SUBJECT)


@contextmanager
def _told_on_a_page(status: int, title: str) -> Iterator[None]:
    try:
        yield
    except ApiError as error:
        raise PageProblem(status, title, error.description) from error


def _newest(gateway: Gateway, row_type: type[Any]) -> list[Any]:
    return gateway.store.select(row_type, "true", limit=ROWS_SHOWN)


def _number(text: str) -> int | str:
    """What is no number stays as it is, for whoever judges it to refuse."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else text


def _back(place: str) -> Response:
    return RedirectResponse(f"/control#{place}", 303)
