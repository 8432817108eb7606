"""The Stripe driver: the payments port in Stripe's words.

A Checkout Session is the order; the charges of its payment intent are the payments, one for each try.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from khata.kernel.clock import utc_now
from khata.payments.drivers.stripe import saved, settlements, webhooks
from khata.payments.drivers.stripe.entities import (
    dispute_from,
    intent_ref,
    mode_of,
    order_from,
    order_ref_of,
    paid_minor,
    payment_from,
    ref_of,
    refund_from,
)
from khata.payments.drivers.stripe.listing import created, list_reversals, read_all
from khata.payments.drivers.stripe.settings import StripeSettings
from khata.payments.facts import NotUnderstood, flag, text
from khata.payments.port import (
    Capabilities,
    Order,
    OrderRequest,
    Payer,
    Payment,
    Redirect,
    Refused,
    ReturnHint,
    SettledItem,
    Snapshot,
    Unavailable,
    Unknown,
    WebhookHint,
)
from khata.payments.rest import Json, RestClient, origin_of
from khata.payments.reversals import Dispute, Refund, RefundRequest, Reversal
from khata.payments.saved_methods import ChargeRequest, Customer, CustomerRequest, SavedMethod

API_VERSION = "2026-10-28.endive"
"""Asked for by name, so that an account's own default cannot change the shapes we read."""

SESSION_TIME = timedelta(hours=24)
"""How long a session can be paid (Stripe's own default)."""

_SESSIONS = "/v1/checkout/sessions"


