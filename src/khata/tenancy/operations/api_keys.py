"""API keys: made, revoked, and asked who they speak for."""

import json
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
from django.db.models import QuerySet

from khata.kernel.arrays import array_text
from khata.kernel.clock import utc_now
from khata.kernel.errors import InvalidRequest, NotFound, field_problem
from khata.tenancy.core.api_key_text import (
    BASE62,
    PREFIX_SHOWN_LENGTH,
    SECRET_LENGTH,
    Mode,
    api_key_digest,
    api_key_text,
    is_well_formed,
)
from khata.tenancy.errors import InvalidApiKey, MissingScope
from khata.tenancy.models import ApiKey, Member
from khata.tenancy.operations.limits import Asker, asker_of, rate_problems

_LIVE_KEYS = """
    select digest, scopes::text, key.organisation_id, key.id, countries, has_opt_outs, key.messages_per_minute_max,
           time_zone, organisation.messages_per_minute_max, credits_per_day_max, credits_per_month_max
      from tenancy_apikey key
      join tenancy_organisation organisation on organisation.id = key.organisation_id
     where digest = any(%s::bytea[]) and revoked_at is null
"""

_REVOKED = "select id from tenancy_apikey where id = any(%s::uuid[]) and revoked_at is not null"

SCOPES = ("send", "read", "billing", "webhooks")
"""send: messages; read: messages and balance; billing: top-ups; webhooks: endpoints and what was sent to them."""

_LAST_USED_PRECISION = timedelta(minutes=1)
_NAME_LENGTH_MAX = 80


@dataclass(frozen=True, slots=True)
class Caller:
    """Who an API key speaks for."""

    organisation_id: int
    api_key_id: UUID
    scopes: frozenset[str]


def create_api_key(
    *,
    organisation_id: int,
    name: str,
    created_by: Member | None,
    mode: Mode,
    scopes: tuple[str, ...] = SCOPES,
    messages_per_minute_max: int | None = None,
) -> tuple[UUID, str]:
    """Returns the key's id and its text, which is nowhere kept. Raises InvalidRequest."""
    problems = rate_problems(messages_per_minute_max)
    if not name.strip() or len(name.strip()) > _NAME_LENGTH_MAX:
        problems.append(field_problem("name", "required", f"Please give a name of 1 to {_NAME_LENGTH_MAX} characters."))
    if not scopes or not set(scopes) <= set(SCOPES):
        problems.append(field_problem("scopes", "unknown", f"Choose one or more of {', '.join(SCOPES)}."))
    if problems:
        raise InvalidRequest(problems)
    text = api_key_text(mode, "".join(secrets.choice(BASE62) for _ in range(SECRET_LENGTH)))
    key = ApiKey.objects.create(
        organisation_id=organisation_id,
        name=name.strip(),
        prefix=text[:PREFIX_SHOWN_LENGTH],
        digest=api_key_digest(text),
        scopes=list(scopes),
        created_by=created_by,
        messages_per_minute_max=messages_per_minute_max,
    )
    return key.id, text


def revoke_api_key(*, organisation_id: int, api_key_id: UUID) -> None:
    """Dead at once: keys are read from the database on every request. Raises NotFound."""
    keys = ApiKey.objects.filter(organisation_id=organisation_id, id=api_key_id)
    if not keys.exists():
        raise NotFound
    keys.filter(revoked_at=None).update(revoked_at=utc_now())


def authenticate_api_key(text: str) -> Caller:
    """Raises InvalidApiKey, the same for every reason."""
    if not is_well_formed(text):
        raise InvalidApiKey
    key = ApiKey.objects.filter(digest=api_key_digest(text), revoked_at=None).first()
    if key is None:
        raise InvalidApiKey
    return Caller(key.organisation_id, key.id, frozenset(key.scopes))


def authenticate_api_keys(
    connection: psycopg.Connection[Any], digests: Collection[bytes]
) -> dict[bytes, tuple[Caller, Asker]]:
    """Of those digests (`api_key_digest`) that are live keys now, for whom they speak and what these may send; one read
    for a whole batch.
    """
    rows = psycopg.Cursor(connection).execute(_LIVE_KEYS, [array_text(digests)], prepare=True)
    return {
        digest: (Caller(organisation_id, id_, frozenset(json.loads(scopes))), asker_of(organisation_id, id_, *facts))
        for digest, scopes, organisation_id, id_, *facts in rows
    }


def revoked_among(connection: psycopg.Connection[Any], api_key_ids: Collection[UUID]) -> set[UUID]:
    """Those of these keys that are revoked."""
    return {row[0] for row in psycopg.Cursor(connection).execute(_REVOKED, [array_text(api_key_ids)], prepare=True)}


def require_scope(caller: Caller, scope: str) -> None:
    """Raises MissingScope."""
    if scope not in caller.scopes:
        raise MissingScope(f"This API key lacks the scope “{scope}”.", scope=scope)


def note_api_key_use(*, api_key_id: UUID, ip: str | None) -> None:
    """Keeps "last used" to the minute, so that a busy key costs one write a minute."""
    _note_use(ApiKey.objects.filter(id=api_key_id), ip)


def note_api_key_use_by_digest(*, digest: bytes, ip: str | None) -> None:
    """The same, for who knows only the key's digest."""
    _note_use(ApiKey.objects.filter(digest=digest), ip)


def _note_use(keys: "QuerySet[ApiKey]", ip: str | None) -> None:
    now = utc_now()
    keys.exclude(last_used_at__gt=now - _LAST_USED_PRECISION).update(last_used_at=now, last_used_ip=ip)
