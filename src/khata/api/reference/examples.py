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
    "scheduled_at": "2026-11-23T09:30:00+05:30",
}
EMAIL: Example = {
    "channel": "email",
    "to": "asha@example.org",
    "from": "ACME Shop <orders@shop.example.com>",
    "subject": "Your order 4711",
    "body": "It is on its way.",
    "html": "<p>It is <b>on its way</b>.</p>",
    "attachments": [{"name": "bill.txt", "content_type": "text/plain", "content": "SGVsbG8="}],
    "unsubscribe": False,
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
    "scheduled_at": None,
    "submitted_at": "2026-11-22T13:48:13.201114Z",
    "finished_at": "2026-11-22T13:48:15.733012Z",
}
MESSAGE_PAGE: Example = {"data": [LISTED_MESSAGE], "next_cursor": "msg_01kc1v7qk0h5x9m3t8w2b6n4ze"}
DETAILED_MESSAGE: Example = LISTED_MESSAGE | {
    "email": None,
    "timeline": [
        {"event": "accepted", "at": "2026-11-22T13:48:13.123456Z", "credits": None, "detail": None},
        {"event": "credits_held", "at": "2026-11-22T13:48:13.123456Z", "credits": "-1", "detail": None},
        {"event": "submitted", "at": "2026-11-22T13:48:13.201114Z", "credits": None, "detail": "smpp 7f3a09"},
        {"event": "credits_captured", "at": "2026-11-22T13:48:13.201114Z", "credits": "-1", "detail": None},
        {"event": "delivered", "at": "2026-11-22T13:48:15.733012Z", "credits": None, "detail": None},
    ],
}
CANCELLED_MESSAGE: Example = LISTED_MESSAGE | {
    "status": "cancelled",
    "credits_used": "0",
    "error": {"code": "cancelled_on_request", "detail": "Your organisation cancelled it before it went out."},
    "scheduled_at": "2026-11-23T04:00:00Z",
    "submitted_at": None,
    "email": None,
    "timeline": [
        {"event": "accepted", "at": "2026-11-22T13:48:13.123456Z", "credits": None, "detail": None},
        {"event": "credits_held", "at": "2026-11-22T13:48:13.123456Z", "credits": "-1", "detail": None},
        {
            "event": "scheduled",
            "at": "2026-11-22T13:48:13.123456Z",
            "credits": None,
            "detail": "for 23 November 2026, 04:00 UTC",
        },
        {"event": "credits_returned", "at": "2026-11-22T13:48:15.733012Z", "credits": "1", "detail": None},
        {
            "event": "cancelled",
            "at": "2026-11-22T13:48:15.733012Z",
            "credits": None,
            "detail": "cancelled_on_request Your organisation cancelled it before it went out.",
        },
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
    "purpose": "credits",
    "amount": "1000.00",
    "tax": "180.00",
    "total": "1180.00",
    "currency": "INR",
    "credits": "5000",
    "bonus_credits": "0",
    "gateway": "razorpay",
    "pay_by": "checkout",
    "checkout_url": "http://localhost:8000/billing/payments/top_01kc1tt8n0q4y7c2s6v9d3j5ka/checkout/",
    "upi_uri": None,
    "created_at": "2026-11-22T13:40:21.000812Z",
    "expires_at": "2026-11-22T14:00:21.000812Z",
    "paid_at": None,
    "payments": [],
    "refunds": [],
    "invoice_id": None,
}
PAID_TOP_UP: Example = TOP_UP | {
    "status": "paid",
    "paid_at": "2026-11-22T13:41:02.500001Z",
    "invoice_id": "inv_01kc1tv7d4w8m3r6x0b5q9g2hn",
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
REFUND: Example = {
    "id": "rfnd_01kc4s0v2m6q9t3w7y1b5d8f0g",
    "status": "processed",
    "amount": "94.40",
    "tax": "14.40",
    "credits": "400",
    "reason": "Ordered too many",
    "reference": "rfnd_Rb4Yw63mUd8KpJ",
    "bank_reference": "632719118820",
    "created_at": "2026-11-23T17:20:43.115502Z",
    "finished_at": "2026-11-23T17:20:44.018233Z",
}
REFUNDED_TOP_UP: Example = PAID_TOP_UP | {"status": "partly_refunded", "refunds": [REFUND]}
INVOICE: Example = {
    "id": "inv_01kc1tv7d4w8m3r6x0b5q9g2hn",
    "kind": "invoice",
    "number": "KH/26-27/000001",
    "issued_at": "2026-11-22T13:41:02.500001Z",
    "top_up_id": "top_01kc1tt8n0q4y7c2s6v9d3j5ka",
    "supplier": {
        "name": "Messages Private Limited",
        "address": "14 Church Street, Bengaluru 560001",
        "state_code": "29",
        "gstin": "29AAFCM4821K1Z7",
    },
    "customer": {
        "name": "ACME Private Limited",
        "address": "12 Residency Road, Bengaluru 560025",
        "state_code": "29",
        "gstin": "29AAGCR4375J1ZU",
    },
    "place_of_supply": "29",
    "service_code": "998413",
    "description": "5,000 prepaid credits for messages",
    "credits": "5000",
    "currency": "INR",
    "amount": "1000.00",
    "taxes": [{"label": "CGST 9 %", "amount": "90.00"}, {"label": "SGST 9 %", "amount": "90.00"}],
    "rounding": "0.00",
    "total": "1180.00",
    "payment_reference": "pay_Rb2Kx81nQe4TzL",
    "corrects": None,
    "is_test": False,
}
CREDIT_NOTE: Example = INVOICE | {
    "id": "inv_01kc4s0w9x2e5h8k1n4r7v0y3b",
    "kind": "credit_note",
    "number": "CN/26-27/000001",
    "issued_at": "2026-11-23T17:20:44.018233Z",
    "description": "400 prepaid credits taken back",
    "credits": "400",
    "amount": "80.00",
    "taxes": [{"label": "CGST 9 %", "amount": "7.20"}, {"label": "SGST 9 %", "amount": "7.20"}],
    "total": "94.40",
    "corrects": "KH/26-27/000001",
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
    "template_not_matched": {
        "errors": [
            {
                "field": "body",
                "code": "variable_too_long",
                "detail": "Nearest is template 1107161234567890001. Variable 2 {#var#} has 31 characters; at most 30 "
                "are allowed.",
            }
        ]
    },
    "country_not_allowed": {"country": "NP"},
    "destination_throttled": {"destination": "NP", "period": "hour", "most": 200, "retry_after_s": 1_740},
    "missing_scope": {"scope": "send"},
    "rate_limited": {"retry_after_s": 3},
    "spend_cap_reached": {"period": "day", "cap": "5000", "used": "4999.5"},
    "gateway_unavailable": {"top_up_id": "top_01kc1tt8n0q4y7c2s6v9d3j5ka"},
    "gateway_refused": {"top_up_id": "top_01kc1tt8n0q4y7c2s6v9d3j5ka"},
    "refund_exceeds_unspent": {"refundable": "826.00"},
    "billing_details_missing": {"missing": ["state_code", "legal_name"]},
}
