"""Lists longer than a page, read to their end."""

from collections.abc import Mapping
from datetime import datetime

from khata.payments.drivers.razorpay import fields
from khata.payments.drivers.razorpay.fields import items
from khata.payments.facts import NotUnderstood, text
from khata.payments.port import Refused, Unavailable
from khata.payments.rest import Json, RestClient
from khata.payments.reversals import Reversal

PAGE_SIZE = 100
"""The most the API gives at once (but for what was settled)."""


def read_all(
    client: RestClient, path: str, query: Mapping[str, str] | None = None, *, page_size: int = PAGE_SIZE
) -> list[Json] | Refused | Unavailable:
    """Every item once. What is added meanwhile pushes items onto later pages, so some are seen twice, none is missed.

    Raises NotUnderstood.
    """
    found: dict[str, Json] = {}
    skip = 0
    while True:
        answer = client.get(path, {**(query or {}), "count": str(page_size), "skip": str(skip)})
        if not isinstance(answer, dict):
            return answer
        page = items(answer)
        known_count = len(found)
        found |= {_name(item): item for item in page}
        if len(page) < page_size:
            return list(found.values())
        if len(found) == known_count:
            raise NotUnderstood(f"{path} gives the same page again and again")
        skip += page_size


def between(created_from: datetime, created_until: datetime) -> dict[str, str]:
    """Both ends included, in whole seconds."""
    return {"from": str(int(created_from.timestamp())), "to": str(int(created_until.timestamp()))}


def list_reversals(client: RestClient, span: Mapping[str, str]) -> tuple[Reversal, ...] | Refused | Unavailable:
    """An account that is refused its disputes has none to show."""
    try:
        refunds = read_all(client, "/v1/refunds", span)
        disputes = read_all(client, "/v1/disputes", span)
        if not isinstance(refunds, list):
            return refunds
        if isinstance(disputes, Unavailable):
            return disputes
        known = disputes if isinstance(disputes, list) else []
        return (*_reversals(refunds, "rfnd_"), *_reversals(known, "disp_"))
    except NotUnderstood as error:
        return Unavailable(f"cannot be understood: {error}")


def _reversals(found: list[Json], prefix: str) -> list[Reversal]:
    return [
        Reversal(fields.reference(item, "id", prefix), fields.reference(item, "payment_id", "pay_")) for item in found
    ]


def _name(item: Json) -> str:
    """A settlement's line is named by what it settles; everything else by its own id."""
    name = text(item.get("id")) or f"{text(item.get('type'))} {text(item.get('entity_id'))}"
    if not name.strip():
        raise NotUnderstood("an item without an id")
    return name
