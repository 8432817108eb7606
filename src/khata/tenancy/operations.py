"""What can be done with organisations, members and API keys."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import QuerySet

from khata.kernel.clock import utc_now
from khata.kernel.errors import FieldProblem, InvalidRequest, NotFound, field_problem
from khata.kernel.transactions import in_transaction
from khata.tenancy.core.api_key_text import (
    BASE62,
    PREFIX_SHOWN_LENGTH,
    SECRET_LENGTH,
    Mode,
    api_key_digest,
    api_key_text,
    is_well_formed,
)
from khata.tenancy.core.gstin import STATES, InvalidGstin, normalise_gstin
from khata.tenancy.errors import InvalidApiKey, MissingScope
from khata.tenancy.models import ApiKey, Member, Membership, Organisation, Role

__all__ = [
    "SCOPES",
    "BillingDetails",
    "Caller",
    "InvalidApiKey",
    "MissingScope",
    "api_key_digest",
    "authenticate_api_key",
    "authenticate_api_keys",
    "change_billing_details",
    "create_api_key",
    "create_organisation",
    "is_well_formed",
    "note_api_key_use",
    "note_api_key_use_by_digest",
    "require_scope",
    "revoke_api_key",
]

SCOPES = ("send", "read", "billing")
"""send: messages; read: messages and balance; billing: top-ups."""

_LAST_USED_PRECISION = timedelta(minutes=1)
_NAME_LENGTH_MAX = 80


@dataclass(frozen=True, slots=True)
class BillingDetails:
    """As typed; `change_billing_details` normalises and checks."""

    legal_name: str
    address: str
    state_code: str
    gstin: str
    phone: str


@dataclass(frozen=True, slots=True)
class Caller:
    """Who an API key speaks for."""

    organisation_id: int
    api_key_id: UUID
    scopes: frozenset[str]


def create_organisation(*, name: str, owner: Member) -> Organisation:
    """An organisation with its first owner. Raises InvalidRequest."""
    if not name.strip():
        raise InvalidRequest([field_problem("name", "required", "Please name your organisation.")])
    with in_transaction():
        organisation = Organisation.objects.create(name=name.strip()[:120])
        Membership.objects.create(organisation=organisation, member=owner, role=Role.OWNER)
    return organisation


def change_billing_details(*, organisation_id: int, details: BillingDetails) -> None:
    """State is required (it decides the tax), the GSTIN is optional and must fit it. Raises InvalidRequest."""
    problems: list[FieldProblem] = []
    gstin = _checked_gstin(details, problems)
    if details.state_code not in STATES:
        problems.append(field_problem("state_code", "required", "Please choose your State: it decides the tax."))
    if not details.legal_name.strip():
        problems.append(field_problem("legal_name", "required", "Please give the name invoices are made out to."))
    if problems:
        raise InvalidRequest(problems)
    Organisation.objects.filter(id=organisation_id).update(
        legal_name=details.legal_name.strip()[:160],
        address=details.address.strip()[:400],
        state_code=details.state_code,
        gstin=gstin,
        phone=details.phone.strip()[:16],
    )


def create_api_key(
    *, organisation_id: int, name: str, created_by: Member | None, mode: Mode, scopes: tuple[str, ...] = SCOPES
) -> tuple[UUID, str]:
    """Returns the key's id and its text, which is nowhere kept. Raises InvalidRequest."""
    problems = []
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


def authenticate_api_keys(digests: Collection[bytes]) -> dict[bytes, Caller]:
    """The callers of those digests (`api_key_digest`) that are live keys now; one read for a whole batch."""
    keys = ApiKey.objects.filter(digest__in=digests, revoked_at=None)
    return {bytes(key.digest): Caller(key.organisation_id, key.id, frozenset(key.scopes)) for key in keys}


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


def _checked_gstin(details: BillingDetails, problems: list[FieldProblem]) -> str:
    if not details.gstin.strip():
        return ""
    try:
        gstin = normalise_gstin(details.gstin)
    except InvalidGstin as error:
        problems.append(field_problem("gstin", "invalid", str(error)))
        return ""
    if details.state_code in STATES and gstin[:2] != details.state_code:
        problems.append(
            field_problem(
                "gstin", "other_state", f"This GSTIN belongs to {STATES[gstin[:2]]}, not to the State chosen."
            )
        )
    return gstin
