"""Who asks, read in the batch's own transaction: a key revoked before it is dead."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from khata.kernel.errors import KhataError
from khata.messaging.operations.requests import Acceptance, Entry, Priced
from khata.messaging.rows import Connection
from khata.tenancy.operations import Asker, Caller, InvalidApiKey, askers_known, authenticate_api_keys, require_scope

SCOPE = "send"

_Identity = bytes | tuple[int, UUID | None]
"""An API key's digest, or an organisation and perhaps one of its keys."""


def identify(connection: Connection, asked: Sequence[Priced]) -> tuple[list[Entry], dict[int, KhataError]]:
    """What may go on, in order, and the refusals by place: of who may not ask, and of what was refused before."""
    askers = _askers(connection, asked)
    entries, refused = [], {}
    for place, priced in enumerate(asked):
        asker = askers[_identity(priced.acceptance)]
        if isinstance(asker, KhataError):
            refused[place] = asker
        elif priced.refusal is not None:
            refused[place] = priced.refusal
        else:
            entries.append(Entry(place, asker, priced))
    return entries, refused


def _identity(acceptance: Acceptance) -> _Identity:
    if acceptance.api_key_digest is not None:
        return acceptance.api_key_digest
    assert acceptance.organisation_id is not None
    return acceptance.organisation_id, acceptance.api_key_id


def _askers(connection: Connection, asked: Sequence[Priced]) -> Mapping[_Identity, Asker | KhataError]:
    identities = {_identity(priced.acceptance) for priced in asked}
    digests = {identity for identity in identities if isinstance(identity, bytes)}
    known = {identity for identity in identities if not isinstance(identity, bytes)}
    live = authenticate_api_keys(connection, digests) if digests else {}
    askers: dict[_Identity, Asker | KhataError] = {}
    askers.update((digest, _asker(*live[digest]) if digest in live else InvalidApiKey()) for digest in digests)
    askers.update(askers_known(connection, known).items() if known else ())
    return askers


def _asker(caller: Caller, asker: Asker) -> Asker | KhataError:
    try:
        require_scope(caller, SCOPE)
    except KhataError as error:
        return error
    return asker
