"""Where an organisation's messages may go: the countries it allows, and whether numbers are excepted."""

import re
from collections.abc import Collection
from typing import Any

import psycopg

from khata.kernel.arrays import array_text
from khata.kernel.errors import InvalidRequest, field_problem
from khata.tenancy.models import Organisation

_REGION = re.compile(r"[A-Z]{2}", re.ASCII)

# In one order, so that two writers never wait for each other in a circle.
_NOTE_OPT_OUTS = """
    update tenancy_organisation set has_opt_outs = true
     where id in (select id from tenancy_organisation
                   where id = any(%s::bigint[]) and not has_opt_outs order by id for no key update)
"""


def allow_countries(*, organisation_id: int, regions: Collection[str]) -> None:
    """Exactly these besides the home country, by ISO 3166 code; in force with the next batch. Raises InvalidRequest."""
    if not all(_REGION.fullmatch(region) for region in regions):
        raise InvalidRequest([field_problem("countries", "unknown", "A country is two capital letters, like NP.")])
    Organisation.objects.filter(id=organisation_id).update(countries=sorted(set(regions)))


def note_opt_outs(connection: psycopg.Connection[Any], organisation_ids: Collection[int]) -> None:
    """From now on numbers are looked for among those opted out, in the caller's transaction that opts the first out."""
    connection.execute(_NOTE_OPT_OUTS, [array_text(organisation_ids)])
