"""The REST API: orders, payments, refunds and methods, as the official clients call them."""

from starlette.requests import Request
from starlette.routing import Route

from khata_sandbox.gateway.api import api, path_id
from khata_sandbox.gateway.customer_entities import token_entity
from khata_sandbox.gateway.customer_rows import Token
from khata_sandbox.gateway.entities import (
    Json,
    card_entity,
    collection,
    order_entity,
    payment_entity,
    refund_entity,
)
from khata_sandbox.gateway.errors import ApiError, malformed_id, unknown_id
from khata_sandbox.gateway.gateway import Gateway
from khata_sandbox.gateway.ids import is_id
from khata_sandbox.gateway.methods import methods_entity
from khata_sandbox.gateway.orders import create_order, list_orders, load_order, payments_of, set_order_notes
from khata_sandbox.gateway.payments import capture, list_payments, load_payment, set_payment_notes
from khata_sandbox.gateway.refunds import create_refund, list_refunds, load_refund, refunds_of, set_refund_notes
from khata_sandbox.gateway.requests import expansions, json_body, page_request, refuse_others
from khata_sandbox.gateway.rows import Order, Payment


def routes() -> list[Route]:
    return [
        Route("/v1/orders", api(post_order), methods=["POST"]),
        Route("/v1/orders", api(get_orders), methods=["GET"]),
        Route("/v1/orders/{order_id}", api(get_order), methods=["GET"]),
        Route("/v1/orders/{order_id}", api(patch_order), methods=["PATCH"]),
        Route("/v1/orders/{order_id}/payments", api(get_order_payments), methods=["GET"]),
        Route("/v1/payments", api(get_payments), methods=["GET"]),
        Route("/v1/payments/{payment_id}", api(get_payment), methods=["GET"]),
        Route("/v1/payments/{payment_id}", api(patch_payment), methods=["PATCH"]),
        Route("/v1/payments/{payment_id}/capture", api(post_capture), methods=["POST"]),
        Route("/v1/payments/{payment_id}/card", api(get_payment_card), methods=["GET"]),
        Route("/v1/payments/{payment_id}/refund", api(post_payment_refund), methods=["POST"]),
        Route("/v1/payments/{payment_id}/refunds", api(get_payment_refunds), methods=["GET"]),
        Route("/v1/payments/{payment_id}/refunds/{refund_id}", api(get_payment_refund), methods=["GET"]),
        Route("/v1/refunds", api(post_refund), methods=["POST"]),
        Route("/v1/refunds", api(get_refunds), methods=["GET"]),
        Route("/v1/refunds/{refund_id}", api(get_refund), methods=["GET"]),
        Route("/v1/refunds/{refund_id}", api(patch_refund), methods=["PATCH"]),
        Route("/v1/methods", api(get_methods, is_public=True), methods=["GET"]),
        Route("/methods", api(get_methods, is_public=True), methods=["GET"]),
    ]


async def post_order(gateway: Gateway, request: Request) -> Json:
    return order_entity(create_order(gateway, await json_body(request)))


async def get_orders(gateway: Gateway, request: Request) -> Json:
    page = page_request(request, "receipt", "authorized")
    query = request.query_params
    found = list_orders(gateway, page, receipt=query.get("receipt"), authorized=query.get("authorized"))
    return collection([_order(gateway, order, page.expand) for order in found])


async def get_order(gateway: Gateway, request: Request) -> Json:
    refuse_others(request.query_params, ("expand[]",))
    order = load_order(gateway, path_id(request, "order_id", "order"))
    return _order(gateway, order, expansions(request))


async def patch_order(gateway: Gateway, request: Request) -> Json:
    order_id = path_id(request, "order_id", "order")
    return order_entity(set_order_notes(gateway, order_id, await json_body(request)))


async def get_order_payments(gateway: Gateway, request: Request) -> Json:
    refuse_others(request.query_params, ("expand[]",))
    order = load_order(gateway, path_id(request, "order_id", "order"))
    return collection([_payment(gateway, payment, expansions(request)) for payment in payments_of(gateway, order)])


