"""Starting an attempt: one new payment per method a payer chooses."""

from typing import Any

from khata_sandbox.gateway.cards import SUCCESS, AcceptedCard
from khata_sandbox.gateway.gateway import Gateway
from khata_sandbox.gateway.ids import new_id
from khata_sandbox.gateway.payments import TIMEOUT_S, UPI_APP_TIMEOUT_S, begin_payment
from khata_sandbox.gateway.rows import Payment, Session
from khata_sandbox.gateway.sessions import order_of

PAYER_ADDRESS = "test.payer@sandbox"


def begin_qr(gateway: Gateway, session: Session) -> Payment:
    """The phone that opened the QR code's page acts: its token is the attempt, so acting twice stays one payment."""
    return _begin(
        gateway, session, session.phone_token, "upi", "phone", vpa=PAYER_ADDRESS, phone_token=session.phone_token
    )


def begin_upi_app(gateway: Gateway, session: Session, key: str, app: str, phone_token: str) -> Payment:
    return _begin(
        gateway,
        session,
        key,
        "upi",
        "phone",
        timeout_s=UPI_APP_TIMEOUT_S,
        vpa=PAYER_ADDRESS,
        upi_app=app,
        phone_token=phone_token,
    )


def begin_card(gateway: Gateway, session: Session, key: str, card: AcceptedCard) -> Payment:
    """The card's number is gone by now; its outcome was decided from it."""
    return _begin(
        gateway,
        session,
        key,
        "card",
        "mock_page" if card.outcome == "authentication_failed" else "otp",
        outcome=card.outcome,
        card_id=new_id("card"),
        card_network=card.network,
        card_last4=card.last4,
        card_type="credit",
        is_international=int(card.is_international),
        otp_sent_at=gateway.clock.now(),
    )


def begin_netbanking(gateway: Gateway, session: Session, key: str, bank: str) -> Payment:
    return _begin(gateway, session, key, "netbanking", "mock_page", bank=bank)


def begin_wallet(gateway: Gateway, session: Session, key: str, wallet: str, contact: str) -> Payment:
    return _begin(gateway, session, key, "wallet", "mock_page", wallet=wallet, contact=contact)


def _begin(
    gateway: Gateway,
    session: Session,
    key: str,
    method: str,
    stage: str,
    *,
    timeout_s: int = TIMEOUT_S,
    contact: str | None = None,
    outcome: str = SUCCESS,
    **details: Any,
) -> Payment:
    order = order_of(gateway, session)
    now = gateway.clock.now()
    payment = Payment(
        id=new_id("pay"),
        order_id=order.id,
        session_id=session.id,
        attempt_key=key,
        amount_minor=session.amount_minor,
        currency=order.currency,
        method=method,
        stage=stage,
        outcome=outcome,
        # A payment of a link is described by the link's id, whatever the link says itself.
        description=session.link_id.replace("plink_", "#") or session.description,
        email=session.email,
        contact=session.contact if contact is None else contact,
        created_at=int(now),
        times_out_at=now + timeout_s,
        customer_id=session.customer_id,
        is_mandate=session.is_mandate,
        is_saved=session.is_saved,
        **details,
    )
    return begin_payment(gateway, payment)
