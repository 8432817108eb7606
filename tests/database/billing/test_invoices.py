"""Invoices: one for each credited top-up, numbered without gaps, never altered."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import DatabaseError, IntegrityError, connection, transaction

from khata.billing.core.invoices import DocumentKind, TaxDocument
from khata.billing.core.tax import TaxLine
from khata.billing.documents.rendering import printable
from khata.billing.models import DocumentSeries, PaymentAttempt, TopUp
from khata.billing.models import TaxDocument as Row
from khata.billing.operations import settle_top_up, settlement, start_top_up
from khata.billing.operations.invoices import issue_invoice
from khata.billing.queries import TopUpRow, TopUpState
from khata.billing.queries import invoices as queries
from khata.kernel.clock import utc_now
from khata.kernel.errors import NotFound
from khata.kernel.transactions import in_transaction
from khata.ledger import queries as ledger
from khata.payments.port import PaymentStatus
from khata.tenancy.models import Organisation
from tests.conftest import World
from tests.database.billing.staged_gateway import StagedGateway
from tests.owner import owner_connection


@pytest.fixture
def prefix(monkeypatch: pytest.MonkeyPatch) -> str:
    """A series of the test's own: all organisations share one, other tests' included."""
    chosen = uuid4().hex[:3].upper()
    monkeypatch.setattr(settings, "KHATA_INVOICE_PREFIX", chosen)
    return chosen


def paid(top_up: TopUpRow, gateway: StagedGateway) -> TopUpRow:
    gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    return settle_top_up(top_up_id=top_up.id)


def documents(organisation_id: int) -> list[TaxDocument]:
    return queries.tax_documents(organisation_id=organisation_id).rows


def started(organisation: Organisation) -> TopUpRow:
    return start_top_up(organisation_id=organisation.id, amount_minor=100_000, idempotency_key=uuid4().hex)


def test_a_paid_top_up_has_its_invoice_with_everything_on_it(
    top_up: TopUpRow, gateway: StagedGateway, prefix: str
) -> None:
    settled = paid(top_up, gateway)
    (invoice,) = documents(top_up.organisation_id)
    assert settled.credited_payment is not None
    assert (invoice.kind, invoice.number[:4], invoice.number[-7:]) == (DocumentKind.INVOICE, f"{prefix}/", "/000001")
    assert (invoice.top_up_id, invoice.payment_ref) == (top_up.id, settled.credited_payment.payment_ref)
    assert (invoice.taxable_minor, invoice.total_minor, invoice.rounding_minor) == (100_000, 118_000, 0)
    assert invoice.tax_lines == (TaxLine("CGST 9 %", 9_000), TaxLine("SGST 9 %", 9_000))
    assert (invoice.customer.name, invoice.customer.gstin) == ("ACME Private Limited", "29AAGCR4375J1ZU")
    assert (invoice.supplier.name, invoice.supplier.state) == ("Khata tests", "29 Karnataka")
    assert (invoice.place_of_supply, invoice.service_code) == ("29", "998413")
    assert (invoice.description, invoice.currency) == ("5,000 prepaid credits for messages", "INR")
    assert invoice.is_test


def test_a_customer_of_another_state_gets_igst_and_their_state_as_place_of_supply(
    organisation: Organisation, gateway: StagedGateway
) -> None:
    Organisation.objects.filter(id=organisation.id).update(state_code="27", gstin="")
    paid(started(organisation), gateway)
    (invoice,) = documents(organisation.id)
    assert invoice.tax_lines == (TaxLine("IGST 18 %", 18_000),)
    assert (invoice.place_of_supply, invoice.customer.state) == ("27", "27 Maharashtra")


def test_who_moves_to_another_state_before_paying_is_billed_where_the_tax_was_reckoned(
    top_up: TopUpRow, gateway: StagedGateway
) -> None:
    Organisation.objects.filter(id=top_up.organisation_id).update(state_code="27", gstin="", legal_name="Moved Ltd")
    paid(top_up, gateway)
    (invoice,) = documents(top_up.organisation_id)
    assert (invoice.place_of_supply, invoice.customer.name) == ("29", "ACME Private Limited")


@pytest.mark.parametrize("status", [s for s in PaymentStatus if s is not PaymentStatus.CAPTURED])
def test_without_credits_there_is_no_invoice(top_up: TopUpRow, gateway: StagedGateway, status: PaymentStatus) -> None:
    gateway.stage(top_up.order_ref, status)
    settle_top_up(top_up_id=top_up.id)
    assert documents(top_up.organisation_id) == []


def test_a_mismatch_gets_no_invoice(top_up: TopUpRow, gateway: StagedGateway) -> None:
    gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED, amount_minor=1)
    assert settle_top_up(top_up_id=top_up.id).state is TopUpState.REVIEW
    assert documents(top_up.organisation_id) == []


def test_many_settles_at_once_make_one_invoice(top_up: TopUpRow, gateway: StagedGateway) -> None:
    gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda _: settled_on_a_thread(top_up), range(20)))
    assert len(documents(top_up.organisation_id)) == 1


def settled_on_a_thread(top_up: TopUpRow) -> None:
    try:
        settle_top_up(top_up_id=top_up.id)
    finally:
        connection.close()


def test_twenty_settles_side_by_side_some_rolled_back_leave_no_gap(
    organisation: Organisation, gateway: StagedGateway, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every third transaction draws its number and then fails; each is tried again until it is paid."""
    tops = [started(organisation) for _ in range(20)]
    for top_up in tops:
        gateway.stage(top_up.order_ref, PaymentStatus.CAPTURED)
    unlucky = {top_up.id for top_up in tops[::3]}
    lock = threading.Lock()

    def issue_and_perhaps_fail(top_up: TopUp, now: datetime) -> None:
        issue_invoice(top_up, now)
        with lock:
            fails = top_up.id in unlucky
            unlucky.discard(top_up.id)
        if fails:
            raise DatabaseError("lost")

    def settle_until_paid(top_up: TopUpRow) -> None:
        try:
            settle_top_up(top_up_id=top_up.id)
        except DatabaseError:
            settle_top_up(top_up_id=top_up.id)
        finally:
            connection.close()

    monkeypatch.setattr(settlement, "issue_invoice", issue_and_perhaps_fail)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(settle_until_paid, tops))
    rows = Row.objects.filter(organisation=organisation).order_by("serial")
    assert [row.serial for row in rows] == list(range(1, 21))
    assert [row.issued_at for row in rows] == sorted(row.issued_at for row in rows)
    assert DocumentSeries.objects.get(prefix=prefix).last_serial == 20
    assert unlucky == set()
    assert ledger.balance(organisation_id=organisation.id).available == 20 * tops[0].credits_micro


