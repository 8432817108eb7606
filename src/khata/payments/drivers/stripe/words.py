"""Stripe's words in the port's. A status that is not here is not believed; anything else is shown as it is."""

from khata.payments.port import PaymentMethod, PaymentStatus
from khata.payments.reversals import DisputeStatus, RefundStatus

UNTAKEN = {"pending": PaymentStatus.CREATED, "failed": PaymentStatus.FAILED}
"""A charge's status where no money is taken; "succeeded" needs a second look (entities.py)."""

REFUNDS = {
    "pending": RefundStatus.PENDING,
    "requires_action": RefundStatus.PENDING,
    "succeeded": RefundStatus.PROCESSED,
    "failed": RefundStatus.FAILED,
    "canceled": RefundStatus.FAILED,
}
DISPUTES = {
    # An inquiry takes no money yet.
    "warning_needs_response": DisputeStatus.OPEN,
    "warning_under_review": DisputeStatus.UNDER_REVIEW,
    "warning_closed": DisputeStatus.CLOSED,
    "prevented": DisputeStatus.CLOSED,
    "needs_response": DisputeStatus.OPEN,
    "under_review": DisputeStatus.UNDER_REVIEW,
    "appeal_needs_response": DisputeStatus.OPEN,
    "appeal_under_review": DisputeStatus.UNDER_REVIEW,
    "won": DisputeStatus.WON,
    "lost": DisputeStatus.LOST,
}
METHODS = {
    "card": PaymentMethod.CARD,
    "upi": PaymentMethod.UPI,
    "ideal": PaymentMethod.NETBANKING,
    "bancontact": PaymentMethod.NETBANKING,
    "pay_by_bank": PaymentMethod.NETBANKING,
    "amazon_pay": PaymentMethod.WALLET,
    "cashapp": PaymentMethod.WALLET,
    "link": PaymentMethod.WALLET,
    "paypal": PaymentMethod.WALLET,
    "revolut_pay": PaymentMethod.WALLET,
}
BRANDS = {
    "amex": "American Express",
    "cartes_bancaires": "Cartes Bancaires",
    "diners": "Diners Club",
    "discover": "Discover",
    "jcb": "JCB",
    "mastercard": "MasterCard",
    "rupay": "RuPay",
    "unionpay": "UnionPay",
    "visa": "Visa",
}
REASONS = {
    "authentication_required": "authentication_failed",
    "payment_intent_authentication_failure": "authentication_failed",
    "card_declined": "card_declined",
    "do_not_honor": "card_declined",
    "generic_decline": "card_declined",
    "insufficient_funds": "insufficient_funds",
    "expired_card": "card_expired",
    "incorrect_cvc": "incorrect_cvv",
    "invalid_cvc": "incorrect_cvv",
    "incorrect_number": "card_number_invalid",
    "invalid_number": "card_number_invalid",
    "card_velocity_exceeded": "transaction_limit_exceeded",
    "withdrawal_count_limit_exceeded": "transaction_limit_exceeded",
}
"""Failure and decline codes in the vocabulary that says whether a payer can have been charged."""
