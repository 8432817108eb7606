"""A customer's program: calls the API as one ASGI application and holds every answer to the contract."""

import asyncio
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import httpx
import msgspec

from khata.api.reference.call import Call
from khata.api.reference.calls import GROUPS
from khata.api.reference.problems import Problem
from khata.api.writer import drain_acceptance_writer
from khata.billing.models import TopUp
from khata.ledger.models import Transfer, Wallet
from khata.messaging.models import IdempotencyKey, Message
from khata.site.asgi import application
from khata.tenancy.models import ApiKey

TO = "+919812345678"
MESSAGE = {"to": TO, "body": "Hello"}
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")

_REQUEST_ID = re.compile(r"req_[0-9a-f]{24}")
_PROBLEM = ("type", "title", "status", "detail", "code", "request_id")


class Program:
    """Knows one organisation and one of its API keys."""

    def __init__(self, organisation_id: int, key: str) -> None:
        self.organisation_id = organisation_id
        self.key = key

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.call("GET", path, **more)

    def post(self, path: str, content: Any, **more: Any) -> httpx.Response:
        """`content`: bytes as they go, an iterator of chunks, or anything JSON can say."""
        return self.call("POST", path, **_body(content, more))

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        return self.call_together([(method, path, more)])[0]

    def call_together(self, calls: Sequence[tuple[str, str, dict[str, Any]]]) -> list[httpx.Response]:
        """All at once, each on a task of its own."""
        answers = asyncio.run(self._call_together(calls))
        for answer in answers:
            _check(answer)
        return answers

    def pages(self, path: str, **query: Any) -> Iterator[list[Any]]:
        """The rows on each page, from the first to the one that says it is the last."""
        for _ in range(50):
            page = self.get(path, params=query).json()
            yield page["data"]
            if page["next_cursor"] is None:
                return
            query["cursor"] = page["next_cursor"]
        raise AssertionError("the list does not end")

    def refused(self, method: str, status: int, code: str, path: str, **more: Any) -> dict[str, Any]:
        """Calls, and proves that the answer is this refusal and that nothing has changed. The problem document."""
        before = self.rows()
        answer = self.call(method, path, **_body(more.pop("content"), more) if "content" in more else more)
        problem: dict[str, Any] = answer.json()
        assert (answer.status_code, problem["code"]) == (status, code), problem
        assert self.rows() == before
        return problem

    def rows(self) -> tuple[Any, ...]:
        """All that belongs to the organisation and that a call might change."""
        mine = {"organisation_id": self.organisation_id}
        counts = (model.objects.filter(**mine).count() for model in (Message, Transfer, IdempotencyKey, TopUp, ApiKey))
        return *counts, *Wallet.objects.filter(**mine).values_list("available", "held", "last_seq", "chain")

    async def _call_together(self, calls: Iterable[tuple[str, str, dict[str, Any]]]) -> list[httpx.Response]:
        transport = httpx.ASGITransport(application, raise_app_exceptions=False, client=("192.0.2.7", 40_000))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000", timeout=60) as client:
            requests = [client.build_request(method, path, **self._signed(more)) for method, path, more in calls]
            try:
                return await asyncio.gather(*(client.send(request) for request in requests))
            finally:
                await drain_acceptance_writer()  # as a server does whose loop ends

    def _signed(self, more: dict[str, Any]) -> dict[str, Any]:
        """With the key, unless the call brings an Authorization of its own."""
        given = more.get("headers") or []
        headers = list(given.items()) if isinstance(given, dict) else list(given)
        if "authorization" not in {name.lower() for name, _ in headers}:
            headers.append(("Authorization", f"Bearer {self.key}"))
        return {**more, "headers": headers}


def _body(content: Any, more: dict[str, Any]) -> dict[str, Any]:
    if isinstance(content, dict):
        return {"json": content, **more}
    headers = {"Content-Type": "application/json"} | more.pop("headers", {})
    return {"content": content, "headers": headers, **more}


def _check(answer: httpx.Response) -> None:
    """What holds for every answer, whatever was asked."""
    request_ids = answer.headers.get_list("x-request-id")
    assert len(request_ids) == 1
    assert _REQUEST_ID.fullmatch(request_ids[0])
    assert answer.status_code < 500 or answer.status_code == 503, answer.text
    _check_documented(answer)
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["cache-control"] == "no-store"
        if answer.request.method != "HEAD":
            _check_problem(answer.json(), answer.status_code, request_ids[0])


def _check_documented(answer: httpx.Response) -> None:
    """The call's own description has this status or code, and its struct, or the problem's, every name of the body."""
    call = documented_call(answer.request.method, answer.request.url.path)
    if call is None:
        return
    if answer.status_code >= 400:
        assert msgspec.to_builtins(msgspec.convert(answer.json(), Problem, strict=True)) == answer.json()
        assert answer.json()["code"] in {error.code() for error in call.refusals}
        return
    assert answer.status_code == call.status
    assert answer.headers["content-type"].partition(";")[0] == call.media_type
    if call.answer is None:
        return
    read = msgspec.json.decode(answer.content, type=call.answer, strict=True)
    assert msgspec.to_builtins(read) == answer.json()
    assert set(call.headers) - {"Idempotent-Replayed"} <= {name.title() for name in answer.headers}


def documented_call(method: str, path: str) -> Call | None:
    """None for a path or a method the reference does not know."""
    calls = [call for group in GROUPS.values() for call in group]
    fitting = (call.path for call in calls if re.fullmatch(re.sub("{.+?}", "[^/]+", call.path), path))
    # An exact path goes before one with an id in it.
    nearest = min(fitting, key=lambda known: "{" in known, default=None)
    return next((call for call in calls if (call.method, call.path) == (method, nearest)), None)


def _check_problem(problem: dict[str, Any], status: int, request_id: str) -> None:
    assert tuple(problem)[: len(_PROBLEM)] == _PROBLEM
    assert (problem["status"], problem["request_id"]) == (status, request_id)
    assert problem["type"] == f"/v1/docs/errors/{problem['code']}"
    assert problem["title"]
    assert problem["detail"]
    for error in problem.get("errors", []):
        assert set(error) == {"field", "code", "detail"}
