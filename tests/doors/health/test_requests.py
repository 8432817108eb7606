"""Every request has an id, one line in the log and a place in the metrics, whichever framework answers."""

import asyncio
import json
import logging
import re
import sys
from typing import Any

import httpx
import pytest

from khata.kernel.facts import note
from khata.kernel.ids import public_organisation_id
from khata.site.log_lines import LineFormatter
from khata.site.requests import observed
from khata.tenancy.models import Member, Organisation
from khata.tenancy.operations import create_api_key

from .asking import access_lines, ask, measured

REQUEST_ID = re.compile("req_[0-9a-f]{24}")


@pytest.fixture
def api_key(organisation: Organisation) -> str:
    return create_api_key(organisation_id=organisation.id, name="Shop", created_by=None, mode="test")[1]


@pytest.mark.parametrize(
    ("path", "status"),
    [("/v1/balance", 401), ("/v1/nope", 404), ("/accounts/login/", 200), ("/nope/", 404), ("/static/nope.css", 404)],
)
def test_a_request_has_an_id_and_a_line_of_its_own(path: str, status: int, capsys: pytest.CaptureFixture[str]) -> None:
    answer = ask(f"{path}?next=secret-of-the-query", headers={"X-Request-Id": "req_mine"})
    (id_,) = answer.headers.get_list("x-request-id")
    assert REQUEST_ID.fullmatch(id_)
    stderr = capsys.readouterr().err
    assert "secret-of-the-query" not in stderr
    (line,) = access_lines(stderr)
    assert (line["method"], line["path"], line["status"], line["request_id"]) == ("GET", path, status, id_)
    assert isinstance(line["ms"], int)


def test_a_refusal_of_the_api_is_named_in_the_line_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    before = measured().get('khata_refusals_total{code="invalid_api_key"}', 0)
    capsys.readouterr()
    answer = ask("/v1/balance")
    (line,) = access_lines(capsys.readouterr().err)
    assert line["refusal"] == answer.json()["code"] == "invalid_api_key"
    assert answer.json()["request_id"] == line["request_id"]
    assert measured()['khata_refusals_total{code="invalid_api_key"}'] == before + 1


def test_a_line_names_the_organisation_a_program_speaks_for(
    api_key: str, organisation: Organisation, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask("/v1/balance", headers={"Authorization": f"Bearer {api_key}"}).status_code == 200
    stderr = capsys.readouterr().err
    assert access_lines(stderr)[0]["organisation"] == public_organisation_id(organisation.id)
    assert api_key not in stderr


def test_a_line_names_the_organisation_a_member_speaks_for(
    asha: Member, organisation: Organisation, capsys: pytest.CaptureFixture[str]
) -> None:
    from django.test import Client

    browser = Client()
    browser.force_login(asha)
    cookies = {name: morsel.value for name, morsel in browser.cookies.items()}
    assert ask("/", headers={"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}).is_success
    (line,) = access_lines(capsys.readouterr().err)
    assert line["organisation"] == public_organisation_id(organisation.id)


def test_a_line_names_the_message_that_was_accepted(
    api_key: str, organisation: Organisation, give_credits: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    give_credits(organisation.id, 10)
    message = {"to": "+919812345678", "body": "the text of a message"}
    answer = ask("/v1/messages", method="POST", json=message, headers={"Authorization": f"Bearer {api_key}"})
    assert answer.status_code == 202, answer.text
    stderr = capsys.readouterr().err
    assert access_lines(stderr)[0]["message_id"] == answer.json()["id"]
    assert "9812345678" not in stderr
    assert "the text of a message" not in stderr


def test_probes_are_answered_without_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    for path in ("/healthz", "/readyz", "/metrics"):
        assert ask(path).status_code == 200
    assert access_lines(capsys.readouterr().err) == []


def test_requests_are_counted_by_door_and_status() -> None:
    before = measured()
    ask("/v1/nope")
    ask("/accounts/login/")
    ask("/accounts/login/")
    after = measured()
    for labels, more in (('door="api",status="404"', 1), ('door="console",status="200"', 2)):
        name = f"khata_requests_total{{{labels}}}"
        assert after[name] - before.get(name, 0) == more
    took = 'khata_request_seconds_count{door="console"}'
    assert after[took] - before.get(took, 0) == 2


def test_a_line_logged_while_answering_names_the_request(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    logger, handler = logging.getLogger("khata.tests"), logging.StreamHandler(sys.stderr)
    lines = LineFormatter("json")
    handler.setFormatter(lines)
    monkeypatch.setattr(logger, "propagate", False)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        note(message_id="msg_1")
        logger.warning("on the way")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    logger.addHandler(handler)
    try:
        answer = asyncio.run(ask_app(observed(application, lines)))
    finally:
        logger.removeHandler(handler)
    on_the_way, access = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert on_the_way["message"] == "on the way"
    assert on_the_way["message_id"] == access["message_id"] == "msg_1"
    assert on_the_way["request_id"] == access["request_id"] == answer.headers["x-request-id"]


def test_a_log_that_nobody_reads_any_more_does_not_fail_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone:
        def write(self, text: str) -> None:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stderr", Gone())
    assert ask("/v1/nope").status_code == 404


def test_the_access_log_can_be_switched_off(capsys: pytest.CaptureFixture[str]) -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 500, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    answer = asyncio.run(ask_app(observed(application, LineFormatter("json"), has_access_log=False)))
    assert REQUEST_ID.fullmatch(answer.headers["x-request-id"])
    assert capsys.readouterr().err == ""


async def ask_app(application: Any) -> httpx.Response:
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return await client.get("/v1/anything")