class StripeGateway:
    """One Stripe account."""

    code = "stripe"
    display_name = "Stripe"
    capabilities = Capabilities(
        # All of them have hundredths: an amount of ours is an amount of Stripe's.
        currencies=frozenset({"INR", "USD", "EUR", "GBP"}),
        methods=("Cards", "UPI"),
        upi_maximum_minor=1_00_000_00,
        has_settlements=True,
        has_saved_methods=True,
        unattended_maximum_minor=saved.UNATTENDED_MAXIMUM_MINOR,
    )

    def __init__(self, settings: StripeSettings) -> None:
        self.mode = settings.mode
        self.checkout_origin = settings.checkout_origin
        self.is_sandbox = settings.is_sandbox
        self._settings = settings
        self._client = RestClient(
            base_url=settings.base_url,
            key=(settings.secret_key, ""),
            timeout_s=settings.timeout_s,
            is_sandbox=settings.is_sandbox,
            refusal=_refusal,
            headers={"stripe-version": API_VERSION},
        )

    def create_order(self, request: OrderRequest) -> Order | Refused | Unavailable | Unknown:
        """The receipt is the idempotency key: Stripe keeps it for a day, longer than a top-up is without an order."""
        if request.pay_by not in self.capabilities.ways:
            return Refused("way_unsupported", f"{request.pay_by} is no way to pay here")
        if request.currency not in self.capabilities.currencies:
            return Refused("currency_unsupported", f"{request.currency} is not taken here")
        if request.saved is not None:
            return saved.create_intent(self._client, request, request.saved)
        form = _session_form(request)
        answer = self._client.post_form(_SESSIONS, form, headers={"idempotency-key": request.receipt})
        if not isinstance(answer, dict):
            return answer
        try:
            return order_from(answer)
        except NotUnderstood as error:
            return Unknown(f"the new session cannot be read: {error}")

    def close_order(self, order_ref: str) -> Refused:
        return Refused("cannot_be_closed", f"{order_ref} is neither a link nor a code")

    def start(self, *, order_ref: str, request: OrderRequest, payer: Payer) -> Redirect | Refused | Unavailable:
        """The address of Stripe's page is long and cannot be derived from the session's id, so it is asked for."""
        session = self._client.get(f"{_SESSIONS}/{order_ref}")
        if not isinstance(session, dict):
            return session
        if session.get("status") == "complete":
            return Redirect(request.return_url)
        url = session.get("url")
        if session.get("status") != "open" or not isinstance(url, str):
            return Refused("session_over", "this checkout session cannot be paid any more")
        if origin_of(url) != self.checkout_origin:
            return Refused("checkout_elsewhere", f"the session's page is not at {self.checkout_origin}")
        return Redirect(url)

    def register_customer(self, request: CustomerRequest) -> Customer | Refused | Unavailable | Unknown:
        return saved.register_customer(self._client, request)

    def charge_saved(self, request: ChargeRequest) -> Payment | Refused | Unavailable | Unknown:
        return saved.charge(self._client, request)

    def forget_saved(self, method: SavedMethod) -> Refused | Unavailable | Unknown | None:
        return saved.forget(self._client, method)

    def read(self, order_ref: str) -> Snapshot | Refused | Unavailable:
        """An order without a payer is a payment intent, any other a session."""
        # The session first: a charge made between the two reads is then seen in the second.
        is_intent = saved.is_intent_ref(order_ref)
        order = self._client.get(f"{saved.INTENTS if is_intent else _SESSIONS}/{order_ref}")
        if not isinstance(order, dict):
            return order
        try:
            if is_intent:
                return self._read_payments(order, saved.order_from(order), saved.paid_minor(order), order_ref)
            return self._read_payments(order, order_from(order), paid_minor(order), intent_ref(order))
        except NotUnderstood as error:
            return Unavailable(f"cannot be understood: {error}")

    def refund(self, request: RefundRequest) -> Refund | Refused | Unavailable | Unknown:
        """An idempotency key lives for a day, a refund's receipt for ever: it is looked for before money is sent."""
        found = self._find_refund(request)
        if found is not None:
            return found
        form = {
            "charge": request.payment_ref,
            "amount": str(request.amount_minor),
            **_metadata("metadata", {**request.notes, "receipt": request.receipt}),
        }
        answer = self._client.post_form("/v1/refunds", form, headers={"idempotency-key": request.receipt})
        if not isinstance(answer, dict):
            return answer
        try:
            return refund_from(answer)
        except NotUnderstood as error:
            return Unknown(f"the new refund cannot be read: {error}")

    def list_payments(
        self, *, created_from: datetime, created_until: datetime
    ) -> tuple[Payment, ...] | Refused | Unavailable:
        """A charge names no session, so the sessions that can have made one of these are listed beside them."""
        try:
            charges = read_all(self._client, "/v1/charges", created(created_from, created_until))
            if not isinstance(charges, list):
                return charges
            sessions = read_all(self._client, _SESSIONS, created(created_from - SESSION_TIME, created_until))
            if not isinstance(sessions, list):
                return sessions
            order_refs = {ref_of(session.get("payment_intent")): order_ref_of(session) for session in sessions}
            payments = [payment_from(charge, _order_ref(charge, order_refs)) for charge in charges]
        except NotUnderstood as error:
            return Unavailable(f"cannot be understood: {error}")
        return tuple(sorted(payments, key=lambda payment: (payment.created_at, payment.payment_ref)))

    def list_reversals(
        self, *, created_from: datetime, created_until: datetime
    ) -> tuple[Reversal, ...] | Refused | Unavailable:
        return list_reversals(self._client, created(created_from, created_until))

    def list_settled(self, *, year: int, month: int, day: int) -> tuple[SettledItem, ...] | Refused | Unavailable:
        return settlements.list_settled(self._client, datetime(year, month, day, tzinfo=UTC))

    def read_return(self, *, order_ref: str, fields: Mapping[str, str]) -> ReturnHint:
        """Stripe signs no return and sends the browser to it only when the page was gone through to its end."""
        is_ours = fields.get("session_id") == order_ref
        return ReturnHint(
            outcome="paid" if is_ours else "unknown",
            is_authentic=False,
            payment_ref=None,
            error_code="",
            error_reason="",
            error_description="",
        )

    def read_webhook(self, *, body: bytes, headers: Mapping[str, str]) -> WebhookHint:
        return webhooks.read_webhook(
            body=body, headers=headers, secrets=self._settings.webhook_secrets, mode=self.mode, now=utc_now()
        )

    def close(self) -> None:
        """Ends the connections kept open to the API."""
        self._client.close()

    def _read_payments(
        self, entity: Json, order: Order, paid_minor: int, intent: str | None
    ) -> Snapshot | Refused | Unavailable:
        """Raises NotUnderstood."""
        charges = self._of_intent("/v1/charges", intent)
        if not isinstance(charges, list):
            return charges
        taken = [charge for charge in charges if charge.get("status") == "succeeded"]
        refunds = self._of_intent("/v1/refunds", intent if taken else None)
        if not isinstance(refunds, list):
            return refunds
        disputes = self._disputes(intent, taken)
        if not isinstance(disputes, tuple):
            return disputes
        return Snapshot(
            order=order,
            is_paid=paid_minor > 0,
            paid_minor=paid_minor,
            payments=tuple(payment_from(charge, order.order_ref) for charge in charges),
            mode=mode_of(entity),
            refunds=tuple(map(refund_from, refunds)),
            disputes=disputes,
        )

    def _disputes(self, intent: str | None, taken: list[Json]) -> tuple[Dispute, ...] | Refused | Unavailable:
        is_disputed = any(flag(charge, "disputed") for charge in taken)
        found = self._of_intent("/v1/disputes", intent if is_disputed else None)
        return tuple(map(dispute_from, found)) if isinstance(found, list) else found

    def _of_intent(self, path: str, intent: str | None) -> list[Json] | Refused | Unavailable:
        return [] if intent is None else read_all(self._client, path, {"payment_intent": intent})

    def _find_refund(self, request: RefundRequest) -> Refund | Refused | Unavailable | None:
        """The refund made for this receipt by an earlier try; None where there is none."""
        try:
            listed = read_all(self._client, "/v1/refunds", {"charge": request.payment_ref})
            if isinstance(listed, Refused):
                # A refusal to look says nothing about the refund: an earlier try may have made it.
                return Unavailable(f"its refunds cannot be looked up: {listed.code}")
            if isinstance(listed, Unavailable):
                return listed
            found = [refund for refund in map(refund_from, listed) if refund.receipt == request.receipt]
        except NotUnderstood as error:
            return Unavailable(f"cannot be understood: {error}")
        if found and (found[0].amount_minor, found[0].currency) != (request.amount_minor, request.currency):
            return Refused("receipt_taken", f"the receipt {request.receipt} belongs to a refund of another amount")
        return found[0] if found else None


