"""Whether a failed payment can have taken money. Only where it certainly has not may we say "You were not charged"."""

from khata.payments.port import PaymentStatus

_ENDED_BEFORE_ANY_DEBIT = frozenset(
    {
        "authentication_failed",
        "card_declined",
        "card_disabled_for_online_payments",
        "card_expired",
        "card_not_enrolled",
        "card_number_invalid",
        "incorrect_cvv",
        "incorrect_otp",
        "input_validation_failed",
        "insufficient_fund",
        "insufficient_funds",
        "invalid_vpa",
        "otp_attempts_exceeded",
        "otp_expired",
        "payment_cancelled",
        "payment_collect_request_expired",
        "payment_declined",
        "payment_risk_check_failed",
        "payment_session_expired",
        "psp_app_not_available",
        "transaction_daily_limit_exceeded",
        "transaction_limit_exceeded",
        "upi_collect_not_enabled",
    }
)
"""Reasons in the port's (Razorpay's) vocabulary. What is not here is unclear, a new reason included."""

_UNCLEAR_CODES = frozenset({"GATEWAY_ERROR", "SERVER_ERROR"})


def is_outcome_clear(*, status: PaymentStatus, code: str, reason: str) -> bool:
    """True where the payer was certainly not charged."""
    return status is PaymentStatus.FAILED and code not in _UNCLEAR_CODES and reason in _ENDED_BEFORE_ANY_DEBIT
