"""Payment links: an address the merchant sends, where the payer pays at leisure, at once or in parts."""

import json
from dataclasses import replace
from secrets import token_urlsafe
from urllib.parse import parse_qsl, urlsplit

from khata_sandbox.gateway.entities import Json, order_entity, payment_entity
from khata_sandbox.gateway.errors import ApiError, invalid, unknown_id
from khata_sandbox.gateway.events import record_event
from khata_sandbox.gateway.fields import (
    Given,
    amount_field,
    choice_field,
    currency_field,
    flag_field,
    object_field,
    text_field,
    whole_field,
)
from khata_sandbox.gateway.gateway import Gateway
from khata_sandbox.gateway.ids import new_id
from khata_sandbox.gateway.link_entities import link_entity
from khata_sandbox.gateway.link_rows import PaymentLink
from khata_sandbox.gateway.requests import PageRequest, notes_text, refuse_others
from khata_sandbox.gateway.rows import Order, Payment
from khata_sandbox.gateway.signatures import link_signature

DESCRIPTION_LENGTH_MAXIMUM = 2048
REFERENCE_LENGTH_MAXIMUM = 40
EXPIRY_AHEAD_S = 15 * 60
EXPIRY_LONGEST_S = 183 * 86_400
CUSTOMER_FIELDS = ("name", "email", "contact")
EDITABLE = ("accept_partial", "reference_id", "expire_by", "reminder_enable", "notes")
FIELDS = (
    "amount",
    "currency",
    "accept_partial",
    "first_min_partial_amount",
    "upi_link",
    "description",
    "reference_id",
    "customer",
    "expire_by",
    "notify",
    "reminder_enable",
    "notes",
    "callback_url",
    "callback_method",
    "options",
)
PAYABLE = ("created", "partially_paid")


def create_link(gateway: Gateway, given: Given, *, site_url: str) -> PaymentLink:
    """`site_url` is where the payer's browser finds this gateway. Raises ApiError."""
    refuse_others(given, FIELDS)
    if flag_field(given, "upi_link"):
        raise ApiError("UPI Payment Links is not supported in Test Mode")
    amount_minor = amount_field(given)
    now, code = int(gateway.clock.now()), token_urlsafe(9)
    link = PaymentLink(
        id=new_id("plink"),
        code=code,
        short_url=f"{site_url}/l/{code}",
        amount_minor=amount_minor,
        currency=currency_field({"currency": "INR", **given}),
        description=text_field(given, "description", DESCRIPTION_LENGTH_MAXIMUM) or "",
        reference_id=_reference(gateway, given),
        customer=json.dumps(_texts(object_field(given, "customer", CUSTOMER_FIELDS))),
        notify=json.dumps(_notify(given)),
        notes=notes_text(given.get("notes")),
        is_partial=int(flag_field(given, "accept_partial")),
        first_part_minor=_first_part(given, amount_minor),
        callback_url=_callback(given),
        expires_at=_expiry(given, now) or now + EXPIRY_LONGEST_S,
        is_expiry_given=int(bool(given.get("expire_by"))),
        is_reminded=int(flag_field(given, "reminder_enable")),
        created_at=now,
        updated_at=now,
    )
    with gateway.store.transaction():
        gateway.store.save(link)
    return link


def load_link(gateway: Gateway, link_id: str) -> PaymentLink:
    """Raises ApiError for an id nobody knows."""
    link = gateway.store.get(PaymentLink, link_id)
    if link is None:
        raise unknown_id()
    return link


def list_links(
    gateway: Gateway, page: PageRequest, *, reference_id: str | None, payment_id: str | None
) -> list[PaymentLink]:
    """Newest first."""
    condition = (
        "created_at BETWEEN ? AND ? AND (?3 IS NULL OR reference_id = ?3) AND "
        "(?4 IS NULL OR order_id IN (SELECT order_id FROM payments WHERE id = ?4))"
    )
    values = (page.from_at, page.to_at, reference_id, payment_id)
    return gateway.store.select(PaymentLink, condition, *values, limit=page.count, skip=page.skip)


def edit_link(gateway: Gateway, link_id: str, given: Given) -> PaymentLink:
    """Raises ApiError for a link that is over, and for anything but the editable fields."""
    refuse_others(given, EDITABLE)
    now = int(gateway.clock.now())
    with gateway.store.transaction():
        link = load_link(gateway, link_id)
        if link.status not in PAYABLE:
            raise ApiError(f"Payment Link cannot be edited in {link.status} state.")
        expires_at = _expiry(given, now)
        link = replace(
            link,
            is_partial=int(flag_field(given, "accept_partial", default=bool(link.is_partial))),
            reference_id=_reference(gateway, given) if "reference_id" in given else link.reference_id,
            expires_at=expires_at or link.expires_at,
            is_expiry_given=int(bool(link.is_expiry_given or expires_at)),
            is_reminded=int(flag_field(given, "reminder_enable", default=bool(link.is_reminded))),
            notes=notes_text(given["notes"]) if "notes" in given else link.notes,
            updated_at=now,
        )
        gateway.store.save(link)
    return link


