"""The control page: everything the sandbox has seen, and buttons to make banks, webhooks and the API misbehave.

A browser's forms carry the page's token; a program may send the API key by HTTP Basic instead.
"""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from khata_sandbox.gateway.attempt_pages import method_text
from khata_sandbox.gateway.gateway import Gateway, gateway_of
from khata_sandbox.gateway.pages import PageProblem, form_of, render, texts, token_for
from khata_sandbox.gateway.payments import fail, load_payment, succeed
from khata_sandbox.gateway.rest import authenticate
from khata_sandbox.gateway.rows import Delivery, Event, Order, Payment, Refund, Session, Switch
from khata_sandbox.gateway.switches import FAULTS, WEBHOOKS_DISABLED, set_switch, switch_value
from khata_sandbox.gateway.webhooks import send_again

SUBJECT = "control"
ROWS_SHOWN = 50
EVERYTHING = (Delivery, Event, Refund, Payment, Session, Order, Switch)


def routes() -> list[Route]:
    return [
        Route("/", get_root, methods=["GET"]),
        Route("/control", get_control, methods=["GET"]),
        Route("/control/switches", post_switches, methods=["POST"]),
        Route("/control/payments/{payment_id}/{answer}", post_payment, methods=["POST"]),
        Route("/control/events/{event_id}/send", post_send, methods=["POST"]),
        Route("/control/webhooks/enable", post_enable, methods=["POST"]),
        Route("/control/reset", post_reset, methods=["POST"]),
    ]


async def get_root(request: Request) -> Response:
    return RedirectResponse("/control", 303)


async def get_control(request: Request) -> Response:
    gateway = gateway_of(request)
    store = gateway.store
    events = store.select(Event, "true", limit=ROWS_SHOWN)
    return render(
        request,
        "control.html",
        settings=gateway.settings,
        form_token=token_for(gateway, SUBJECT),
        faults=[(fault, switch_value(store, fault.name)) for fault in FAULTS],
        is_disabled=bool(switch_value(store, WEBHOOKS_DISABLED)),
        orders=store.select(Order, "true", limit=ROWS_SHOWN),
        payments=[(payment, method_text(payment)) for payment in store.select(Payment, "true", limit=ROWS_SHOWN)],
        events=[(event, store.select(Delivery, "event_id = ?", event.id, limit=3)) for event in events],
    )


async def post_switches(request: Request) -> Response:
    """Sets every switch named in the form; a browser's form names all of them."""
    gateway, form = await _control_form(request)
    is_from_page = "all" in form
    with gateway.store.transaction():
        for fault in FAULTS:
            if fault.name in form or is_from_page:
                set_switch(gateway.store, fault.name, _switch_value(form.get(fault.name, "0"), fault.maximum))
    return _back()


async def post_payment(request: Request) -> Response:
    """The bank's answer, now: for a pending payment either way, for a failed one a late success."""
    gateway, _ = await _control_form(request)
    payment = load_payment(gateway, str(request.path_params["payment_id"]))
    if request.path_params["answer"] == "succeed":
        succeed(gateway, payment.id)
    else:
        fail(gateway, payment.id, "payment_failed")
    return _back()


async def post_send(request: Request) -> Response:
    gateway, _ = await _control_form(request)
    send_again(gateway, str(request.path_params["event_id"]))
    return _back()


async def post_enable(request: Request) -> Response:
    gateway, _ = await _control_form(request)
    with gateway.store.transaction():
        set_switch(gateway.store, WEBHOOKS_DISABLED, 0)
    return _back()


async def post_reset(request: Request) -> Response:
    """Forgets everything: orders, payments, events and switches."""
    gateway, _ = await _control_form(request)
    with gateway.store.transaction():
        gateway.store.clear(EVERYTHING)
    return _back()


async def _control_form(request: Request) -> tuple[Gateway, dict[str, str]]:
    gateway = gateway_of(request)
    if "authorization" in request.headers:
        authenticate(gateway, request)
        return gateway, texts(await request.form())
    return gateway, await form_of(request, SUBJECT)


def _switch_value(text: str, maximum: int) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) > maximum:
        raise PageProblem(422, "Not a switch position", f"Use a whole number from 0 to {maximum}.")
    return int(text)


def _back() -> Response:
    return RedirectResponse("/control", 303)
