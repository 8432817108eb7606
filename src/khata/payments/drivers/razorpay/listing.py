"""Lists longer than a page, read to their end."""

from collections.abc import Mapping

from khata.payments.drivers.razorpay.fields import items
from khata.payments.facts import NotUnderstood, text
from khata.payments.port import Refused, Unavailable
from khata.payments.rest import Json, RestClient

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


def _name(item: Json) -> str:
    """A settlement's line is named by what it settles; everything else by its own id."""
    name = text(item.get("id")) or f"{text(item.get('type'))} {text(item.get('entity_id'))}"
    if not name.strip():
        raise NotUnderstood("an item without an id")
    return name