def cancel_link(gateway: Gateway, link_id: str) -> PaymentLink:
    """Raises ApiError for a link that was paid, even in part, or is over."""
    now = int(gateway.clock.now())
    with gateway.store.transaction():
        link = load_link(gateway, link_id)
        if link.status != "created":
            raise ApiError(f"Payment Link cannot be cancelled in {link.status} state.")
        link = replace(link, status="cancelled", cancelled_at=now, updated_at=now)
        gateway.store.save(link)
        _record(gateway, "payment_link.cancelled", link)
    return link


def notify_by(gateway: Gateway, link_id: str, medium: str) -> None:
    """Nothing is sent here; raises ApiError where a real gateway could not send."""
    link = load_link(gateway, link_id)
    address = {"sms": "contact", "email": "email"}.get(medium)
    if address is None:
        raise ApiError("The medium must be sms or email.")
    if link.status not in PAYABLE:
        raise ApiError(f"Payment Link notification cannot be sent in {link.status} state.")
    if not json.loads(link.customer).get(address):
        raise invalid(address, f"The customer's {address} is needed to send by {medium}.")


def pay_link(gateway: Gateway, payment: Payment, order: Order) -> None:
    """After a capture, in its transaction: money counts, even when the link was over meanwhile."""
    link = load_link(gateway, order.link_id)
    status = "paid" if order.status == "paid" else "partially_paid"
    paid = replace(link, status=status, amount_paid_minor=order.amount_paid_minor, updated_at=int(gateway.clock.now()))
    gateway.store.save(paid)
    _record(gateway, f"payment_link.{status}", paid, payment, order)


def link_return_fields(gateway: Gateway, link_id: str, payment: Payment) -> dict[str, str]:
    """What the browser carries back by GET, after what the merchant's address has in its query already."""
    link = load_link(gateway, link_id)
    signature = link_signature(gateway.settings.key_secret, link.id, link.reference_id, link.status, payment.id)
    return dict(parse_qsl(urlsplit(link.callback_url).query)) | {
        "razorpay_payment_id": payment.id,
        "razorpay_payment_link_id": link.id,
        "razorpay_payment_link_reference_id": link.reference_id,
        "razorpay_payment_link_status": link.status,
        "razorpay_signature": signature,
    }


def expire_links(gateway: Gateway) -> None:
    """What time alone does. Safe to run at any moment."""
    now = int(gateway.clock.now())
    for link in gateway.store.select(PaymentLink, "status IN ('created', 'partially_paid') AND expires_at <= ?", now):
        with gateway.store.transaction():
            expired = replace(link, status="expired", expired_at=link.expires_at, updated_at=now)
            gateway.store.save(expired)
            _record(gateway, "payment_link.expired", expired)


def captured_payments(gateway: Gateway, link: PaymentLink) -> list[Payment]:
    """Oldest first."""
    if not link.order_id:
        return []
    return gateway.store.select(Payment, "order_id = ? AND is_captured = 1", link.order_id)[::-1]


def _record(
    gateway: Gateway, kind: str, link: PaymentLink, payment: Payment | None = None, order: Order | None = None
) -> None:
    entities: dict[str, Json] = {"payment_link": link_entity(link, captured_payments(gateway, link))}
    if order is not None:
        entities["order"] = order_entity(order)
    if payment is not None:
        entities["payment"] = payment_entity(payment, with_card=True)
    record_event(gateway, kind, link.order_id or link.id, entities)


def _reference(gateway: Gateway, given: Given) -> str:
    """The merchant's own name for it, once only."""
    reference = text_field(given, "reference_id", REFERENCE_LENGTH_MAXIMUM) or ""
    if reference and gateway.store.count(PaymentLink, "reference_id = ?", reference):
        raise invalid("reference_id", f"payment link creation with reference id ({reference}) is already attempted")
    return reference


def _first_part(given: Given, amount_minor: int) -> int:
    if given.get("first_min_partial_amount") in (None, 0):
        return 0
    first_minor = amount_field(given, "first_min_partial_amount")
    if not flag_field(given, "accept_partial"):
        raise invalid("first_min_partial_amount", "first_min_partial_amount needs accept_partial.")
    if first_minor > amount_minor:
        raise invalid("first_min_partial_amount", "first_min_partial_amount must be less than the amount.")
    return first_minor


def _expiry(given: Given, now: int) -> int | None:
    expires_at = whole_field(given, "expire_by")
    if not expires_at:
        return None
    if expires_at < now + EXPIRY_AHEAD_S:
        raise invalid("expire_by", "timestamp must be atleast 15 minutes in future")
    if expires_at > now + EXPIRY_LONGEST_S:
        raise invalid("expire_by", "expire_by can not be more than 6 months in future.")
    return expires_at


def _callback(given: Given) -> str:
    url = text_field(given, "callback_url", 2048) or ""
    if url and not url.startswith(("http://", "https://")):
        raise invalid("callback_url", "The callback_url format is invalid.")
    if url or given.get("callback_method"):
        choice_field(given, "callback_method", ("get",))
    return url


def _notify(given: Given) -> dict[str, bool]:
    notify = object_field(given, "notify", ("sms", "email"))
    return {medium: flag_field(notify, medium) for medium in ("sms", "email")}


def _texts(given: Given) -> dict[str, str]:
    """A number may come for a phone number."""
    given = {name: str(value) if type(value) is int else value for name, value in given.items()}
    return {name: text for name in given if (text := text_field(given, name, 254))}
