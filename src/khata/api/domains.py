"""`/v1/domains`: the domains an organisation sends e-mail from, and the DNS records each must publish."""

from functools import partial
from typing import Any

import msgspec
from litestar import Request, delete, get, post
from litestar.params import FromPath

from khata.api.authentication import authenticate
from khata.api.decoding import read_body
from khata.api.ids import uuid_in_path
from khata.api.threads import in_database_thread
from khata.api.wire import answer, instant
from khata.kernel.clock import rfc3339
from khata.mail import operations, queries


class DomainBody(msgspec.Struct, forbid_unknown_fields=True):
    """The body of `POST /v1/domains`."""

    name: str


class DomainRecord(msgspec.Struct):
    """A TXT record, and what DNS said of it when it was asked last."""

    kind: str
    name: str
    value: str
    state: str | None


class Domain(msgspec.Struct):
    """A sending domain. E-mail goes out once `verified_at` is set."""

    id: str
    name: str
    records: list[DomainRecord]
    created_at: str
    verified_at: str | None
    checked_at: str | None


class DomainList(msgspec.Struct):
    data: list[Domain]


@post("/v1/domains", status_code=201)
async def create_domain(request: Request[Any, Any, Any]) -> Any:
    body = await read_body(request, DomainBody)
    made = await in_database_thread(partial(_create, request, body))
    return answer(made, status=201, headers={"Location": f"/v1/domains/{made.id}"})


@get("/v1/domains")
async def list_domains(request: Request[Any, Any, Any]) -> Any:
    return answer(await in_database_thread(partial(_list, request)))


@get("/v1/domains/{domain_id:str}")
async def read_domain(request: Request[Any, Any, Any], domain_id: FromPath[str]) -> Any:
    return answer(await in_database_thread(partial(_read, request, domain_id)))


@post("/v1/domains/{domain_id:str}/check", status_code=200)
async def check_domain(request: Request[Any, Any, Any], domain_id: FromPath[str]) -> Any:
    """Asks DNS now."""
    return answer(await in_database_thread(partial(_check, request, domain_id)))


@delete("/v1/domains/{domain_id:str}", status_code=200)
async def delete_domain(request: Request[Any, Any, Any], domain_id: FromPath[str]) -> Any:
    """Answers with the domain as it was."""
    return answer(await in_database_thread(partial(_delete, request, domain_id)))


def _create(request: Request[Any, Any, Any], body: DomainBody) -> Domain:
    organisation_id = authenticate(request, "send").organisation_id
    domain_id = operations.add_domain(organisation_id=organisation_id, name=body.name)
    return _shown(queries.domain(organisation_id=organisation_id, domain_id=domain_id))


def _list(request: Request[Any, Any, Any]) -> DomainList:
    caller = authenticate(request, "read")
    return DomainList([_shown(row) for row in queries.domains(organisation_id=caller.organisation_id)])


def _read(request: Request[Any, Any, Any], text: str) -> Domain:
    caller = authenticate(request, "read")
    return _shown(queries.domain(organisation_id=caller.organisation_id, domain_id=uuid_in_path("dom", text)))


def _check(request: Request[Any, Any, Any], text: str) -> Domain:
    organisation_id = authenticate(request, "send").organisation_id
    operations.check_domain(organisation_id=organisation_id, domain_id=uuid_in_path("dom", text))
    return _shown(queries.domain(organisation_id=organisation_id, domain_id=uuid_in_path("dom", text)))


def _delete(request: Request[Any, Any, Any], text: str) -> Domain:
    organisation_id = authenticate(request, "send").organisation_id
    found = queries.domain(organisation_id=organisation_id, domain_id=uuid_in_path("dom", text))
    operations.remove_domain(organisation_id=organisation_id, domain_id=found.id)
    return _shown(found)


def _shown(row: queries.Domain) -> Domain:
    return Domain(
        id=row.public_id,
        name=row.name,
        records=[
            DomainRecord(record.kind, record.name, record.value, None if state is None else state.value)
            for record, state in row.records
        ],
        created_at=rfc3339(row.created_at),
        verified_at=instant(row.verified_at),
        checked_at=instant(row.checked_at),
    )
