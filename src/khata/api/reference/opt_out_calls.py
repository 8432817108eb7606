"""The calls about messages from phones and numbers opted out."""

from typing import Any

from khata.api.inbound_messages import InboundMessage, InboundMessagePage
from khata.api.opt_outs import AddedOptOuts, OptOut, OptOutPage, OptOutsBody
from khata.api.reference.call import CURSOR, LIMIT, Call, Parameter, id_in_path

_INBOUND: dict[str, Any] = {
    "id": "inb_01kc1v9b2m6q9t3w7y1b5d8f0g",
    "from": "+919812345678",
    "to": "919800012345",
    "body": "STOP",
    "keyword": "stop",
    "received_at": "2026-11-22T13:49:02.118034Z",
}
_OPT_OUT: dict[str, Any] = {
    "id": "opt_01kc1v9b3x2e5h8k1n4r7v0y3b",
    "to": "+919812345670",
    "reason": "asked by phone",
    "created_at": "2026-11-22T13:49:02.118034Z",
}

INBOUND_CALLS = (
    Call(
        "GET",
        "/v1/inbound-messages",
        "List inbound messages",
        "What phones have sent to the organisation's numbers, newest first. To be told as they come, add a webhook "
        "endpoint for `message.received`.",
        200,
        InboundMessagePage,
        {"data": [_INBOUND], "next_cursor": None},
        "read",
        parameters=(Parameter("from", "query", "Only messages from this number (write `+` as `%2B`)."), LIMIT, CURSOR),
    ),
    Call(
        "GET",
        "/v1/inbound-messages/{inbound_message_id}",
        "Read an inbound message",
        "One message from a phone.",
        200,
        InboundMessage,
        _INBOUND,
        "read",
        parameters=(id_in_path("inbound_message_id", "inb", "The message's `id`."),),
    ),
)

OPT_OUT_CALLS = (
    Call(
        "POST",
        "/v1/opt-outs",
        "Add opt-outs",
        "From now on messages to these numbers are refused (`recipient_opted_out`) and cost nothing. All are added or "
        "none; adding one that is there changes nothing. Phones that answer STOP are added by themselves.",
        200,
        AddedOptOuts,
        {"added": 1},
        "send",
        bodies=(OptOutsBody,),
        examples={"one number": {"to": [_OPT_OUT["to"]], "reason": _OPT_OUT["reason"]}},
    ),
    Call(
        "GET",
        "/v1/opt-outs",
        "List opt-outs",
        "The numbers nothing is sent to, newest first.",
        200,
        OptOutPage,
        {"data": [_OPT_OUT], "next_cursor": None},
        "read",
        parameters=(
            Parameter(
                "prefix",
                "query",
                "Only numbers that begin like this (write `+` as `%2B`).",
                {"type": "string", "pattern": "^\\+[1-9][0-9]{0,14}$"},
            ),
            LIMIT,
            CURSOR,
        ),
    ),
    Call(
        "DELETE",
        "/v1/opt-outs/{opt_out_id}",
        "Delete an opt-out",
        "Messages may go to the number again; only where its owner wants them. Answers with the opt-out as it was.",
        200,
        OptOut,
        _OPT_OUT,
        "send",
        parameters=(id_in_path("opt_out_id", "opt", "The opt-out's `id`."),),
    ),
)
