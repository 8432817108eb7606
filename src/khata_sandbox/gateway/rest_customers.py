"""The REST API of customers, their tokens, and charges under a mandate."""

from starlette.requests import Request
from starlette.routing import Route

from khata_sandbox.gateway.api import api, path_id
from khata_sandbox.gateway.customer_entities import customer_entity, token_entity
from khata_sandbox.gateway.customer_rows import Customer
from khata_sandbox.gateway.customers import create_customer, edit_customer, list_customers, load_customer
from khata_sandbox.gateway.entities import Json, collection
from khata_sandbox.gateway.gateway import Gateway
from khata_sandbox.gateway.recurring import charge
from khata_sandbox.gateway.requests import json_body, page_request
from khata_sandbox.gateway.tokens import cancel_token, delete_token, load_token, tokens_of


def routes() -> list[Route]:
    customer = "/v1/customers/{customer_id}"
    return [
        Route("/v1/customers", api(post_customer), methods=["POST"]),
        Route("/v1/customers", api(get_customers), methods=["GET"]),
        Route(customer, api(get_customer), methods=["GET"]),
        Route(customer, api(put_customer), methods=["PUT"]),
        Route(f"{customer}/tokens", api(get_tokens), methods=["GET"]),
        Route(f"{customer}/tokens/{{token_id}}", api(get_token), methods=["GET"]),
        Route(f"{customer}/tokens/{{token_id}}", api(remove_token), methods=["DELETE"]),
        Route(f"{customer}/tokens/{{token_id}}/cancel", api(put_cancel), methods=["PUT"]),
        Route("/v1/payments/create/recurring", api(post_recurring), methods=["POST"]),
    ]


async def post_customer(gateway: Gateway, request: Request) -> Json:
    return customer_entity(create_customer(gateway, await json_body(request)))


async def get_customers(gateway: Gateway, request: Request) -> Json:
    return collection([customer_entity(customer) for customer in list_customers(gateway, page_request(request))])


async def get_customer(gateway: Gateway, request: Request) -> Json:
    return customer_entity(_customer(gateway, request))


async def put_customer(gateway: Gateway, request: Request) -> Json:
    customer_id = path_id(request, "customer_id", "cust")
    return customer_entity(edit_customer(gateway, customer_id, await json_body(request)))


async def get_tokens(gateway: Gateway, request: Request) -> Json:
    return collection([token_entity(token) for token in tokens_of(gateway, _customer(gateway, request))])


async def get_token(gateway: Gateway, request: Request) -> Json:
    return token_entity(load_token(gateway, _customer(gateway, request), path_id(request, "token_id", "token")))


async def remove_token(gateway: Gateway, request: Request) -> Json:
    delete_token(gateway, _customer(gateway, request), path_id(request, "token_id", "token"))
    return {"deleted": True}


async def put_cancel(gateway: Gateway, request: Request) -> Json:
    token = cancel_token(gateway, _customer(gateway, request), path_id(request, "token_id", "token"))
    return {"status": token.status}


async def post_recurring(gateway: Gateway, request: Request) -> Json:
    return {"razorpay_payment_id": charge(gateway, await json_body(request)).id}


def _customer(gateway: Gateway, request: Request) -> Customer:
    return load_customer(gateway, path_id(request, "customer_id", "cust"))
