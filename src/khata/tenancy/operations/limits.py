"""How fast and how much may be sent: set here, kept to at acceptance."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

from khata.kernel.arrays import array_texts
from khata.kernel.credits import AMOUNT_MICRO_MAX
from khata.kernel.errors import FieldProblem, InvalidRequest, field_problem
from khata.tenancy.core.limits import MESSAGES_PER_MINUTE_MAX, SendingLimits
from khata.tenancy.models import Organisation

_SENDERS = """
    select named.organisation_id, named.api_key_id, countries, has_opt_outs, key.messages_per_minute_max, time_zone,
           organisation.messages_per_minute_max, credits_per_day_max, credits_per_month_max
      from unnest(%s::bigint[], %s::uuid[]) as named (organisation_id, api_key_id)
      join tenancy_organisation organisation on organisation.id = named.organisation_id
      left join tenancy_apikey key on key.id = named.api_key_id
"""


@dataclass(frozen=True, slots=True)
class Asker:
    """Whose message it is, and what it may send where; `limits` is None where nothing is limited."""

    organisation_id: int
    api_key_id: UUID | None
    limits: SendingLimits | None = None
    countries: frozenset[str] = frozenset()
    """Those it allows besides the home country."""
    has_opt_outs: bool = False


def change_sending_limits(
    *,
    organisation_id: int,
    messages_per_minute_max: int | None,
    credits_per_day_max: int | None,
    credits_per_month_max: int | None,
) -> None:
    """None for no limit; caps in micro-credits. In force with the next batch. Raises InvalidRequest."""
    problems = rate_problems(messages_per_minute_max)
    caps = {"credits_per_day_max": credits_per_day_max, "credits_per_month_max": credits_per_month_max}
    for name, cap in caps.items():
        if cap is not None and not 0 < cap <= AMOUNT_MICRO_MAX:
            problems.append(field_problem(name, "out_of_range", "Choose a number of credits, or leave it empty."))
    if problems:
        raise InvalidRequest(problems)
    Organisation.objects.filter(id=organisation_id).update(messages_per_minute_max=messages_per_minute_max, **caps)


def askers_known(
    connection: psycopg.Connection[Any], subjects: Collection[tuple[int, UUID | None]]
) -> dict[tuple[int, UUID | None], Asker]:
    """The askers of (organisation, API key or None) that were authenticated before, with their limits of now."""
    rows = psycopg.Cursor(connection).execute(_SENDERS, array_texts(subjects, 2), prepare=True)
    known = {(row[0], row[1]): asker_of(*row) for row in rows}
    return {subject: known.get(subject) or Asker(*subject) for subject in subjects}


def asker_of(
    organisation_id: int, api_key_id: UUID | None, countries: list[str], has_opt_outs: bool, *limits: Any
) -> Asker:
    """Of the columns both statements read; `limits`: the API key's rate, its organisation's time zone and limits."""
    return Asker(organisation_id, api_key_id, _limits_of(*limits), frozenset(countries), has_opt_outs)


def rate_problems(messages_per_minute_max: int | None) -> list[FieldProblem]:
    """What is wrong with such a limit; None is none."""
    if messages_per_minute_max is None or 0 < messages_per_minute_max <= MESSAGES_PER_MINUTE_MAX:
        return []
    detail = f"Choose 1 to {MESSAGES_PER_MINUTE_MAX:,} messages a minute, or leave it empty."
    return [field_problem("messages_per_minute_max", "out_of_range", detail)]


def _limits_of(
    key_rate: int | None, time_zone: str, rate: int | None, per_day: int | None, per_month: int | None
) -> SendingLimits | None:
    """None where nothing is limited."""
    limits = SendingLimits(time_zone, rate, key_rate, per_day, per_month)
    return limits if limits.has_any else None
