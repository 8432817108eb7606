"""What an operator does about a top-up: look again, credit or close a review, give money back."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from khata.billing.errors import PaymentDoesNotFit
from khata.billing.models import PaymentAttempt, Refund, TopUp
from khata.billing.operations import receive_webhook, settle_top_up, start_top_up, subscribe
from khata.billing.operations.operator_actions import Deed
from khata.billing.operations.operator_reviews import credit_review
from khata.billing.queries import TopUpRow, TopUpState
from khata.kernel.clock import utc_now
from khata.ledger import queries as ledger
from khata.payments.port import PaymentStatus, Unavailable
from khata.payments.ways import PayBy
from tests.conftest import World
from tests.database.billing.listing_gateway import ListingGateway
from tests.database.billing.staged_gateway import webhook
from tests.doors.console.operator.trail import deeds
from tests.doors.console.reading import main_text, value_of
from tests.plans import offered


def in_review(gateway: ListingGateway, top_up: TopUpRow, amount_minor: int) -> str:
    """Under review after five days without an outcome; then the gateway reports it captured. Its payment's id."""
    TopUp.objects.filter(id=top_up.id).update(created_at=utc_now() - timedelta(days=6))
    gateway.stage(top_up.order_ref, PaymentStatus.CREATED, payment_ref="pay_late" + uuid4().hex[:8])
    settle_top_up(top_up_id=top_up.id)
    payment_ref = PaymentAttempt.objects.get(top_up_id=top_up.id).payment_ref
    gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED, payment_ref=payment_ref, amount_minor=amount_minor)
    assert settle_top_up(top_up_id=top_up.id).state is TopUpState.REVIEW
    return payment_ref


