"""Both drivers charge without the payer, against their far ends, and tell apart every way an answer can go wrong."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from khata.payments.drivers.razorpay import RazorpayGateway, RazorpaySettings
from khata.payments.drivers.stripe import StripeGateway, StripeSettings
from khata.payments.port import Gateway, PaymentStatus, Redirect, Refused, Start, Unavailable, Unknown
from khata.payments.saved_methods import ChargeRequest, SavedMethod
from tests.ports import free_port

from .fault_contract import HASTY_S, LOST, PATIENT_S
from .razorpay_script import RazorpayScript
from .sandbox_gateway import KEY_ID, KEY_SECRET, WEBHOOK_SECRET, SandboxGateway
from .saved_contract import AMOUNT_MAX, SavedMethodContract, charge, charge_request, read, saved_method
from .scripted_server import Answer, ScriptedServer, replies
from .stripe_far_end import SECRET_KEY, StripeServer, event, signed
from .stripe_far_end import WEBHOOK_SECRET as STRIPE_WEBHOOK_SECRET
from .stripe_saved_far_end import StripeSavedFarEnd
from .stripe_script import StripeScript

AUTH = (KEY_ID, KEY_SECRET)
TWO_DAYS_S = 2 * 86_400


class RazorpaySavedBench:
    def __init__(self, sandbox: SandboxGateway) -> None:
        self.sandbox = sandbox
        self.gateway = RazorpayGateway(
            RazorpaySettings(
                base_url=sandbox.url,
                checkout_url=sandbox.url,
                key_id=KEY_ID,
                key_secret=KEY_SECRET,
                webhook_secrets=(WEBHOOK_SECRET,),
                merchant_name="Khata",
                is_sandbox=True,
            )
        )

    def pay(self, start: Start) -> dict[str, str]:
        return self.sandbox.pay(start)

    def let_notice_pass(self) -> None:
        self.sandbox.http.post("/_sandbox/clock", json={"advance_s": TWO_DAYS_S}, auth=AUTH).raise_for_status()

    def charges_count(self, order_ref: str) -> int:
        return int(self.sandbox.http.get(f"/v1/orders/{order_ref}/payments", auth=AUTH).json()["count"])


class StripeSavedBench:
    def __init__(self, far_end: StripeSavedFarEnd) -> None:
        self.far_end = far_end
        self.gateway = StripeGateway(
            StripeSettings(
                base_url=far_end.url,
                checkout_url=far_end.url,
                secret_key=SECRET_KEY,
                webhook_secrets=(STRIPE_WEBHOOK_SECRET,),
                is_sandbox=True,
            )
        )

    def pay(self, start: Start) -> dict[str, str]:
        assert isinstance(start, Redirect)
        self.far_end.pay(start.url)
        return {"session_id": urlsplit(start.url).path.rsplit("/", 1)[-1]}

    def let_notice_pass(self) -> None:
        """There is none."""

    def charges_count(self, order_ref: str) -> int:
        return sum(known["payment_intent"] == order_ref for known in self.far_end.objects["charges"].values())


@pytest.fixture(scope="module")
def razorpay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RazorpaySavedBench]:
    with SandboxGateway(tmp_path_factory.mktemp("gateway"), free_port()) as sandbox:
        bench = RazorpaySavedBench(sandbox)
        yield bench
        bench.gateway.close()


class TestRazorpay(SavedMethodContract):
    @pytest.fixture
    def bench(self, razorpay: RazorpaySavedBench) -> RazorpaySavedBench:
        return razorpay

    def test_a_charge_waits_for_the_notice(self, bench: RazorpaySavedBench) -> None:
        request = charge_request(bench, saved_method(bench))
        assert charge(bench, request).status is PaymentStatus.CREATED
        assert not read(bench, request.order_ref).is_paid
        assert bench.gateway.capabilities.notice_hours == 36

    def test_more_than_the_mandate_allows_is_refused(self, bench: RazorpaySavedBench) -> None:
        request = charge_request(bench, saved_method(bench), AMOUNT_MAX + 1)
        assert isinstance(bench.gateway.charge_saved(request), Refused)
        assert bench.charges_count(request.order_ref) == 0

    def test_a_mandate_ended_at_the_bank_reads_as_a_failed_payment(self, bench: RazorpaySavedBench) -> None:
        saved = saved_method(bench)
        request = charge_request(bench, saved)
        charge(bench, request)
        bench.sandbox.http.post(f"/_sandbox/tokens/{saved.token_ref}/cancel", auth=AUTH).raise_for_status()
        bench.let_notice_pass()
        (payment,) = read(bench, request.order_ref).payments
        assert (payment.status, payment.error_reason) == (PaymentStatus.FAILED, "payment_declined")


class TestStripe(SavedMethodContract):
    @pytest.fixture
    def bench(self) -> Iterator[StripeSavedBench]:
        far_end = StripeSavedFarEnd()
        with StripeServer(far_end):
            bench = StripeSavedBench(far_end)
            yield bench
            bench.gateway.close()

    @pytest.mark.parametrize(
        ("refusal", "reason"),
        [("authentication_required", "authentication_failed"), ("card_declined", "card_declined")],
    )
    def test_what_a_bank_declines_is_refused_and_reads_as_failed(
        self, bench: StripeSavedBench, refusal: str, reason: str
    ) -> None:
        request = charge_request(bench, saved_method(bench))
        bench.far_end.refusal = refusal
        answer = bench.gateway.charge_saved(request)
        assert isinstance(answer, Refused)
        assert answer.code == refusal
        (payment,) = read(bench, request.order_ref).payments
        assert (payment.status, payment.error_reason) == (PaymentStatus.FAILED, reason)

    def test_webhooks_of_a_charge_name_its_intent_as_the_order(self, bench: StripeSavedBench) -> None:
        request = charge_request(bench, saved_method(bench))
        payment = charge(bench, request)
        charged = bench.far_end.objects["charges"][payment.payment_ref]
        for kind, subject in (
            ("payment_intent.succeeded", bench.far_end.intents[request.order_ref]),
            ("charge.succeeded", charged),
        ):
            body, headers = signed(event(kind, subject))
            hint = bench.gateway.read_webhook(body=body, headers=headers)
            assert (hint.order_ref, hint.payment_ref) == (request.order_ref, payment.payment_ref)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Where a driver looks a charge up and makes it, and its empty list."""

    script: RazorpayScript | StripeScript
    order_ref: str
    look_path: str
    make_path: str
    nothing: dict[str, object]

    def gateway(self, server: ScriptedServer, timeout_s: float = PATIENT_S) -> Gateway:
        return self.script.gateway(server.url, timeout_s)

    def request(self) -> ChargeRequest:
        saved = SavedMethod("cust_1", "token_1")
        return ChargeRequest("top_1", self.order_ref, saved, 118_000, "INR", "Credits", "asha@example.com", "")


