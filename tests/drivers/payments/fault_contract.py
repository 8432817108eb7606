"""What every payment driver makes of a gateway in trouble: certainly not done, perhaps done and refused are never mixed
up, and nothing raises. A driver's tests subclass `FaultContract` and give it a `Script` of their gateway's answers.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any, Protocol

import pytest

from khata.payments.port import (
    Gateway,
    Order,
    OrderRequest,
    Payer,
    Redirect,
    Refused,
    Snapshot,
    Unavailable,
    Unknown,
)
from khata.payments.reversals import Refund, RefundRequest

from .scripted_server import Answer, ScriptedServer, hangs_up, replies

HASTY_S, PATIENT_S = 1, 10
"""How long a driver waits: where silence is the answer, and where a busy machine must not look like silence."""
REQUEST = OrderRequest(
    receipt="top_00000000000000000000000001",
    amount_minor=118_000,
    currency="INR",
    description="Credits",
    return_url="http://localhost:9/return/",
    cancel_url="http://localhost:9/cancel/",
    notes={"Amount": "1000.00"},
)
NOW = datetime(2026, 6, 1, tzinfo=UTC)


class Script(Protocol):
    """One gateway's good answers, and where it gives them."""

    order_ref: str
    payment: dict[str, Any]
    """A captured payment of 1,180.00 as its API shows it."""
    facts: dict[str, tuple[Any, ...]]
    """The keys of `payment` that money depends on, each with what it can never be."""
    create_path: str
    refund_path: str
    read_paths: tuple[str, ...]
    """What a reading asks."""
    list_paths: tuple[str, ...]
    """What a list of payments asks."""
    refusal: dict[str, Any]
    """An answer that says no, for the reason "no_such_thing", in the words "no"."""

    def gateway(self, url: str, timeout_s: float = PATIENT_S) -> Gateway: ...

    def stage(self, server: ScriptedServer, payment: dict[str, Any]) -> None:
        """Every path answers well, and this is the one payment."""
        ...


def drips(handler: BaseHTTPRequestHandler) -> None:
    """A byte now and then, for ever: no single wait is long."""
    handler.send_response(200)
    handler.send_header("content-length", "1000000")
    handler.end_headers()
    try:
        while not handler.server.is_over.wait(timeout=0.05):  # type: ignore[attr-defined]
            handler.wfile.write(b" ")
            handler.wfile.flush()
    except OSError:
        handler.close_connection = True


LOST: dict[str, Answer] = {
    "500 with an HTML body": replies(500, b"<html>Bad day</html>", content_type="text/html"),
    "502 with an HTML body": replies(502, b"<html>Bad gateway</html>", content_type="text/html"),
    "503": replies(503, {"error": {"code": "SERVER_ERROR", "description": "later"}}),
    "409": replies(409, {"error": {"code": "in_use", "description": "under way"}}),
    "200 that is no JSON": replies(200, b"<html>a proxy's own page</html>"),
    "200 that is no object": replies(200, []),
    "200 without what was asked for": replies(200, {"object": "thing"}),
    "200 nested without end": replies(200, b"[" * 100_000),
    "a body cut short": replies(200, b'{"id": "order_', promised=100),
    "more than anybody would send": replies(200, b" " * 2_000_000),
    "a connection closed without an answer": hangs_up,
    "a byte now and then, for ever": drips,
    "a redirect": replies(307, b""),
}
WRONG: tuple[Any, ...] = (None, "x", -1, 1.5, True, [], {}, 10**20)
"""What no reference, amount, currency, status or instant can be."""
NO_FLAG = tuple(value for value in WRONG if value is not True)


def refund_request(script: Script) -> RefundRequest:
    return RefundRequest("rfnd_00000000000000000000000001", str(script.payment["id"]), 118_000, "INR")


def listed(gateway: Gateway) -> object:
    return gateway.list_payments(created_from=NOW - timedelta(days=30), created_until=NOW + timedelta(days=30))


