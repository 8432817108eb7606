"""What the names of sending domains and suppressed addresses mean."""

from collections.abc import Mapping

from khata.api.reference.forms import INSTANT, Described, id_form
from khata.mail.core.records import RecordKind
from khata.mail.models import SuppressionReason

MAIL_FIELDS: Mapping[str, Described] = {
    "Domain.id": ("Public id of the domain.", id_form("dom")),
    "DomainBody.name": ("The domain, in any script.", {"minLength": 3}),
    "Domain.name": ("The domain, in ASCII.", {}),
    "records": ("The TXT records to publish.", {}),
    "DomainRecord.kind": ("What it is for.", {"enum": [kind.value for kind in RecordKind]}),
    "DomainRecord.name": ("Where it stands.", {}),
    "value": ("What it says.", {}),
    "DomainRecord.state": (
        (
            "What DNS said when it was asked last: `found`, `missing`, `wrong` (it says something else), or `unknown` "
            "where it did not answer; `null` where it was not asked yet."
        ),
        {},
    ),
    "Domain.created_at": ("When it was added.", INSTANT),
    "verified_at": ("Since when its DKIM record is found.", INSTANT),
    "checked_at": ("When DNS was asked last.", INSTANT),
    "Suppression.id": ("Public id of the suppression.", id_form("sup")),
    "Suppression.address": ("The e-mail address, in lower case.", {}),
    "Suppression.reason": ("Why.", {"enum": [reason.value for reason in SuppressionReason]}),
    "Suppression.detail": ("What was said.", {}),
    "Suppression.message_id": ("The message it was about.", id_form("msg")),
    "Suppression.created_at": ("Since when.", INSTANT),
}
