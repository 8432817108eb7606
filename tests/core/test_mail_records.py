"""What DNS must say of a sending domain."""

import pytest

from khata.mail.core.records import RecordKind, RecordState, judge, records_of

DKIM, SPF, DMARC = records_of("example.com", selector="kh1", public_key="QUJD", spf_include="spf.khata.example")


def test_the_records_are_named_and_worded_as_receivers_look_for_them() -> None:
    assert (DKIM.name, DKIM.value) == ("kh1._domainkey.example.com", "v=DKIM1; k=rsa; p=QUJD")
    assert (SPF.name, SPF.value) == ("example.com", "v=spf1 include:spf.khata.example ~all")
    assert (DMARC.name, DMARC.value) == ("_dmarc.example.com", "v=DMARC1; p=none")
    assert records_of("example.com", selector="s", public_key="", spf_include="")[1].value == "v=spf1 mx ~all"


@pytest.mark.parametrize(
    ("kind", "found", "state"),
    [
        ("dkim", ["v=DKIM1; k=rsa; p=QUJD"], RecordState.FOUND),
        ("dkim", ["v=DKIM1;p=QU JD; t=s"], RecordState.FOUND),
        ("dkim", ["v=DKIM1; k=rsa; p=WFla"], RecordState.WRONG),
        ("dkim", ["v=DKIM1; k=rsa; p="], RecordState.WRONG),
        ("dkim", [], RecordState.MISSING),
        ("dkim", None, RecordState.UNKNOWN),
        ("spf", ["google-site-verification=1", "v=spf1 mx include:spf.khata.example -all"], RecordState.FOUND),
        ("spf", ["v=spf1 mx -all"], RecordState.WRONG),
        ("spf", ["v=spf1 include:spf.khata.example ~all", "v=spf1 mx -all"], RecordState.WRONG),
        ("spf", ["google-site-verification=1"], RecordState.MISSING),
        ("dmarc", ["v=DMARC1; p=reject; rua=mailto:x@example.com"], RecordState.FOUND),
        ("dmarc", ["v=DMARC1; p=maybe"], RecordState.WRONG),
        ("dmarc", [], RecordState.MISSING),
    ],
)
def test_what_is_found_is_judged(kind: str, found: list[str] | None, state: RecordState) -> None:
    record = {RecordKind.DKIM: DKIM, RecordKind.SPF: SPF, RecordKind.DMARC: DMARC}[RecordKind(kind)]
    assert judge(record, found) is state
