"""Who may call: one API key in one header, alive at this very moment, with the scope the call needs."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from khata.api.reference.call import Call
from khata.api.reference.calls import GROUPS
from khata.kernel.ids import new_uuid
from khata.tenancy.core.api_key_text import api_key_text
from khata.tenancy.operations import SCOPES, create_api_key, revoke_api_key
from khata.tenancy.queries import api_keys
from tests.conftest import World

from .program import MESSAGE, Program

CALLS = [call for group in GROUPS.values() for call in group]

BAD: dict[str, Callable[[str], list[str | bytes]]] = {
    "none": lambda key: [],
    "an empty header": lambda key: [""],
    "the word alone": lambda key: ["Bearer"],
    "the word and a space": lambda key: ["Bearer "],
    "the key alone": lambda key: [key],
    "another scheme": lambda key: [f"Token {key}"],
    "basic": lambda key: ["Basic a2g6a2g="],
    "a tab": lambda key: [f"Bearer\t{key}"],
    "cut short": lambda key: [f"Bearer {key[:-1]}"],
    "one character changed": lambda key: [f"Bearer {key[:-1]}{'1' if key[-1] == '0' else '0'}"],
    "one character more": lambda key: [f"Bearer {key}x"],
    "upper case": lambda key: [f"Bearer {key.upper()}"],
    "a NUL behind it": lambda key: [f"Bearer {key}".encode() + b"\x00"],
    "a second word": lambda key: [f"Bearer {key} {key}"],
    "two in one header": lambda key: [f"Bearer {key}, Bearer {key}"],
    "two headers": lambda key: [f"Bearer {key}", f"Bearer {key}"],
    "a good header and a bad one": lambda key: [f"Bearer {key}", "Bearer x"],
    "bytes that are no text": lambda key: [b"Bearer \xff\xfe"],
    "look-alike digits": lambda key: [f"Bearer {key[:-6]}".encode() + "０".encode()],
    "100 kB": lambda key: ["Bearer " + "x" * 100_000],
    "well-formed and unknown": lambda key: ["Bearer " + api_key_text("test", "A" * 30)],
    "well-formed, live and unknown": lambda key: ["Bearer " + api_key_text("live", "A" * 30)],
}


def path_of(call: Call) -> str:
    """To something that is not there."""
    return re.sub("{.+?}", "0", call.path)


def body_of(call: Call) -> dict[str, Any]:
    more = {"headers": {"Idempotency-Key": str(new_uuid())}}
    return {**more, "content": next(iter(call.examples.values()))} if call.examples else more


@pytest.mark.parametrize("what", BAD)
def test_a_bad_credential_is_refused_like_every_other(program: Program, what: str) -> None:
    headers = [("Authorization", value) for value in BAD[what](program.key)] or [("authorization", "")]
    if what == "none":
        program.key = ""
        headers = []
    problem = program.refused("GET", 401, "invalid_api_key", "/v1/balance", headers=headers)
    del problem["request_id"]
    assert problem == {
        "type": "/v1/docs/errors/invalid_api_key",
        "title": "Invalid api key",
        "status": 401,
        "detail": "The API key is missing, malformed, unknown, expired or revoked.",
        "code": "invalid_api_key",
    }


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.title)
def test_every_call_needs_a_key(program: Program, call: Call) -> None:
    program.key = api_key_text("test", "A" * 30)
    program.refused(call.method, 401, "invalid_api_key", path_of(call), **body_of(call))


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.title)
def test_every_call_needs_its_scope(world: World, program: Program, call: Call) -> None:
    others = tuple(scope for scope in SCOPES if scope != call.scope)
    _, program.key = create_api_key(
        organisation_id=world.organisation.id, name="Narrow", created_by=None, mode="test", scopes=others
    )
    problem = program.refused(call.method, 403, "missing_scope", path_of(call), **body_of(call))
    assert problem["scope"] == call.scope


def test_a_refusal_for_the_key_says_how_to_authenticate(program: Program) -> None:
    answer = program.get("/v1/balance", headers={"Authorization": "Bearer x"})
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("word", ["Bearer", "bearer", "BEARER", "Bearer "])
def test_the_schemes_name_is_read_in_any_case(program: Program, word: str) -> None:
    assert program.get("/v1/balance", headers={"Authorization": f"{word} {program.key}"}).status_code == 200


def test_a_key_is_not_read_from_the_address_or_a_cookie(program: Program) -> None:
    query = {"api_key": program.key, "access_token": program.key}
    headers = {"Authorization": "", "Cookie": f"authorization=Bearer {program.key}"}
    assert program.get("/v1/balance", params=query, headers=headers).status_code == 401


def test_a_key_revoked_between_two_requests_is_refused_at_once(program: Program) -> None:
    (row,) = api_keys(organisation_id=program.organisation_id)
    assert program.post("/v1/messages", MESSAGE).status_code == 202
    revoke_api_key(organisation_id=program.organisation_id, api_key_id=row.id)
    program.refused("POST", 401, "invalid_api_key", "/v1/messages", content=MESSAGE)
    program.refused("GET", 401, "invalid_api_key", "/v1/balance")


def test_a_used_key_shows_when_and_from_where(program: Program) -> None:
    program.get("/v1/balance")
    (row,) = api_keys(organisation_id=program.organisation_id)
    assert row.last_used_at is not None
    assert row.last_used_ip == "192.0.2.7"


def test_every_call_answers_for_the_keys_own_organisation(program: Program, chens_program: Program) -> None:
    program.post("/v1/messages", MESSAGE)
    assert program.get("/v1/balance").json()["available"] == "99"
    assert chens_program.get("/v1/balance").json()["available"] == "100"
