"""The Razorpay driver: the payments port in Razorpay's words (REST API v1, hosted checkout)."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from khata.payments.drivers.razorpay import links, orders, qr_codes, recurring, webhooks
from khata.payments.drivers.razorpay.client import open_client
from khata.payments.drivers.razorpay.entities import payment_from
from khata.payments.drivers.razorpay.listing import between, list_reversals, read_all
from khata.payments.drivers.razorpay.origins import with_origins
from khata.payments.drivers.razorpay.reading import Reading
from khata.payments.drivers.razorpay.reversals import dispute_from, refund_from, settled_item_from
from khata.payments.drivers.razorpay.settings import RazorpaySettings
from khata.payments.drivers.razorpay.signatures import is_return_authentic
from khata.payments.facts import NotUnderstood, text
from khata.payments.port import (
    AutoPostForm,
    Capabilities,
    Order,
    OrderRequest,
    Payer,
    Payment,
    PaymentStatus,
    Refused,
    ReturnHint,
    SettledItem,
    Snapshot,
    Unavailable,
    Unknown,
    WebhookHint,
)
from khata.payments.rest import Json
from khata.payments.reversals import Dispute, Refund, RefundRequest, Reversal
from khata.payments.saved_methods import ChargeRequest, Customer, CustomerRequest, SavedMethod
from khata.payments.ways import PayBy

_PAYMENT_REF = re.compile(r"pay_[A-Za-z0-9]{1,40}")
_TAKEN = (PaymentStatus.CAPTURED, PaymentStatus.REFUNDED)
_SETTLED_PAGE_SIZE = 1_000


class RazorpayGateway:
    """One Razorpay account."""

    code = "razorpay"
    display_name = "Razorpay"
    capabilities = Capabilities(
        currencies=frozenset({"INR"}),
        methods=("UPI QR", "UPI", "Cards", "Netbanking", "Wallet"),
        upi_maximum_minor=1_00_000_00,
        ways=frozenset(PayBy),
        has_settlements=True,
        has_saved_methods=True,
        notice_hours=recurring.NOTICE_HOURS,
        unattended_maximum_minor=recurring.UNATTENDED_MAXIMUM_MINOR,
    )

    def __init__(self, settings: RazorpaySettings) -> None:
        self.mode = settings.mode
        self.checkout_origin = settings.checkout_origin
        self.is_sandbox = settings.is_sandbox
        self._settings = settings
        self._client = open_client(settings)

    def create_order(self, request: OrderRequest) -> Order | Refused | Unavailable | Unknown:
        """Each way looks first for what an earlier try with this receipt has made."""
        match request.pay_by:
            case PayBy.CHECKOUT:
                return orders.create(self._client, request)
            case PayBy.LINK:
                return links.create(self._client, request)
            case PayBy.UPI_QR:
                return qr_codes.create(self._client, request)

    def close_order(self, order_ref: str) -> Refused | Unavailable | Unknown | None:
        if order_ref.startswith(links.PREFIX):
            return links.close(self._client, order_ref)
        if order_ref.startswith(qr_codes.PREFIX):
            return qr_codes.close(self._client, order_ref)
        return Refused("cannot_be_closed", f"{order_ref} is neither a link nor a code")

    def start(self, *, order_ref: str, request: OrderRequest, payer: Payer) -> AutoPostForm:
        return AutoPostForm(
            action=f"{self._settings.checkout_url}/v1/checkout/embedded",
            fields={
                "key_id": self._settings.key_id,
                "order_id": order_ref,
                "amount": str(request.amount_minor),
                "currency": request.currency,
                "name": self._settings.merchant_name,
                "description": request.description,
                "prefill[name]": payer.name,
                "prefill[email]": payer.email,
                "prefill[contact]": payer.contact,
                "callback_url": request.return_url,
                "cancel_url": request.cancel_url,
                **recurring.checkout_fields(request),
            },
        )

    def read(self, order_ref: str) -> Snapshot | Refused | Unavailable:
        try:
            reading = self._read_order(order_ref)
            if not isinstance(reading, Reading):
                return reading
            payments = tuple(payment_from(self._with_card(payment)) for payment in reading.payments)
            taken = [payment for payment in payments if payment.status in _TAKEN]
            refunds = self._refunds(taken)
            if not isinstance(refunds, tuple):
                return refunds
            disputes = self._disputes(taken)
            if not isinstance(disputes, tuple):
                return disputes
            return Snapshot(
                order=reading.order,
                is_paid=reading.is_paid,
                paid_minor=reading.paid_minor,
                payments=payments,
                mode=self.mode,
                refunds=refunds,
                disputes=disputes,
            )
        except NotUnderstood as error:
            return Unavailable(f"cannot be understood: {error}")

    def register_customer(self, request: CustomerRequest) -> Customer | Refused | Unavailable | Unknown:
        return recurring.register_customer(self._client, request)

    def charge_saved(self, request: ChargeRequest) -> Payment | Refused | Unavailable | Unknown:
        return recurring.charge_saved(self._client, request)

    def forget_saved(self, saved: SavedMethod) -> Refused | Unavailable | Unknown | None:
        return recurring.forget_saved(self._client, saved)

    def refund(self, request: RefundRequest) -> Refund | Refused | Unavailable | Unknown:
        """The idempotency key is kept for a limited time only, so a refund of the same receipt is looked up first."""
        found = self._find_refund(request)
        if found is not None:
            return found
        answer = self._client.post(
            f"/v1/payments/{request.payment_ref}/refund",
            {
                "amount": request.amount_minor,
                "speed": "normal",
                "receipt": request.receipt,
                "notes": dict(request.notes),
            },
            headers={"x-refund-idempotency": request.receipt},
        )
        if not isinstance(answer, dict):
            return answer
        try:
            return refund_from(answer)
        except NotUnderstood as error:
            return Unknown(f"the new refund cannot be read: {error}")

    def list_payments(
        self, *, created_from: datetime, created_until: datetime
    ) -> tuple[Payment, ...] | Refused | Unavailable:
        try:
            found = read_all(self._client, "/v1/payments", between(created_from, created_until))
            named = with_origins(self._client, found) if isinstance(found, list) else found
            if not isinstance(named, list):
                return named
            payments = [payment_from(item) for item in named]
        except NotUnderstood as error:
            return Unavailable(f"cannot be understood: {error}")
        wanted = (payment for payment in payments if created_from <= payment.created_at < created_until)
        return tuple(sorted(wanted, key=lambda payment: (payment.created_at, payment.payment_ref)))

    def list_reversals(
        self, *, created_from: datetime, created_until: datetime
    ) -> tuple[Reversal, ...] | Refused | Unavailable:
        return list_reversals(self._client, between(created_from, created_until))

    def list_settled(self, *, year: int, month: int, day: int) -> tuple[SettledItem, ...] | Refused | Unavailable:
        on = {"year": str(year), "month": f"{month:02d}", "day": f"{day:02d}"}
        try:
            found = read_all(self._client, "/v1/settlements/recon/combined", on, page_size=_SETTLED_PAGE_SIZE)
            if not isinstance(found, list):
                return found
            return tuple(settled_item_from(item) for item in found if item.get("settled") is not False)
        except NotUnderstood as error:
            return Unavailable(f"cannot be understood: {error}")

    def read_return(self, *, order_ref: str, fields: Mapping[str, str]) -> ReturnHint:
        payment_ref = fields.get("razorpay_payment_id", "")
        is_of_link = order_ref.startswith(links.PREFIX)
        is_authentic = bool(_PAYMENT_REF.fullmatch(payment_ref)) and is_return_authentic(
            key_secret=self._settings.key_secret,
            message=links.return_message(order_ref, fields) if is_of_link else f"{order_ref}|{payment_ref}",
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

    def _read_order(self, order_ref: str) -> Reading | Refused | Unavailable:
        """Raises NotUnderstood."""
        if order_ref.startswith(links.PREFIX):
            return links.read(self._client, order_ref)
        if order_ref.startswith(qr_codes.PREFIX):
            return qr_codes.read(self._client, order_ref)
        return orders.read(self._client, order_ref)

    def _find_refund(self, request: RefundRequest) -> Refund | Refused | Unavailable | None:
        """The refund made for this receipt by an earlier try; None where there is none."""
        try:
            found = self._refunds_of(request.payment_ref)
        except NotUnderstood as error:
            return Unavailable(f"cannot be understood: {error}")
        if isinstance(found, Refused):
            # Refused to look, which says nothing of what an earlier try has done.
            return Unavailable(f"its refunds cannot be looked up: {found.code}")
        if isinstance(found, Unavailable):
            return found
        for refund in found:
            if refund.receipt == request.receipt:
                return _same_refund(refund, request)
        return None

    def _refunds(self, payments: Sequence[Payment]) -> tuple[Refund, ...] | Refused | Unavailable:
        """Of every payment that took money: one that shows nothing refunded may have a refund that failed."""
        refunds: list[Refund] = []
        for payment in payments:
            found = self._refunds_of(payment.payment_ref)
            if not isinstance(found, list):
                return found
            refunds += found
        return tuple(refunds)

    def _refunds_of(self, payment_ref: str) -> list[Refund] | Refused | Unavailable:
        """Raises NotUnderstood."""
        found = read_all(self._client, f"/v1/payments/{payment_ref}/refunds")
        return [refund_from(item) for item in found] if isinstance(found, list) else found

    def _disputes(self, payments: Sequence[Payment]) -> tuple[Dispute, ...] | Unavailable:
        """The API lists disputes of the whole account only. An account it refuses to tell has none to show."""
        if not payments:
            return ()
        first_at = min(payment.created_at for payment in payments)
        found = read_all(self._client, "/v1/disputes", {"from": str(int(first_at.timestamp()))})
        if isinstance(found, Unavailable):
            return found
        refs = {payment.payment_ref for payment in payments}
        ours = [item for item in found if item.get("payment_id") in refs] if isinstance(found, list) else []
        return tuple(dispute_from(item) for item in ours)

    def _with_card(self, payment: Json) -> Json:
        """An order's payments come without their cards; the card is asked for once there is something to show."""
        is_wanted = payment.get("method") == "card" and payment.get("status") in ("authorized", "captured")
        if not is_wanted or isinstance(payment.get("card"), dict):
            return payment
        card = self._client.get(f"/v1/payments/{text(payment.get('id'))}/card")
        return {**payment, "card": card} if isinstance(card, dict) else payment


def _same_refund(refund: Refund, request: RefundRequest) -> Refund | Refused:
    if (refund.amount_minor, refund.currency) != (request.amount_minor, request.currency):
        return Refused("receipt_taken", f"the receipt {request.receipt} belongs to a refund of another amount")
    return refund