def test_a_rollback_gives_the_number_back(
    organisation: Organisation, gateway: StagedGateway, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    paid(started(organisation), gateway)
    second = started(organisation)
    gateway.stage(second.order_ref, PaymentStatus.CAPTURED)

    def fail_after(top_up: TopUp, now: datetime) -> None:
        issue_invoice(top_up, now)
        raise RuntimeError("lost")

    with monkeypatch.context() as broken:
        broken.setattr(settlement, "issue_invoice", fail_after)
        with pytest.raises(RuntimeError):
            settle_top_up(top_up_id=second.id)
    assert ledger.balance(organisation_id=organisation.id).available == second.credits_micro
    settle_top_up(top_up_id=second.id)
    assert [document.number[-6:] for document in documents(organisation.id)] == ["000002", "000001"]


def test_a_new_financial_year_begins_at_one(top_up: TopUpRow, gateway: StagedGateway, prefix: str) -> None:
    paid(top_up, gateway)
    eve, morning = datetime(2030, 3, 31, 18, 29, tzinfo=UTC), datetime(2030, 3, 31, 18, 30, tzinfo=UTC)
    numbers = [number_of(copied(top_up, gateway), at) for at in (eve, morning, morning)]
    assert numbers == [f"{prefix}/29-30/000001", f"{prefix}/30-31/000001", f"{prefix}/30-31/000002"]


def test_a_later_number_is_never_earlier(top_up: TopUpRow, gateway: StagedGateway, prefix: str) -> None:
    now = utc_now()
    first = issued(copied(top_up, gateway), now)
    second = issued(copied(top_up, gateway), now - timedelta(seconds=5))
    assert (second.serial - first.serial, second.issued_at) == (1, first.issued_at)


def copied(top_up: TopUpRow, gateway: StagedGateway) -> TopUp:
    """Another top-up whose payment was credited without an invoice, as only a test can have one."""
    copy = TopUp.objects.get(id=top_up.id)
    copy.pk = uuid4()
    copy.idempotency_key = uuid4().hex
    copy.order_state, copy.order_ref = "none", None
    copy.save(force_insert=True)
    PaymentAttempt.objects.create(
        top_up=copy, gateway_code=copy.gateway_code, mode=copy.mode, payment_ref=uuid4().hex, status="captured",
        method="upi", amount_minor=copy.total_minor, currency="INR", created_at=utc_now(), purchase_reference=uuid4(),
    )  # fmt: skip
    return copy


def issued(top_up: TopUp, at: datetime) -> Row:
    with in_transaction():
        issue_invoice(top_up, at)
    return Row.objects.get(top_up=top_up)


def number_of(top_up: TopUp, at: datetime) -> str:
    return issued(top_up, at).number


def test_the_database_itself_refuses_a_second_invoice(top_up: TopUpRow, gateway: StagedGateway) -> None:
    paid(top_up, gateway)
    row = Row.objects.get(top_up_id=top_up.id)
    row.pk, row.serial = uuid4(), row.serial + 1_000_000
    with pytest.raises(IntegrityError, match="top_up_invoiced_once"), transaction.atomic():
        row.save(force_insert=True)


@pytest.mark.parametrize(
    "change", ["update billing_taxdocument set total_minor = 1", "delete from billing_taxdocument"]
)
def test_not_even_the_owner_alters_an_invoice(top_up: TopUpRow, gateway: StagedGateway, change: str) -> None:
    paid(top_up, gateway)
    with owner_connection() as owner, pytest.raises(Exception, match="append-only"):
        owner.execute(change.encode())
    assert documents(top_up.organisation_id)[0].total_minor == 118_000


def test_another_organisations_invoice_is_not_found(world: World, top_up: TopUpRow, gateway: StagedGateway) -> None:
    paid(top_up, gateway)
    (invoice,) = documents(top_up.organisation_id)
    assert queries.tax_document(organisation_id=top_up.organisation_id, document_id=invoice.id) == invoice
    with pytest.raises(NotFound):
        queries.tax_document(organisation_id=world.chens_organisation.id, document_id=invoice.id)
    assert documents(world.chens_organisation.id) == []


def test_the_paper_is_the_same_bytes_each_time_and_never_reads_names_as_markup(
    top_up: TopUpRow, gateway: StagedGateway
) -> None:
    name = '#panic("x") *b* $a$ <l> @r \\ #sys.inputs'
    Organisation.objects.filter(id=top_up.organisation_id).update(legal_name=name)
    paid(started(Organisation.objects.get(id=top_up.organisation_id)), gateway)
    (invoice,) = documents(top_up.organisation_id)
    assert invoice.customer.name == name
    pdf = queries.document_pdf(invoice)
    assert pdf == queries.document_pdf(queries.tax_document_for_anyone(document_id=invoice.id))
    assert pdf.startswith(b"%PDF-1.7")
    for mark in (b"/MarkInfo", b"pdfaid:part>2<", b"pdfuaid:part>1<", invoice.number.encode()):
        assert mark in pdf


def test_a_name_no_font_can_write_still_gets_its_paper(top_up: TopUpRow, gateway: StagedGateway) -> None:
    paid(top_up, gateway)
    (invoice,) = documents(top_up.organisation_id)
    odd = replace(invoice, customer=replace(invoice.customer, name="\U0010fffd \x07 \x00"))
    assert queries.document_pdf(odd).startswith(b"%PDF-")


def test_blanks_and_joiners_that_scripts_need_stay_in_a_name_and_control_characters_do_not() -> None:
    name = "A\u00a0B\u200dC\u200c\x07D\u0915\u094d\u200d\u0937"
    assert printable({"name": [name]}) == {"name": ["A\u00a0B\u200dC\u200cD\u0915\u094d\u200d\u0937"]}