def _session_form(request: OrderRequest) -> dict[str, str]:
    item = "line_items[0]"
    return {
        "mode": "payment",
        "client_reference_id": request.receipt,
        f"{item}[quantity]": "1",
        f"{item}[price_data][currency]": request.currency.lower(),
        f"{item}[price_data][unit_amount]": str(request.amount_minor),
        f"{item}[price_data][product_data][name]": request.description,
        # What is charged must be what was asked for, in the currency it was asked for.
        "adaptive_pricing[enabled]": "false",
        "payment_intent_data[description]": request.description,
        **_metadata("payment_intent_data[metadata]", {"receipt": request.receipt}),
        **_metadata("metadata", request.notes),
        "success_url": f"{request.return_url}?session_id={{CHECKOUT_SESSION_ID}}",
        "cancel_url": request.cancel_url,
        **saved.session_fields(request),
    }


def _metadata(name: str, notes: Mapping[str, str]) -> dict[str, str]:
    return {f"{name}[{key}]": value for key, value in notes.items()}


def _order_ref(charge: Json, order_refs: Mapping[str | None, str]) -> str | None:
    """Without a session it is a charge of ours to a saved method, or one that somebody else must have made."""
    intent = ref_of(charge.get("payment_intent"))
    return None if intent is None else order_refs.get(intent) or (intent if saved.is_ours(charge) else None)


def _refusal(error: Json) -> Refused:
    code = text(error.get("code")) or text(error.get("type")) or "refused"
    return Refused(code=code, detail=text(error.get("message")))
