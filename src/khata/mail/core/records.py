"""What a sending domain says in DNS: the records to publish, and what those that were found come to.

DKIM decides: whoever can publish the key owns the domain, and its signature is what receivers judge a mail by. SPF and
DMARC are told as well; without them many receivers sort mail out.
"""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple


class RecordKind(StrEnum):
    DKIM = "dkim"
    SPF = "spf"
    DMARC = "dmarc"


class RecordState(StrEnum):
    FOUND = "found"
    MISSING = "missing"
    WRONG = "wrong"
    """There is one of its kind, and it does not say what it should."""
    UNKNOWN = "unknown"
    """DNS did not answer."""


class Record(NamedTuple):
    """A TXT record to publish."""

    kind: RecordKind
    name: str
    value: str


_BEGINNINGS = {RecordKind.DKIM: "v=dkim1", RecordKind.SPF: "v=spf1", RecordKind.DMARC: "v=dmarc1"}


def records_of(domain: str, *, selector: str, public_key: str, spf_include: str) -> tuple[Record, ...]:
    """`spf_include` is what the operator's mail servers are called in SPF ("spf.example.net"); "" where they are the
    domain's own."""
    mechanism = f"include:{spf_include}" if spf_include else "mx"
    return (
        Record(RecordKind.DKIM, f"{selector}._domainkey.{domain}", f"v=DKIM1; k=rsa; p={public_key}"),
        Record(RecordKind.SPF, domain, f"v=spf1 {mechanism} ~all"),
        Record(RecordKind.DMARC, f"_dmarc.{domain}", "v=DMARC1; p=none"),
    )


def judge(record: Record, found: Sequence[str] | None) -> RecordState:
    """`found` are the TXT records under its name; None where DNS did not answer."""
    if found is None:
        return RecordState.UNKNOWN
    alike = [text for text in found if text.strip().lower().startswith(_BEGINNINGS[record.kind])]
    if not alike:
        return RecordState.MISSING
    return RecordState.FOUND if len(alike) == 1 and _says(record, alike[0]) else RecordState.WRONG


def _says(record: Record, text: str) -> bool:
    """DKIM: the same key. SPF: our mechanism among others. DMARC: any policy is the owner's choice."""
    if record.kind is RecordKind.DKIM:
        return _tag("p", text) == _tag("p", record.value)
    if record.kind is RecordKind.SPF:
        return record.value.split()[1] in text.lower().split()
    return _tag("p", text).lower() in ("none", "quarantine", "reject")


def _tag(name: str, text: str) -> str:
    found = re.search(rf"(?:^|;)\s*{name}\s*=([^;]*)", text)
    return re.sub(r"\s", "", found[1]) if found else ""