def test_a_review_is_credited_for_a_payment_that_fits_once(
    operator: Client, gateway: ListingGateway, top_up: TopUpRow, world: World
) -> None:
    payment_ref = in_review(gateway, top_up, 118_000)
    page = operator.get(reverse("operator_top_up", args=[top_up.id]))
    assert "no outcome" in main_text(page)
    address = reverse("operator_credit", args=[top_up.id, payment_ref])
    token = value_of(operator.get(address), "token")
    answers = [operator.post(address, {"reason": "Bank confirms", "token": token}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 404]
    assert ledger.balance(organisation_id=world.organisation.id).available == top_up.credits_micro
    assert TopUp.objects.get(id=top_up.id).state == TopUpState.PAID
    assert [deed for deed, _ in deeds(world.organisation.id)] == ["credit_review"]
    assert settle_top_up(top_up_id=top_up.id).state is TopUpState.PAID
    assert ledger.balance(organisation_id=world.organisation.id).available == top_up.credits_micro


def test_a_plans_payment_says_so(operator: Client, gateway: ListingGateway, world: World) -> None:
    plan = offered("Starter", fee_minor=100_000, included=6_000, per_rupee=6)
    top_up = subscribe(organisation_id=world.organisation.id, plan_code=plan.code, idempotency_key=uuid4().hex)
    assert top_up is not None
    page = main_text(operator.get(reverse("operator_top_up", args=[top_up.id])))
    assert "Plan Starter" in page
    assert "Included credits 6,000" in page


def test_a_link_says_so(operator: Client, gateway: ListingGateway, world: World) -> None:
    link = start_top_up(
        organisation_id=world.organisation.id, amount_minor=100_000, idempotency_key=uuid4().hex, pay_by=PayBy.LINK
    )
    page = main_text(operator.get(reverse("operator_top_up", args=[link.id])))
    assert f"Gateway {gateway.code}, payment link" in page


def test_a_review_is_not_credited_for_another_amount(
    operator: Client, gateway: ListingGateway, top_up: TopUpRow, world: World
) -> None:
    payment_ref = in_review(gateway, top_up, 100)
    assert operator.get(reverse("operator_credit", args=[top_up.id, payment_ref])).status_code == 404
    assert ledger.balance(organisation_id=world.organisation.id).available == 0


def test_a_review_is_not_credited_while_the_gateway_is_silent(
    operator: Client, gateway: ListingGateway, top_up: TopUpRow, world: World
) -> None:
    address = reverse("operator_credit", args=[top_up.id, in_review(gateway, top_up, 118_000)])
    gateway.trouble = Unavailable("timeout")
    assert operator.post(address, {"reason": "x"}).status_code == 503
    assert deeds(world.organisation.id) == []
    assert ledger.balance(organisation_id=world.organisation.id).available == 0


def test_a_payment_read_in_the_other_mode_is_never_credited(
    operator: Client, gateway: ListingGateway, top_up: TopUpRow, world: World
) -> None:
    payment_ref = in_review(gateway, top_up, 118_000)
    address = reverse("operator_credit", args=[top_up.id, payment_ref])
    TopUp.objects.filter(id=top_up.id).update(review_reason="mode_differs")
    assert operator.get(address).status_code == 404
    with pytest.raises(PaymentDoesNotFit):
        credit_review(Deed(uuid4(), world.asha.id, "x"), top_up_id=top_up.id, payment_ref=payment_ref)
    assert ledger.balance(organisation_id=world.organisation.id).available == 0


def test_what_the_gateway_took_back_meanwhile_is_not_credited(
    operator: Client, gateway: ListingGateway, top_up: TopUpRow, world: World
) -> None:
    payment_ref = in_review(gateway, top_up, 118_000)
    gateway.stage(top_up.order_ref, PaymentStatus.REFUNDED, payment_ref=payment_ref)
    answer = operator.post(reverse("operator_credit", args=[top_up.id, payment_ref]), {"reason": "x"})
    assert answer.status_code == 409
    assert ledger.balance(organisation_id=world.organisation.id).available == 0
    assert deeds(world.organisation.id) == []


def test_a_review_is_closed_once_without_credits(
    operator: Client, gateway: ListingGateway, top_up: TopUpRow, world: World
) -> None:
    in_review(gateway, top_up, 100)
    address = reverse("operator_close", args=[top_up.id])
    assert "give it back there first" in main_text(operator.get(address))
    operator.post(address, {"reason": "Refunded by hand"})
    assert TopUp.objects.get(id=top_up.id).state == TopUpState.CANCELLED
    assert operator.post(address, {"reason": "Again"}).status_code == 404
    assert deeds(world.organisation.id) == [("close_review", "Refunded by hand")]


def test_a_refund_is_started_once_and_written_down(
    operator: Client, gateway: ListingGateway, top_up: TopUpRow, world: World
) -> None:
    gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    settle_top_up(top_up_id=top_up.id)
    address = reverse("operator_refund", args=[top_up.id])
    assert "At most ₹1,180.00 of ₹1,180.00" in main_text(operator.get(address))
    token = value_of(operator.get(address), "token")
    form = {"amount": "118", "reason": "Goodwill,\r\nagreed by phone", "token": token}
    answers = [operator.post(address, form) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    (refund,) = Refund.objects.filter(top_up_id=top_up.id)
    assert (refund.amount_minor, refund.reason) == (11_800, "Goodwill, agreed by phone")
    assert ledger.balance(organisation_id=world.organisation.id).available == 4_500_000_000
    assert [deed for deed, _ in deeds(world.organisation.id)] == ["refund"]
    text = main_text(operator.get(reverse("operator_top_up", args=[top_up.id])))
    assert "Goodwill, agreed by phone" in text
    assert "₹118.00" in text


def test_a_refund_of_more_than_is_left_is_refused(operator: Client, gateway: ListingGateway, top_up: TopUpRow) -> None:
    gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    settle_top_up(top_up_id=top_up.id)
    answer = operator.post(reverse("operator_refund", args=[top_up.id]), {"amount": "1181", "reason": "Typed once"})
    assert answer.status_code == 422
    words = main_text(answer)
    assert "Only credits that are neither used nor reserved can be refunded." in words
    assert "Typed once" in words
    assert not Refund.objects.filter(top_up_id=top_up.id).exists()


def test_check_again_settles_and_says_when_nobody_answered(
    operator: Client, gateway: ListingGateway, top_up: TopUpRow, world: World
) -> None:
    address = reverse("operator_check", args=[top_up.id])
    gateway.trouble = Unavailable("timeout")
    assert "did not answer" in main_text(operator.post(address, follow=True))
    gateway.trouble = None
    gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    assert "Payment Successful" in main_text(operator.post(address, follow=True))
    assert ledger.balance(organisation_id=world.organisation.id).available == top_up.credits_micro
    assert [deed for deed, _ in deeds(world.organisation.id)] == ["check", "check"]


def test_top_ups_are_found_by_every_id_and_by_state(
    operator: Client, gateway: ListingGateway, top_up: TopUpRow
) -> None:
    payment = gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    settle_top_up(top_up_id=top_up.id)
    for search in (top_up.public_id, str(top_up.order_ref), payment.payment_ref):
        text = main_text(operator.get("/operator/top-ups/", {"search": search, "state": "paid"}))
        assert top_up.public_id in text
        assert "No top-up fits" in main_text(operator.get("/operator/top-ups/", {"search": search, "state": "review"}))


def test_a_top_up_shows_its_payments_and_webhooks(
    operator: Client, client: Client, gateway: ListingGateway, top_up: TopUpRow
) -> None:
    gateway.stage(top_up.order_ref, PaymentStatus.FAILED, bank_ref="412233")
    settle_top_up(top_up_id=top_up.id)
    body, headers = webhook(top_up.order_ref, event_ref=f"evt_{uuid4().hex[:12]}")
    receive_webhook(gateway_code=gateway.code, body=body, headers=headers)
    text = main_text(operator.get(reverse("operator_top_up", args=[top_up.id])))
    assert "Declined." in text
    assert "412233" in text
    assert headers["x-razorpay-event-id"] in text
    waiting = main_text(operator.get("/operator/webhooks/?show=waiting"))
    assert headers["x-razorpay-event-id"] in waiting