async def get_payments(gateway: Gateway, request: Request) -> Json:
    page = page_request(request)
    return collection([_payment(gateway, payment, page.expand) for payment in list_payments(gateway, page)])


async def get_payment(gateway: Gateway, request: Request) -> Json:
    refuse_others(request.query_params, ("expand[]",))
    return _payment(gateway, load_payment(gateway, path_id(request, "payment_id", "pay")), expansions(request))


async def patch_payment(gateway: Gateway, request: Request) -> Json:
    payment_id = path_id(request, "payment_id", "pay")
    return payment_entity(set_payment_notes(gateway, payment_id, await json_body(request)))


async def post_capture(gateway: Gateway, request: Request) -> Json:
    payment_id = path_id(request, "payment_id", "pay")
    given = await json_body(request)
    refuse_others(given, ("amount", "currency"))
    return payment_entity(
        capture(gateway, payment_id, amount_minor=given.get("amount"), currency=given.get("currency", "INR"))
    )


async def get_payment_card(gateway: Gateway, request: Request) -> Json:
    payment = load_payment(gateway, path_id(request, "payment_id", "pay"))
    if payment.card_id is None:
        raise ApiError("Payment was not done using card.")
    return card_entity(payment)


async def post_payment_refund(gateway: Gateway, request: Request) -> Json:
    return _create_refund(gateway, request, path_id(request, "payment_id", "pay"), await json_body(request))


async def post_refund(gateway: Gateway, request: Request) -> Json:
    given = await json_body(request)
    payment_id = str(given.pop("payment_id", ""))
    if not is_id("pay", payment_id):
        raise malformed_id(payment_id)
    return _create_refund(gateway, request, payment_id, given)


async def get_refunds(gateway: Gateway, request: Request) -> Json:
    return collection([refund_entity(refund) for refund in list_refunds(gateway, page_request(request))])


async def get_refund(gateway: Gateway, request: Request) -> Json:
    return refund_entity(load_refund(gateway, path_id(request, "refund_id", "rfnd")))


async def patch_refund(gateway: Gateway, request: Request) -> Json:
    refund_id = path_id(request, "refund_id", "rfnd")
    return refund_entity(set_refund_notes(gateway, refund_id, await json_body(request)))


async def get_payment_refunds(gateway: Gateway, request: Request) -> Json:
    payment = load_payment(gateway, path_id(request, "payment_id", "pay"))
    found = list_refunds(gateway, page_request(request), payment_id=payment.id)
    return collection([refund_entity(refund) for refund in found])


async def get_payment_refund(gateway: Gateway, request: Request) -> Json:
    refund = load_refund(gateway, path_id(request, "refund_id", "rfnd"))
    if refund.payment_id != path_id(request, "payment_id", "pay"):
        raise unknown_id()
    return refund_entity(refund)


async def get_methods(gateway: Gateway, request: Request) -> Json:
    return methods_entity()


def _create_refund(gateway: Gateway, request: Request, payment_id: str, given: Json) -> Json:
    key = request.headers.get("x-refund-idempotency")
    return refund_entity(create_refund(gateway, payment_id, given, idempotency_key=key))


def _order(gateway: Gateway, order: Order, expand: frozenset[str]) -> Json:
    entity = order_entity(order)
    if expand & {"payments", "payments.card"}:
        payments = payments_of(gateway, order)
        entity["payments"] = collection([_payment(gateway, payment, expand) for payment in payments])
    if "transfers" in expand:
        entity["transfers"] = collection([])
    if "virtual_account" in expand:
        entity["virtual_account"] = None
    return entity


def _payment(gateway: Gateway, payment: Payment, expand: frozenset[str]) -> Json:
    entity = payment_entity(payment, with_card=bool(expand & {"card", "payments.card"}))
    if "refunds" in expand:
        entity["refunds"] = collection([refund_entity(refund) for refund in refunds_of(gateway, payment)])
    if "token" in expand:
        token = gateway.store.get(Token, payment.token_id or "")
        entity["token"] = token_entity(token) if token else None
    return entity
