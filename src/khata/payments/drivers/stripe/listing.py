"""Stripe's lists, read to their end: newest first, a hundred at a time, each page after the last item seen."""

import math
from collections.abc import Mapping
from datetime import datetime

from khata.payments.drivers.stripe.entities import ref_of
from khata.payments.facts import NotUnderstood
from khata.payments.port import Refused, Unavailable
from khata.payments.rest import Json, RestClient
from khata.payments.reversals import Reversal

PAGE_SIZE = 100
"""The most the API gives at once."""


def read_all(client: RestClient, path: str, query: Mapping[str, str]) -> list[Json] | Refused | Unavailable:
    """Every item once. Raises NotUnderstood."""
    found: dict[str, Json] = {}
    after: dict[str, str] = {}
    while True:
        answer = client.get(path, {**query, "limit": str(PAGE_SIZE), **after})
        if not isinstance(answer, dict):
            return answer
        page = {_id_of(item): item for item in _items(answer)}
        if page.keys() & found.keys():
            raise NotUnderstood(f"{path} gives the same page again and again")
        found |= page
        if not page or answer.get("has_more") is not True:
            return list(found.values())
        after = {"starting_after": list(page)[-1]}


def created(created_from: datetime, created_until: datetime) -> dict[str, str]:
    """Stripe counts whole seconds: rounded up on both sides, two spans that meet share none and miss none."""
    return {
        "created[gte]": str(math.ceil(created_from.timestamp())),
        "created[lt]": str(math.ceil(created_until.timestamp())),
    }


def list_reversals(client: RestClient, span: Mapping[str, str]) -> tuple[Reversal, ...] | Refused | Unavailable:
    """What names no charge is none of ours."""
    found: list[Reversal] = []
    try:
        for path in ("/v1/refunds", "/v1/disputes"):
            listed = read_all(client, path, span)
            if not isinstance(listed, list):
                return listed
            found += [Reversal(_id_of(item), charge) for item in listed if (charge := ref_of(item.get("charge")))]
    except NotUnderstood as error:
        return Unavailable(f"cannot be understood: {error}")
    return tuple(found)


def _items(answer: Json) -> list[Json]:
    found = answer.get("data")
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise NotUnderstood("a list without data")
    return found


def _id_of(item: Json) -> str:
    found = item.get("id")
    if not isinstance(found, str) or not found:
        raise NotUnderstood("an item without an id")
    return found
