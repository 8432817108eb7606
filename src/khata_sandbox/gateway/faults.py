"""Every fault there is, as data: a new one is a line here and one question (`switches.strike`) where it bites."""

from khata_sandbox.switches import Fault

_WEBHOOKS, _API, _PAYMENTS, _BACK, _BROWSER = "Webhooks", "API", "Payments", "Money back", "Browser"


def _waiting(name: str, place: str, label: str, effect: str, value: int) -> Fault:
    """As long as sixty days of the gateway's clock."""
    return Fault(name, place, label, effect, "seconds", value, maximum=60 * 86_400)


def _holding(name: str, label: str, effect: str, value: int) -> Fault:
    """A call that takes its time on the wall, as long as two minutes."""
    return Fault(name, _API, label, effect, "seconds", value, maximum=120)


FAULTS = (
    Fault("webhook_duplicate", _WEBHOOKS, "Send twice", "Each try arrives two times under one event id."),
    Fault("webhook_reorder", _WEBHOOKS, "Wrong order", "An order's waiting events are sent newest first."),
    _waiting("webhook_delay", _WEBHOOKS, "Delay", "An event waits this long before its first try.", 30),
    Fault("webhook_drop", _WEBHOOKS, "Lose", "An event is never sent, unless by hand."),
    Fault("webhook_bad_signature", _WEBHOOKS, "Forge", "A try carries a signature that does not fit."),
    _holding("api_slow", "Answer slowly", "The call is answered after this long.", 8),
    Fault("api_429", _API, "Too many requests", "The call is refused with 429; nothing is done."),
    Fault("api_500", _API, "Server error", "The call is refused with 500; nothing is done."),
    Fault("api_html", _API, "HTML instead of JSON", "A proxy's page answers with 502; nothing is done."),
    Fault("api_cut", _API, "Cut the connection", "It ends in the middle of the answer; nothing is done."),
    _holding("api_lost", "Lose the answer", "The call is done; after this long the connection ends.", 0),
    _waiting("pay_late", _PAYMENTS, "Late success", "The bank times out, and says yes after this long.", 900),
    _waiting("capture_late", _PAYMENTS, "Late capture", "Authorised now, captured after this long.", 600),
    Fault("pay_twice", _PAYMENTS, "Double capture", "A second payment of the same order is captured too."),
    Fault("pay_short", _PAYMENTS, "Wrong amount", "The captured payment is smaller by this.", "paise", 100, 10_000_000),
    _waiting("refund_slow", _BACK, "Refund waits", "The refund stays pending this long.", 5 * 86_400),
    _waiting("refund_fails", _BACK, "Refund fails", "The refund is pending, and fails after this long.", 60),
    _waiting("dispute_won", _BACK, "Dispute, won", "A dispute opens, and the shop wins it after this long.", 60),
    _waiting("dispute_lost", _BACK, "Dispute, lost", "A dispute opens, and the shop loses it after this long.", 60),
    Fault("return_lost", _BROWSER, "Lost on the way", "The payer is not sent back to the shop."),
    Fault("return_twice", _BROWSER, "Returns twice", "The way back is taken once more by itself."),
    Fault("return_forged", _BROWSER, "Forged fields", "The payer brings back a signature that does not fit."),
)

_BY_NAME = {fault.name: fault for fault in FAULTS}


def find_fault(name: str) -> Fault | None:
    return _BY_NAME.get(name)
