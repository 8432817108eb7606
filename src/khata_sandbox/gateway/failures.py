"""Why a payment can fail, as data: what the wire says and what the payer reads."""

from dataclasses import dataclass

from khata_sandbox.gateway.errors import ApiError

NOT_CHARGED = "You were not charged."
PERHAPS_CHARGED = (
    "If your bank debited you, the payment completes once the bank confirms, "
    "or the money goes back, usually within 5 to 7 working days."
)


@dataclass(frozen=True, slots=True)
class Failure:
    """`is_charge_excluded` is true only where the payment ended before any bank could have moved money."""

    reason: str
    source: str
    step: str
    description: str
    code: str = "BAD_REQUEST_ERROR"
    is_charge_excluded: bool = True

    @property
    def money_sentence(self) -> str:
        return NOT_CHARGED if self.is_charge_excluded else PERHAPS_CHARGED

    @property
    def blame(self) -> str:
        """Who ended it, in the payer's words."""
        return _BLAME[self.source]

    def as_error(self, metadata: dict[str, str]) -> ApiError:
        return ApiError(
            self.description, self.code, reason=self.reason, source=self.source, step=self.step, metadata=metadata
        )


_BLAME = {"customer": "you", "bank": "your bank", "gateway": "the gateway", "customer_psp": "your UPI app"}

_ALL = (
    Failure("payment_cancelled", "customer", "payment_authentication", "The payment was cancelled. You can try again."),
    Failure(
        "payment_timed_out",
        "bank",
        "payment_authorization",
        "The bank did not answer in time.",
        is_charge_excluded=False,
    ),
    Failure("payment_session_expired", "customer", "payment_initiation", "The time for this payment ran out."),
    Failure("payment_failed", "bank", "payment_authorization", "The bank did not complete the payment."),
    Failure("incorrect_otp", "customer", "payment_authentication", "The one-time password was wrong."),
    Failure("otp_expired", "customer", "payment_authentication", "The one-time password was no longer valid."),
    Failure("authentication_failed", "customer", "payment_authentication", "The bank could not confirm it was you."),
    Failure("insufficient_funds", "bank", "payment_authorization", "The card's account does not hold enough money."),
    Failure("card_declined", "bank", "payment_authorization", "The bank that issued the card declined the payment."),
    Failure(
        "card_disabled_for_online_payments",
        "bank",
        "payment_authorization",
        "Online payments are switched off for this card.",
    ),
    Failure("card_number_invalid", "customer", "payment_authorization", "The bank does not know this card number."),
    Failure(
        "gateway_technical_error",
        "gateway",
        "payment_authorization",
        "The gateway had a technical problem.",
        code="GATEWAY_ERROR",
        is_charge_excluded=False,
    ),
    Failure("payment_declined", "customer", "payment_debit_request", "The payment was declined in the UPI app."),
    Failure("psp_app_not_available", "customer_psp", "payment_request", "The UPI app is not installed on the phone."),
)

WRONG_PIN = "wrong_pin"

FAILURES = {failure.reason: failure for failure in _ALL} | {
    WRONG_PIN: Failure("payment_declined", "customer", "payment_debit_request", "The UPI PIN was wrong.")
}
"""By reason, except where one reason has two stories."""
