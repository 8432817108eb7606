"""The calls about sending domains and suppressed addresses."""

from typing import Any

from khata.api.domains import Domain, DomainBody, DomainList
from khata.api.reference.call import CURSOR, LIMIT, Call, id_in_path
from khata.api.suppressions import Suppression, SuppressionPage
from khata.mail.operations import DomainExists, DomainLimitReached

_KEY = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"
_NEW: dict[str, Any] = {
    "id": "dom_01kc1v7qk0h5x9m3t8w2b6n4zh",
    "name": "shop.example.com",
    "records": [
        {
            "kind": "dkim",
            "name": "kh4f8a0c2e._domainkey.shop.example.com",
            "value": f"v=DKIM1; k=rsa; p={_KEY}",
            "state": None,
        },
        {"kind": "spf", "name": "shop.example.com", "value": "v=spf1 include:spf.example.net ~all", "state": None},
        {"kind": "dmarc", "name": "_dmarc.shop.example.com", "value": "v=DMARC1; p=none", "state": None},
    ],
    "created_at": "2026-11-22T13:48:13.123456Z",
    "verified_at": None,
    "checked_at": None,
}
_CHECKED = {
    **_NEW,
    "records": [{**record, "state": "found"} for record in _NEW["records"]],
    "verified_at": "2026-11-22T13:52:00Z",
    "checked_at": "2026-11-22T13:52:00Z",
}
_SUPPRESSED: dict[str, Any] = {
    "id": "sup_01kc1v7qk0h5x9m3t8w2b6n4zj",
    "address": "gone@example.org",
    "reason": "bounce",
    "detail": "smtp; 550 5.1.1 No such mailbox",
    "message_id": "msg_01kc1v7qk0h5x9m3t8w2b6n4ze",
    "created_at": "2026-11-22T13:50:00Z",
}
_DOMAIN_ID = id_in_path("domain_id", "dom", "The domain's `id`.")

MAIL_CALLS = (
    Call(
        "POST",
        "/v1/domains",
        "Add a sending domain",
        "Makes a key for it. E-mail is sent from it once DNS carries the DKIM record and a check has found it; SPF and "
        "DMARC keep receivers from sorting your mail out. An organisation has at most 20.",
        201,
        Domain,
        _NEW,
        "send",
        bodies=(DomainBody,),
        examples={"a domain": {"name": "news.shop.example.com"}},
        headers=("Location",),
        errors=(DomainExists, DomainLimitReached),
    ),
    Call(
        "GET",
        "/v1/domains",
        "List sending domains",
        "All of them, by name.",
        200,
        DomainList,
        {"data": [_CHECKED]},
        "read",
    ),
    Call(
        "GET",
        "/v1/domains/{domain_id}",
        "Read a sending domain",
        "With the records to publish.",
        200,
        Domain,
        _CHECKED,
        "read",
        parameters=(_DOMAIN_ID,),
    ),
    Call(
        "POST",
        "/v1/domains/{domain_id}/check",
        "Check a sending domain",
        "Asks DNS now; the answer may take some seconds. A domain that lost its DKIM record is not sent from any more; "
        "while DNS does not answer, nothing changes.",
        200,
        Domain,
        _CHECKED,
        "send",
        parameters=(_DOMAIN_ID,),
    ),
    Call(
        "DELETE",
        "/v1/domains/{domain_id}",
        "Remove a sending domain",
        "Its key goes with it: e-mails that still wait to be sent from it fail, and their credits return.",
        200,
        Domain,
        _CHECKED,
        "send",
        parameters=(_DOMAIN_ID,),
    ),
    Call(
        "GET",
        "/v1/suppressions",
        "List suppressed addresses",
        "Addresses that bounced, whose reader complained, or who unsubscribed. Newest first.",
        200,
        SuppressionPage,
        {"data": [_SUPPRESSED], "next_cursor": None},
        "read",
        parameters=(LIMIT, CURSOR),
    ),
    Call(
        "DELETE",
        "/v1/suppressions/{suppression_id}",
        "Lift a suppression",
        "It may be written to again: say so only when its reader asked for it, or the mailbox is back.",
        200,
        Suppression,
        _SUPPRESSED,
        "send",
        parameters=(id_in_path("suppression_id", "sup", "The suppression's `id`."),),
    ),
)
