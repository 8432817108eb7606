"""The REST API of settlements, their reconciliation, disputes and downtimes."""

from itertools import islice

from starlette.requests import Request
from starlette.routing import Route

from khata_sandbox.gateway.api import api, path_id
from khata_sandbox.gateway.disputes import accept_dispute, contest_dispute, list_disputes, load_dispute
from khata_sandbox.gateway.downtimes import downtime_entity, list_downtimes, load_downtime
from khata_sandbox.gateway.entities import Json, collection
from khata_sandbox.gateway.gateway import Gateway
from khata_sandbox.gateway.requests import json_body, page_request, refuse_others, whole_number
from khata_sandbox.gateway.settlement_entities import dispute_entity, settlement_entity
from khata_sandbox.gateway.settlements import list_settlements, load_settlement, reconciliation

RECONCILIATION_COUNT_MAXIMUM = 1000


def routes() -> list[Route]:
    """Downtimes live below /v1/payments: put these before the routes of payments."""
    return [
        Route("/v1/settlements", api(get_settlements), methods=["GET"]),
        Route("/v1/settlements/recon/combined", api(get_reconciliation), methods=["GET"]),
        Route("/v1/settlements/{settlement_id}", api(get_settlement), methods=["GET"]),
        Route("/v1/disputes", api(get_disputes), methods=["GET"]),
        Route("/v1/disputes/{dispute_id}", api(get_dispute), methods=["GET"]),
        Route("/v1/disputes/{dispute_id}/accept", api(post_accept), methods=["POST"]),
        Route("/v1/disputes/{dispute_id}/contest", api(patch_contest), methods=["PATCH"]),
        Route("/v1/payments/downtimes", api(get_downtimes), methods=["GET"]),
        Route("/v1/payments/downtimes/{downtime_id}", api(get_downtime), methods=["GET"]),
    ]


async def get_settlements(gateway: Gateway, request: Request) -> Json:
    found = list_settlements(gateway, page_request(request))
    return collection([settlement_entity(settlement) for settlement in found])


async def get_settlement(gateway: Gateway, request: Request) -> Json:
    return settlement_entity(load_settlement(gateway, path_id(request, "settlement_id", "setl")))


async def get_reconciliation(gateway: Gateway, request: Request) -> Json:
    query = request.query_params
    refuse_others(query, ("year", "month", "day", "count", "skip"))
    year = whole_number(query, "year", None, 2000, 2120)
    month = whole_number(query, "month", None, 1, 12)
    day = whole_number(query, "day", None, 1, 31) if "day" in query else None
    count = whole_number(query, "count", 10, 1, RECONCILIATION_COUNT_MAXIMUM)
    skip = whole_number(query, "skip", 0, 0, 10**12)
    return collection(list(islice(reconciliation(gateway, year, month, day), skip, skip + count)))


async def get_disputes(gateway: Gateway, request: Request) -> Json:
    return collection([dispute_entity(dispute) for dispute in list_disputes(gateway, page_request(request))])


async def get_dispute(gateway: Gateway, request: Request) -> Json:
    return dispute_entity(load_dispute(gateway, path_id(request, "dispute_id", "disp")))


async def post_accept(gateway: Gateway, request: Request) -> Json:
    return dispute_entity(accept_dispute(gateway, path_id(request, "dispute_id", "disp")))


async def patch_contest(gateway: Gateway, request: Request) -> Json:
    dispute_id = path_id(request, "dispute_id", "disp")
    return dispute_entity(contest_dispute(gateway, dispute_id, await json_body(request)))


async def get_downtimes(gateway: Gateway, request: Request) -> Json:
    return collection([downtime_entity(downtime) for downtime in list_downtimes(gateway)])


async def get_downtime(gateway: Gateway, request: Request) -> Json:
    return downtime_entity(load_downtime(gateway, path_id(request, "downtime_id", "down")))
