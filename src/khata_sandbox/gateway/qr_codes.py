"""UPI QR codes: printed once or shown once, paid without an order."""

from dataclasses import replace
from secrets import token_urlsafe

from khata_sandbox.gateway.customers import load_customer
from khata_sandbox.gateway.entities import Json, payment_entity
from khata_sandbox.gateway.errors import ApiError, invalid, unknown_id
from khata_sandbox.gateway.events import record_event
from khata_sandbox.gateway.fields import Given, amount_field, choice_field, flag_field, text_field, whole_field
from khata_sandbox.gateway.gateway import Gateway
from khata_sandbox.gateway.ids import new_id
from khata_sandbox.gateway.link_entities import qr_code_entity
from khata_sandbox.gateway.link_rows import QrCode
from khata_sandbox.gateway.requests import INSTANT_MAXIMUM, PageRequest, notes_text, refuse_others
from khata_sandbox.gateway.rows import Payment
from khata_sandbox.gateway.upi import payment_address

CLOSE_AHEAD_S = 15 * 60
FIELDS = (
    "type",
    "name",
    "usage",
    "fixed_amount",
    "payment_amount",
    "description",
    "customer_id",
    "close_by",
    "notes",
)


def create_qr_code(gateway: Gateway, given: Given, *, site_url: str) -> QrCode:
    """`site_url` is where a phone's browser finds this gateway. Raises ApiError."""
    refuse_others(given, FIELDS)
    if choice_field(given, "type", ("upi_qr", "bharat_qr")) != "upi_qr":
        raise invalid("type", "Only upi_qr is offered in Test Mode.")
    now, code_id, code = int(gateway.clock.now()), new_id("qr"), token_urlsafe(9)
    is_fixed = flag_field(given, "fixed_amount")
    customer_id = text_field(given, "customer_id", 40)
    qr_code = QrCode(
        id=code_id,
        code=code,
        image_url=f"{site_url}/qr/{code}.png",
        image_content=payment_address(gateway.settings, code_id, _amount(given, is_fixed=is_fixed)),
        name=text_field(given, "name", 255) or "",
        usage=choice_field(given, "usage", ("single_use", "multiple_use")),
        type="upi_qr",
        is_fixed_amount=int(is_fixed),
        amount_minor=_amount(given, is_fixed=is_fixed),
        description=text_field(given, "description", 255) or "",
        notes=notes_text(given.get("notes")),
        customer_id=load_customer(gateway, customer_id).id if customer_id else None,
        close_by=_close_by(given, now),
        created_at=now,
    )
    with gateway.store.transaction():
        gateway.store.save(qr_code)
        _record(gateway, "qr_code.created", qr_code)
    return qr_code


def load_qr_code(gateway: Gateway, qr_code_id: str) -> QrCode:
    """Raises ApiError for an id nobody knows."""
    qr_code = gateway.store.get(QrCode, qr_code_id)
    if qr_code is None:
        raise unknown_id()
    return qr_code


def list_qr_codes(
    gateway: Gateway, page: PageRequest, *, customer_id: str | None, payment_id: str | None
) -> list[QrCode]:
    """Newest first."""
    condition = (
        "created_at BETWEEN ? AND ? AND (?3 IS NULL OR customer_id = ?3) AND "
        "(?4 IS NULL OR id IN (SELECT qr_code_id FROM payments WHERE id = ?4))"
    )
    values = (page.from_at, page.to_at, customer_id, payment_id)
    return gateway.store.select(QrCode, condition, *values, limit=page.count, skip=page.skip)


def payments_of_qr_code(gateway: Gateway, qr_code: QrCode, page: PageRequest) -> list[Payment]:
    """Newest first; those that came to money."""
    condition = "qr_code_id = ? AND is_captured = 1 AND created_at BETWEEN ? AND ?"
    values = (qr_code.id, page.from_at, page.to_at)
    return gateway.store.select(Payment, condition, *values, limit=page.count, skip=page.skip)


def close_qr_code(gateway: Gateway, qr_code_id: str) -> QrCode:
    """Raises ApiError for one that is closed already."""
    with gateway.store.transaction():
        qr_code = load_qr_code(gateway, qr_code_id)
        if qr_code.status == "closed":
            raise ApiError("The QR code has already been closed.")
        return _close(gateway, qr_code, "on_demand")


def credit_qr_code(gateway: Gateway, payment: Payment) -> None:
    """After a capture, in its transaction."""
    qr_code = load_qr_code(gateway, payment.qr_code_id)
    qr_code = replace(
        qr_code,
        received_minor=qr_code.received_minor + payment.amount_minor,
        payments_count=qr_code.payments_count + 1,
    )
    gateway.store.save(qr_code)
    _record(gateway, "qr_code.credited", qr_code, payment)
    if qr_code.usage == "single_use" and qr_code.status == "active":
        _close(gateway, qr_code, "paid")


def close_qr_codes_due(gateway: Gateway) -> None:
    """What time alone does. Safe to run at any moment."""
    for qr_code in gateway.store.select(QrCode, "status = 'active' AND close_by <= ?", gateway.clock.now()):
        with gateway.store.transaction():
            _close(gateway, qr_code, None)


def _close(gateway: Gateway, qr_code: QrCode, reason: str | None) -> QrCode:
    closed = replace(qr_code, status="closed", closed_at=int(gateway.clock.now()), close_reason=reason)
    gateway.store.save(closed)
    _record(gateway, "qr_code.closed", closed)
    return closed


def _record(gateway: Gateway, kind: str, qr_code: QrCode, payment: Payment | None = None) -> None:
    entities: dict[str, Json] = {"qr_code": qr_code_entity(qr_code)}
    if payment is not None:
        entities = {"payment": payment_entity(payment), **entities}
    record_event(gateway, kind, qr_code.id, entities)


def _amount(given: Given, *, is_fixed: bool) -> int | None:
    if is_fixed:
        return amount_field(given, "payment_amount")
    if given.get("payment_amount") not in (None, 0):
        raise invalid("payment_amount", "payment_amount needs fixed_amount.")
    return None


def _close_by(given: Given, now: int) -> int | None:
    close_by = whole_field(given, "close_by")
    if close_by is not None and not now + CLOSE_AHEAD_S <= close_by <= INSTANT_MAXIMUM:
        raise invalid("close_by", "close_by should be at least 15 minutes after current time")
    return close_by