TROUBLES = {
    "razorpay": Trouble(
        RazorpayScript(),
        "order_Abcdefghij0001",
        "/v1/orders/order_Abcdefghij0001/payments",
        "/v1/payments/create/recurring",
        {"entity": "collection", "count": 0, "items": []},
    ),
    "stripe": Trouble(
        StripeScript(),
        "pi_1",
        "/v1/charges",
        "/v1/payment_intents/pi_1/confirm",
        {"object": "list", "data": [], "has_more": False},
    ),
}


@pytest.fixture(params=TROUBLES)
def trouble(request: pytest.FixtureRequest) -> Trouble:
    return TROUBLES[request.param]


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        server.http.is_over = server.is_over  # type: ignore[attr-defined]
        yield server


@pytest.mark.parametrize("answer", LOST.values(), ids=LOST)
def test_a_charge_whose_answer_is_lost_is_unknown_and_asked_for_once(
    trouble: Trouble, server: ScriptedServer, answer: Answer
) -> None:
    server.on("GET", trouble.look_path, replies(200, trouble.nothing))
    server.on("POST", trouble.make_path, answer)
    assert isinstance(trouble.gateway(server, HASTY_S).charge_saved(trouble.request()), Unknown)
    assert server.posted(trouble.make_path) == 1


@pytest.mark.parametrize("answer", [*LOST.values(), replies(429, {}), replies(400, {"error": {"code": "no"}})])
def test_nothing_is_charged_where_an_earlier_charge_cannot_be_looked_up(
    trouble: Trouble, server: ScriptedServer, answer: Answer
) -> None:
    server.on("GET", trouble.look_path, answer)
    assert isinstance(trouble.gateway(server, HASTY_S).charge_saved(trouble.request()), Unavailable)
    assert server.posted(trouble.make_path) == 0


def test_a_charge_that_was_told_to_come_later_is_certainly_not_made(trouble: Trouble, server: ScriptedServer) -> None:
    server.on("GET", trouble.look_path, replies(200, trouble.nothing))
    server.on("POST", trouble.make_path, replies(429, {}))
    assert isinstance(trouble.gateway(server).charge_saved(trouble.request()), Unavailable)


def test_a_refused_charge_keeps_the_gateways_reason(trouble: Trouble, server: ScriptedServer) -> None:
    server.on("GET", trouble.look_path, replies(200, trouble.nothing))
    server.on("POST", trouble.make_path, replies(400, trouble.script.refusal))
    assert trouble.gateway(server).charge_saved(trouble.request()) == Refused("no_such_thing", "no")
