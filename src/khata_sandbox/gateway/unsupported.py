"""Resources of the real gateway that are not here: a clear refusal instead of a puzzle."""

from starlette.requests import Request
from starlette.routing import Route

from khata_sandbox.gateway.api import api
from khata_sandbox.gateway.entities import Json
from khata_sandbox.gateway.errors import ApiError
from khata_sandbox.gateway.gateway import Gateway

RESOURCES = (
    "accounts",
    "addons",
    "fund_accounts",
    "invoices",
    "items",
    "payouts",
    "plans",
    "subscription_registration",
    "subscriptions",
    "transfers",
    "virtual_accounts",
)
ALL_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def routes() -> list[Route]:
    """Behind all others: a path that is served elsewhere never comes here."""
    paths = [f"/v1/{resource}{rest}" for resource in RESOURCES for rest in ("", "/{rest:path}")]
    more = ["/v1/payments/create/{kind}", "/v1/payments/validate/vpa", "/v1/payments/{payment_id}/otp{rest:path}"]
    return [Route(path, api(refuse), methods=ALL_METHODS) for path in [*paths, *more]]


async def refuse(gateway: Gateway, request: Request) -> Json:
    raise ApiError(f"{request.url.path} is not offered by this sandbox gateway", reason="NA", source="NA", step="NA")
