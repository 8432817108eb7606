"""The Razorpay driver: the payments port in Razorpay's words (REST API v1, hosted checkout)."""

import re
from collections.abc import Mapping

from khata.payments.drivers.razorpay import webhooks
from khata.payments.drivers.razorpay.client import Json, RazorpayClient
from khata.payments.drivers.razorpay.entities import (
    NotUnderstood,
    is_paid,
    items,
    order_from,
    paid_minor,
    payment_from,
    text,
)
from khata.payments.drivers.razorpay.settings import RazorpaySettings
from khata.payments.drivers.razorpay.signatures import is_return_authentic
from khata.payments.port import (
    AutoPostForm,
    Capabilities,
    Order,
    OrderRequest,
    Payer,
    Refused,
    ReturnHint,
    Snapshot,
    Unavailable,
    Unknown,
    WebhookHint,
)

_PAYMENT_REF = re.compile(r"pay_[A-Za-z0-9]{1,40}")


class RazorpayGateway:
    """One Razorpay account."""

    code = "razorpay"
    display_name = "Razorpay"
    capabilities = Capabilities(
        currencies=frozenset({"INR"}),
        methods=("UPI QR", "UPI", "Cards", "Netbanking", "Wallet"),
        upi_maximum_minor=1_00_000_00,
    )

    def __init__(self, settings: RazorpaySettings) -> None:
        self.mode = settings.mode
        self.checkout_origin = settings.checkout_origin
        self.is_sandbox = settings.is_sandbox
        self._settings = settings
        self._client = RazorpayClient(settings)

    def create_order(self, request: OrderRequest) -> Order | Refused | Unavailable | Unknown:
        """Razorpay has no idempotency key for orders, so an order of the same receipt is looked up before each try."""
        found = self._find_order(request)
        if found is not None:
            return found
        answer = self._client.post(
            "/v1/orders",
            {
                "amount": request.amount_minor,
                "currency": request.currency,
                "receipt": request.receipt,
                "notes": dict(request.notes),
                # Said here, since the account's own default may be to leave payments uncaptured.
                "payment_capture": 1,
            },
        )
        if not isinstance(answer, dict):
            return answer
        try:
            return order_from(answer)
        except NotUnderstood as error:
            return Unknown(f"the new order cannot be read: {error}")

    def start(self, *, order: Order, description: str, payer: Payer, return_url: str, cancel_url: str) -> AutoPostForm:
        return AutoPostForm(
            action=f"{self._settings.checkout_url}/v1/checkout/embedded",
            fields={
                "key_id": self._settings.key_id,
                "order_id": order.order_ref,
                "amount": str(order.amount_minor),
                "currency": order.currency,
                "name": self._settings.merchant_name,
                "description": description,
                "prefill[name]": payer.name,
                "prefill[email]": payer.email,
                "prefill[contact]": payer.contact,
                "callback_url": return_url,
                "cancel_url": cancel_url,
            },
        )

    def read(self, order_ref: str) -> Snapshot | Refused | Unavailable:
        # The order first: a payment captured between the two reads is then seen in the second.
        order = self._client.get(f"/v1/orders/{order_ref}")
        if not isinstance(order, dict):
            return order
        payments = self._client.get(f"/v1/orders/{order_ref}/payments")
        if not isinstance(payments, dict):
            return payments
        try:
            return Snapshot(
                order=order_from(order),
                is_paid=is_paid(order),
                paid_minor=paid_minor(order),
                payments=tuple(payment_from(self._with_card(payment)) for payment in items(payments)),
                mode=self.mode,
            )
        except NotUnderstood as error:
            return Unavailable(f"cannot be understood: {error}")

    def read_return(self, *, order_ref: str, fields: Mapping[str, str]) -> ReturnHint:
        payment_ref = fields.get("razorpay_payment_id", "")
        is_authentic = bool(_PAYMENT_REF.fullmatch(payment_ref)) and is_return_authentic(
            key_secret=self._settings.key_secret,
            order_ref=order_ref,
            payment_ref=payment_ref,
            signature=fields.get("razorpay_signature", ""),
        )
        is_failed = not payment_ref and "error[code]" in fields
        return ReturnHint(
            outcome="paid" if is_authentic else "failed" if is_failed else "unknown",
            is_authentic=is_authentic,
            payment_ref=payment_ref if is_authentic else None,
            error_code=text(fields.get("error[code]")),
            error_reason=text(fields.get("error[reason]")),
            error_description=text(fields.get("error[description]")),
        )

    def read_webhook(self, *, body: bytes, headers: Mapping[str, str]) -> WebhookHint:
        return webhooks.read_webhook(body=body, headers=headers, secrets=self._settings.webhook_secrets)

    def close(self) -> None:
        """Ends the connections kept open to the API."""
        self._client.close()

    def _find_order(self, request: OrderRequest) -> Order | Refused | Unavailable | None:
        """The order made for this receipt by an earlier try; None where there is none."""
        answer = self._client.get("/v1/orders", {"receipt": request.receipt})
        if not isinstance(answer, dict):
            return answer
        try:
            found = [order_from(item) for item in items(answer)]
        except NotUnderstood as error:
            return Unavailable(f"cannot be understood: {error}")
        for order in found:
            if order.receipt == request.receipt:
                return _same_order(order, request)
        return None

    def _with_card(self, payment: Json) -> Json:
        """An order's payments come without their cards; the card is asked for once there is something to show."""
        is_wanted = payment.get("method") == "card" and payment.get("status") in ("authorized", "captured")
        if not is_wanted or isinstance(payment.get("card"), dict):
            return payment
        card = self._client.get(f"/v1/payments/{text(payment.get('id'))}/card")
        return {**payment, "card": card} if isinstance(card, dict) else payment


def _same_order(order: Order, request: OrderRequest) -> Order | Refused:
    if (order.amount_minor, order.currency) != (request.amount_minor, request.currency):
        return Refused("receipt_taken", f"the receipt {request.receipt} belongs to an order of another amount")
    return order
