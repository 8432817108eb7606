"""What Stripe paid out: the balance transactions behind each payout that arrived on a day (UTC)."""

import re
from datetime import datetime, timedelta

from khata.payments import facts
from khata.payments.drivers.stripe.entities import ref_of
from khata.payments.drivers.stripe.listing import read_all
from khata.payments.facts import NotUnderstood, text
from khata.payments.port import Refused, SettledItem, Unavailable
from khata.payments.rest import Json, RestClient

_PAYOUT_REF = re.compile(r"po_[A-Za-z0-9]{1,60}")
_KINDS = {"charge": "payment", "payment": "payment", "refund": "refund", "payment_refund": "refund"}
_PAYOUT_ITSELF = frozenset({"payout", "payout_cancel", "payout_failure"})


def list_settled(client: RestClient, day: datetime) -> tuple[SettledItem, ...] | Refused | Unavailable:
    """Only automatic payouts can be told apart into what they are made of; manual ones show nothing."""
    arrival = {"gte": day, "lt": day + timedelta(days=1)}
    query = {f"arrival_date[{edge}]": str(int(at.timestamp())) for edge, at in arrival.items()}
    try:
        payouts = read_all(client, "/v1/payouts", {**query, "status": "paid"})
        if not isinstance(payouts, list):
            return payouts
        settled: list[SettledItem] = []
        for payout in payouts:
            payout_ref = facts.reference(payout, "id", _PAYOUT_REF)
            lines = read_all(client, "/v1/balance_transactions", {"payout": payout_ref})
            if not isinstance(lines, list):
                return lines
            settled += [_item_from(line, payout) for line in lines if line.get("type") not in _PAYOUT_ITSELF]
    except NotUnderstood as error:
        return Unavailable(f"cannot be understood: {error}")
    return tuple(settled)


def _item_from(line: Json, payout: Json) -> SettledItem:
    """A refund takes money back, so its amount is negative there; ours says how much, its kind which way."""
    kind = _KINDS.get(text(line.get("type")), "adjustment")
    tax_minor = sum(_signed(part, "amount") for part in _fee_parts(line) if part.get("type") == "tax")
    return SettledItem(
        kind=kind,
        ref=ref_of(line.get("source")) or text(line.get("id")),
        order_ref=None,
        amount_minor=abs(_signed(line, "amount")),
        fee_minor=_signed(line, "fee"),
        tax_minor=tax_minor,
        settlement_ref=facts.reference(payout, "id", _PAYOUT_REF),
        settled_at=facts.instant(payout, "arrival_date"),
    )


def _fee_parts(line: Json) -> list[Json]:
    found = line.get("fee_details")
    return [part for part in found if isinstance(part, dict)] if isinstance(found, list) else []


def _signed(entity: Json, key: str) -> int:
    found = entity.get(key)
    if type(found) is not int:
        raise NotUnderstood(f"{key} is no whole number")
    return found
