"""The REST API of payment links and QR codes."""

from starlette.requests import Request
from starlette.routing import Route

from khata_sandbox.gateway.api import api, path_id
from khata_sandbox.gateway.entities import Json, collection, payment_entity
from khata_sandbox.gateway.gateway import Gateway, site_url
from khata_sandbox.gateway.link_entities import link_entity, qr_code_entity
from khata_sandbox.gateway.link_rows import PaymentLink
from khata_sandbox.gateway.payment_links import (
    cancel_link,
    captured_payments,
    create_link,
    edit_link,
    list_links,
    load_link,
    notify_by,
)
from khata_sandbox.gateway.qr_codes import (
    close_qr_code,
    create_qr_code,
    list_qr_codes,
    load_qr_code,
    payments_of_qr_code,
)
from khata_sandbox.gateway.requests import json_body, page_request


def routes() -> list[Route]:
    """QR codes live below /v1/payments: put these before the routes of payments."""
    links, codes = "/v1/payment_links", "/v1/payments/qr_codes"
    return [
        Route(links, api(post_link), methods=["POST"]),
        Route(links, api(get_links), methods=["GET"]),
        Route(f"{links}/{{link_id}}", api(get_link), methods=["GET"]),
        Route(f"{links}/{{link_id}}", api(patch_link), methods=["PATCH"]),
        Route(f"{links}/{{link_id}}/cancel", api(post_cancel), methods=["POST"]),
        Route(f"{links}/{{link_id}}/notify_by/{{medium}}", api(post_notify), methods=["POST"]),
        Route(codes, api(post_qr_code), methods=["POST"]),
        Route(codes, api(get_qr_codes), methods=["GET"]),
        Route(f"{codes}/{{qr_code_id}}", api(get_qr_code), methods=["GET"]),
        Route(f"{codes}/{{qr_code_id}}/payments", api(get_qr_code_payments), methods=["GET"]),
        Route(f"{codes}/{{qr_code_id}}/close", api(post_close), methods=["POST"]),
    ]


async def post_link(gateway: Gateway, request: Request) -> Json:
    return _link(gateway, create_link(gateway, await json_body(request), site_url=site_url(request)))


async def get_links(gateway: Gateway, request: Request) -> Json:
    """No collection here, but an object of one list."""
    page, query = page_request(request, "reference_id", "payment_id"), request.query_params
    found = list_links(gateway, page, reference_id=query.get("reference_id"), payment_id=query.get("payment_id"))
    return {"payment_links": [_link(gateway, link) for link in found]}


async def get_link(gateway: Gateway, request: Request) -> Json:
    return _link(gateway, load_link(gateway, path_id(request, "link_id", "plink")))


async def patch_link(gateway: Gateway, request: Request) -> Json:
    return _link(gateway, edit_link(gateway, path_id(request, "link_id", "plink"), await json_body(request)))


async def post_cancel(gateway: Gateway, request: Request) -> Json:
    return _link(gateway, cancel_link(gateway, path_id(request, "link_id", "plink")))


async def post_notify(gateway: Gateway, request: Request) -> Json:
    notify_by(gateway, path_id(request, "link_id", "plink"), str(request.path_params["medium"]))
    return {"success": True}


async def post_qr_code(gateway: Gateway, request: Request) -> Json:
    return qr_code_entity(create_qr_code(gateway, await json_body(request), site_url=site_url(request)))


async def get_qr_codes(gateway: Gateway, request: Request) -> Json:
    page, query = page_request(request, "customer_id", "payment_id"), request.query_params
    found = list_qr_codes(gateway, page, customer_id=query.get("customer_id"), payment_id=query.get("payment_id"))
    return collection([qr_code_entity(qr_code) for qr_code in found])


async def get_qr_code(gateway: Gateway, request: Request) -> Json:
    return qr_code_entity(load_qr_code(gateway, path_id(request, "qr_code_id", "qr")))


async def get_qr_code_payments(gateway: Gateway, request: Request) -> Json:
    qr_code = load_qr_code(gateway, path_id(request, "qr_code_id", "qr"))
    found = payments_of_qr_code(gateway, qr_code, page_request(request))
    return collection([payment_entity(payment) for payment in found])


async def post_close(gateway: Gateway, request: Request) -> Json:
    return qr_code_entity(close_qr_code(gateway, path_id(request, "qr_code_id", "qr")))


def _link(gateway: Gateway, link: PaymentLink) -> Json:
    return link_entity(link, captured_payments(gateway, link))
