"""Every refusal is a problem document with its request's id, the framework's own refusals included."""

import asyncio
import logging
from typing import Any

import httpx
import pytest

from khata.api import balance
from khata.site.asgi import application
from khata.site.environment import read_environment

from .program import MESSAGE, Program


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "TRACE", "BREW"])
@pytest.mark.parametrize(
    "path", ["/v1/", "/v1/nope", "/v1/messages/a/b", "/v1/balance/x", "/v1/%2e%2e/balance", "/v1/openapi.jso"]
)
def test_a_path_that_does_not_exist_is_not_found(program: Program, method: str, path: str) -> None:
    answer = program.call(method, path)
    assert answer.status_code == 404
    assert method == "HEAD" or answer.json()["code"] == "not_found"


METHODS = {
    "/v1/messages": {"GET", "POST"},
    "/v1/messages/batch": {"POST"},
    "/v1/messages/msg_1": {"GET"},
    "/v1/quotes": {"POST"},
    "/v1/balance": {"GET"},
    "/v1/credit-history": {"GET"},
    "/v1/top-ups": {"GET", "POST"},
    "/v1/top-ups/top_1": {"GET"},
    "/v1/openapi.json": {"GET"},
    "/v1/docs": {"GET"},
    "/v1/docs/errors": {"GET"},
    "/v1/docs/errors/not_found": {"GET"},
    "/healthz": {"GET"},
    "/readyz": {"GET"},
}


@pytest.mark.parametrize("path", METHODS)
def test_another_method_is_refused_with_those_that_work(program: Program, path: str) -> None:
    before = program.rows()
    for method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "BREW"} - METHODS[path]:
        answer = program.call(method, path)
        assert answer.status_code == 405, method
        assert set(answer.headers["allow"].split(", ")) == METHODS[path] | {"OPTIONS"}
        assert method == "HEAD" or answer.json()["code"] == "method_not_allowed"
    assert program.rows() == before


def test_pages_of_other_sites_are_let_in_nowhere(program: Program) -> None:
    headers = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
    preflight = program.call("OPTIONS", "/v1/messages", headers=headers)
    assert preflight.status_code == 204
    assert preflight.content == b""
    answer = program.get("/v1/balance", headers=headers)
    for headers_back in (preflight.headers, answer.headers):
        assert [name for name in headers_back if name.startswith("access-control-") or name == "set-cookie"] == []


def test_a_client_cannot_choose_the_requests_id(program: Program) -> None:
    chosen = "req_000000000000000000000000"
    headers = {"X-Request-Id": chosen, "Khata-Request-Id": chosen, "Request-Id": chosen}
    answer = program.get("/v1/nope", headers=headers)
    assert chosen not in answer.text
    assert answer.headers["x-request-id"] != chosen


def test_every_request_has_an_id_of_its_own(program: Program) -> None:
    answers = program.call_together([("GET", "/v1/balance", {})] * 20)
    assert len({answer.headers["x-request-id"] for answer in answers}) == 20


def test_a_host_that_is_no_host_is_refused(program: Program) -> None:
    program.refused("GET", 400, "malformed_request", "/v1/balance", headers={"Host": "a/../b"})


def test_the_health_pages_need_no_key(program: Program) -> None:
    program.key = ""
    assert program.get("/healthz").json() == {"status": "ok"}
    assert program.get("/readyz").json()["status"] == "ready"


def test_no_secret_and_no_text_of_a_message_reaches_the_log(program: Program, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    message = MESSAGE | {"body": "the-code-is-4711"}
    program.post("/v1/messages", message)
    program.post("/v1/messages", message | {"to": "the-code-is-4711"})
    program.post("/v1/messages", message, headers={"Authorization": f"Token {program.key}"})
    program.get("/v1/balance", params={"api_key": program.key})
    environment = read_environment()
    secrets = (program.key, "the-code-is-4711", environment.secret_key, environment.razorpay_key_secret)
    assert [secret for secret in secrets if secret in caplog.text] == []


def test_a_slip_of_ours_is_logged_whole_and_told_without_internals(
    program: Program, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def slip(**_: Any) -> None:
        raise RuntimeError("the inside of things")

    monkeypatch.setattr(balance, "balance", slip)
    answer = asyncio.run(get_balance(program.key))
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, problem["status"], problem["code"]) == (500, 500, "internal_error")
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert "inside" not in answer.text
    assert "the inside of things" in caplog.text
    assert problem["request_id"] in caplog.text
    assert program.key not in caplog.text


async def get_balance(key: str) -> httpx.Response:
    transport = httpx.ASGITransport(application, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
        return await client.get("/v1/balance", headers={"Authorization": f"Bearer {key}"})