class FaultContract:
    @pytest.fixture
    def server(self, script: Script) -> Iterator[ScriptedServer]:
        with ScriptedServer() as server:
            script.stage(server, script.payment)
            server.http.is_over = server.is_over  # type: ignore[attr-defined]
            yield server

    @pytest.fixture
    def gateway(self, script: Script, server: ScriptedServer) -> Iterator[Gateway]:
        gateway = script.gateway(server.url)
        yield gateway
        gateway.close()  # type: ignore[attr-defined]

    @pytest.fixture
    def hasty(self, script: Script, server: ScriptedServer) -> Iterator[Gateway]:
        gateway = script.gateway(server.url, HASTY_S)
        yield gateway
        gateway.close()  # type: ignore[attr-defined]

    def test_without_trouble_all_of_it_is_understood(self, script: Script, gateway: Gateway) -> None:
        assert isinstance(gateway.create_order(REQUEST), Order)
        assert isinstance(gateway.refund(refund_request(script)), Refund)
        snapshot = gateway.read(script.order_ref)
        assert isinstance(snapshot, Snapshot), snapshot
        assert (snapshot.is_paid, snapshot.paid_minor, len(snapshot.payments)) == (True, 118_000, 1)
        assert listed(gateway) == snapshot.payments

    @pytest.mark.parametrize("answer", LOST.values(), ids=LOST)
    def test_an_order_whose_answer_is_lost_is_unknown(
        self, script: Script, server: ScriptedServer, hasty: Gateway, answer: Answer
    ) -> None:
        server.on("POST", script.create_path, answer)
        assert isinstance(hasty.create_order(REQUEST), Unknown)
        assert server.posted(script.create_path) == 1, "perhaps done is never repeated blindly"

    @pytest.mark.parametrize("answer", LOST.values(), ids=LOST)
    def test_a_refund_whose_answer_is_lost_is_unknown(
        self, script: Script, server: ScriptedServer, hasty: Gateway, answer: Answer
    ) -> None:
        server.on("POST", script.refund_path, answer)
        assert isinstance(hasty.refund(refund_request(script)), Unknown)
        assert server.posted(script.refund_path) == 1, "perhaps done is never repeated blindly"

    def test_what_is_never_answered_is_unknown_within_its_time(
        self, script: Script, server: ScriptedServer, hasty: Gateway
    ) -> None:
        server.on("POST", script.create_path, server.stay_silent)
        server.on("POST", script.refund_path, server.stay_silent)
        assert isinstance(hasty.create_order(REQUEST), Unknown)
        assert isinstance(hasty.refund(refund_request(script)), Unknown)

    def test_a_gateway_that_cannot_be_reached_is_unavailable(self, script: Script) -> None:
        with ScriptedServer() as gone:
            gateway = script.gateway(gone.url)
        assert isinstance(gateway.create_order(REQUEST), Unavailable)
        assert isinstance(gateway.refund(refund_request(script)), Unavailable)
        assert isinstance(gateway.read(script.order_ref), Unavailable)
        assert isinstance(listed(gateway), Unavailable)
        assert isinstance(gateway.list_settled(year=2026, month=6, day=1), Unavailable | Refused)
        gateway.close()  # type: ignore[attr-defined]

    def test_too_many_requests_means_certainly_not_done(
        self, script: Script, server: ScriptedServer, gateway: Gateway
    ) -> None:
        server.on("POST", script.create_path, replies(429, script.refusal))
        server.on("POST", script.refund_path, replies(429, script.refusal))
        assert isinstance(gateway.create_order(REQUEST), Unavailable)
        assert isinstance(gateway.refund(refund_request(script)), Unavailable)

    @pytest.mark.parametrize("status", [400, 401, 404])
    def test_a_refusal_keeps_the_gateways_reason(
        self, script: Script, server: ScriptedServer, gateway: Gateway, status: int
    ) -> None:
        server.on("POST", script.create_path, replies(status, script.refusal))
        server.on("POST", script.refund_path, replies(status, script.refusal))
        assert gateway.create_order(REQUEST) == Refused("no_such_thing", "no")
        assert gateway.refund(refund_request(script)) == Refused("no_such_thing", "no")

    def test_an_unreadable_401_is_still_a_refusal(
        self, script: Script, server: ScriptedServer, gateway: Gateway
    ) -> None:
        server.on("POST", script.create_path, replies(401, b"<html></html>"))
        answer = gateway.create_order(REQUEST)
        assert isinstance(answer, Refused)
        assert answer.code == "http_401"

    @pytest.mark.parametrize("answer", [*LOST.values(), replies(429, {})], ids=[*LOST, "429"])
    def test_reading_in_trouble_is_unavailable(self, script: Script, answer: Answer) -> None:
        for path in script.read_paths:
            with ScriptedServer() as server:
                server.http.is_over = server.is_over  # type: ignore[attr-defined]
                script.stage(server, script.payment)
                server.on("GET", path, answer)
                reader = script.gateway(server.url, HASTY_S)
                assert isinstance(reader.read(script.order_ref), Unavailable), path
                reader.close()  # type: ignore[attr-defined]

    @pytest.mark.parametrize("answer", [*LOST.values(), replies(429, {})], ids=[*LOST, "429"])
    def test_listing_in_trouble_is_unavailable(self, script: Script, answer: Answer) -> None:
        for path in script.list_paths:
            with ScriptedServer() as server:
                server.http.is_over = server.is_over  # type: ignore[attr-defined]
                script.stage(server, script.payment)
                server.on("GET", path, answer)
                reader = script.gateway(server.url, HASTY_S)
                assert isinstance(listed(reader), Unavailable), path
                reader.close()  # type: ignore[attr-defined]

    def test_an_order_the_gateway_does_not_know_is_refused(
        self, script: Script, server: ScriptedServer, gateway: Gateway
    ) -> None:
        server.on("GET", script.read_paths[0], replies(404, script.refusal))
        assert isinstance(gateway.read(script.order_ref), Refused)

    def test_a_payment_whose_facts_are_wrong_is_not_believed(
        self, script: Script, server: ScriptedServer, gateway: Gateway
    ) -> None:
        for key, wrong_values in script.facts.items():
            for wrong in wrong_values:
                script.stage(server, script.payment | {key: wrong})
                assert isinstance(gateway.read(script.order_ref), Unavailable), (key, wrong)

    def test_nothing_else_of_a_payment_can_stop_a_reading(
        self, script: Script, server: ScriptedServer, gateway: Gateway
    ) -> None:
        """What is only shown to people may be missing or of any kind."""
        for key in script.payment.keys() - script.facts.keys():
            for odd in WRONG:
                script.stage(server, script.payment | {key: odd})
                assert isinstance(gateway.read(script.order_ref), Snapshot), (key, odd)
                assert isinstance(listed(gateway), tuple), (key, odd)

    def test_starting_a_payment_answers_whatever_the_gateway_says(self, script: Script) -> None:
        """Where the driver asks the gateway for the way there; elsewhere nothing can go wrong."""
        payer = Payer("ACME", "asha@example.com", "")
        for answer in LOST.values():
            with ScriptedServer() as server:
                server.http.is_over = server.is_over  # type: ignore[attr-defined]
                script.stage(server, script.payment)
                server.on("GET", script.read_paths[0], answer)
                starter = script.gateway(server.url, HASTY_S)
                start = starter.start(order_ref=script.order_ref, request=REQUEST, payer=payer)
                assert not isinstance(start, Redirect)
                starter.close()  # type: ignore[attr-defined]
