"""Reads of billing, one file a subject; always scoped to one organisation but where the name says otherwise."""

from khata.billing.core.tax import TaxLine
from khata.billing.core.top_up_life import TopUpState
from khata.billing.queries.top_ups import (
    PaymentRow,
    TopUpFailure,
    TopUpQuote,
    TopUpRow,
    has_top_up_with_key,
    open_top_ups,
    quote,
    top_up,
    top_up_for_anyone,
    top_up_row,
    top_ups,
    top_ups_by_reference,
)

__all__ = [
    "PaymentRow",
    "TaxLine",
    "TopUpFailure",
    "TopUpQuote",
    "TopUpRow",
    "TopUpState",
    "has_top_up_with_key",
    "open_top_ups",
    "quote",
    "top_up",
    "top_up_for_anyone",
    "top_up_row",
    "top_ups",
    "top_ups_by_reference",
]
