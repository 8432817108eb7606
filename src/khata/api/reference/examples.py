"""One organisation's afternoon, as the API tells it."""

from typing import Any

Example = dict[str, Any]

MESSAGE: Example = {"to": "+919812345678", "body": "Your code is 1234"}
FULL_MESSAGE: Example = {
    "channel": "sms",
    "to": "+919812345678",
    "from": "ACME",
    "body": "Your order 4711 is on its way",
    "reference": "order-4711",
    "metadata": {"shop": "12"},
}
SENT: Example = {
    "id": "msg_01kc1v7qk0h5x9m3t8w2b6n4ze",
    "status": "accepted",
    "channel": "sms",
    "to": "+919812345678",
    "segments": 1,
    "encoding": "gsm7",
    "credits": "1",
    "balance": "4999",
    "created_at": "2026-11-22T13:48:13.123456Z",
}
BATCH: Example = {"messages": [MESSAGE, FULL_MESSAGE], "all_or_nothing": True}
BROADCAST: Example = {"to": ["+919812345678", "+919812345679", "12"], "body": "We close at six today"}
SENT_BATCH: Example = {
    "accepted": 2,
    "refused": 1,
    "credits": "2",
    "balance": "4997",
    "results": [
        {"id": "msg_01kc1v7qk0h5x9m3t8w2b6n4zf"},
        {"id": "msg_01kc1v7qk0h5x9m3t8w2b6n4zg"},
        {"code": "invalid_recipient", "detail": "No such telephone number exists."},
    ],
}
LISTED_MESSAGE: Example = {
    "id": "msg_01kc1v7qk0h5x9m3t8w2b6n4ze",
    "status": "delivered",
    "channel": "sms",
    "to": "+919812345678",
    "from": "KHATA",
    "body": "Your code is 1234",
    "segments": 1,
    "encoding": "gsm7",
    "credits": "1",
    "credits_used": "1",
    "reference": None,
    "metadata": None,
    "error": None,
    "created_at": "2026-11-22T13:48:13.123456Z",
    "submitted_at": "2026-11-22T13:48:13.201114Z",
    "finished_at": "2026-11-22T13:48:15.733012Z",
}
MESSAGE_PAGE: Example = {"data": [LISTED_MESSAGE], "next_cursor": "msg_01kc1v7qk0h5x9m3t8w2b6n4ze"}
DETAILED_MESSAGE: Example = LISTED_MESSAGE | {
    "timeline": [
        {"event": "accepted", "at": "2026-11-22T13:48:13.123456Z", "credits": None, "detail": None},
        {"event": "credits_held", "at": "2026-11-22T13:48:13.123456Z", "credits": "-1", "detail": None},
        {"event": "submitted", "at": "2026-11-22T13:48:13.201114Z", "credits": None, "detail": "smpp 7f3a09"},
        {"event": "credits_captured", "at": "2026-11-22T13:48:13.201114Z", "credits": "-1", "detail": None},
        {"event": "delivered", "at": "2026-11-22T13:48:15.733012Z", "credits": None, "detail": None},
    ],
}
QUOTE: Example = {"segments": 1, "encoding": "gsm7", "credits": "1", "balance": "4997", "sufficient": True}
BALANCE: Example = {
    "available": "4997",
    "held": "2",
    "expiring": [{"credits": "500", "expires_at": "2027-03-31T18:30:00Z"}],
}
CREDIT_HISTORY: Example = {
    "data": [
        {
            "seq": 3,
            "at": "2026-11-22T13:48:13.123456Z",
            "kind": "hold",
            "description": "SMS to +919812345678",
            "reference": "msg_01kc1v7qk0h5x9m3t8w2b6n4ze",
            "credits": "-1",
            "balance_after": "4999",
        },
        {
            "seq": 1,
            "at": "2026-11-22T13:41:02.500001Z",
            "kind": "purchase",
            "description": "Top-up",
            "reference": "top_01kc1tt8n0q4y7c2s6v9d3j5ka",
            "credits": "5000",
            "balance_after": "5000",
        },
    ],
    "next_cursor": None,
}
TOP_UP: Example = {
    "id": "top_01kc1tt8n0q4y7c2s6v9d3j5ka",
    "status": "created",
    "amount": "1000.00",
    "tax": "180.00",
    "total": "1180.00",
    "currency": "INR",
    "credits": "5000",
    "checkout_url": "http://localhost:8000/billing/payments/top_01kc1tt8n0q4y7c2s6v9d3j5ka/checkout/",
    "created_at": "2026-11-22T13:40:21.000812Z",
    "expires_at": "2026-11-22T14:00:21.000812Z",
    "paid_at": None,
    "payments": [],
    "invoice_id": None,
}
PAID_TOP_UP: Example = TOP_UP | {
    "status": "paid",
    "paid_at": "2026-11-22T13:41:02.500001Z",
    "payments": [
        {
            "reference": "pay_Rb2Kx81nQe4TzL",
            "status": "captured",
            "method": "upi",
            "amount": "1180.00",
            "bank_reference": "632719004411",
            "created_at": "2026-11-22T13:41:00Z",
        }
    ],
}
PROBLEM_EXTRAS: dict[str, Example] = {
    "insufficient_credits": {
        "organisation": "org_1a2b3c4d5e6f7",
        "balance": "0.5",
        "required": "1",
        "top_up_url": "http://localhost:8000/billing/add-credits/?amount=100",
    },
    "invalid_request": {"errors": [{"field": "body", "code": "required", "detail": "Please write a message."}]},
    "invalid_recipient": {
        "errors": [{"field": "to", "code": "invalid_recipient", "detail": "No such telephone number exists."}]
    },
    "missing_scope": {"scope": "send"},
    "gateway_unavailable": {"top_up_id": "top_01kc1tt8n0q4y7c2s6v9d3j5ka"},
    "gateway_refused": {"top_up_id": "top_01kc1tt8n0q4y7c2s6v9d3j5ka"},
    "billing_details_missing": {"missing": ["state_code", "legal_name"]},
}
