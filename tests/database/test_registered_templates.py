"""Registered templates: whoever checks is told before a carrier is, and what goes out shows its registration."""

import uuid
from collections.abc import Callable
from datetime import UTC, time, timedelta

import pytest

from khata.carriers.port import Accepted, Receipt, ReceiptState
from khata.kernel.clock import utc_now
from khata.ledger.queries import balance
from khata.messaging import queries
from khata.messaging.core.hand_over import decide_hand_over
from khata.messaging.core.life import MessageStatus
from khata.messaging.core.send_window import IST
from khata.messaging.hand_over_rows import ClaimedMessage
from khata.messaging.models import Message
from khata.messaging.operations import (
    Acceptance,
    Handed,
    SendRequest,
    SentMessage,
    TemplateNotMatched,
    TemplateToAdd,
    accept_batch,
    add_template,
    change_registration,
    retire_template,
    send_message,
    settle_news,
)
from khata.tenancy.models import Organisation
from khata.tenancy.operations import allow_countries
from tests.conftest import World
from tests.leases import claim_all
from tests.templates import ENTITY, OTP, SALE, register, template_id

GiveCredits = Callable[[int, int], None]
TO = "+919812345678"
CODE = "481516 is your code for ACME"
SALE_TEXT = "Sale at ACME today"


@pytest.fixture
def registered(organisation: Organisation, give_credits: GiveCredits) -> int:
    """ACME with 10 credits, two templates and checks switched on."""
    give_credits(organisation.id, 10)
    register(organisation.id)
    return organisation.id


def all_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("khata.messaging.core.send_window.SendWindow.is_open", lambda *_: True)


def never(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("khata.messaging.core.send_window.SendWindow.is_open", lambda *_: False)


def send(organisation_id: int, body: str, sender: str | None = None, template: str | None = None) -> SentMessage:
    request = SendRequest(TO, body, sender, template=template)
    return send_message(organisation_id=organisation_id, request=request)


def refused(organisation_id: int, request: SendRequest) -> tuple[str, str]:
    """The field at fault and its code; nothing was held for it."""
    before = balance(organisation_id=organisation_id)
    with pytest.raises(TemplateNotMatched) as refusal:
        send_message(organisation_id=organisation_id, request=request)
    assert balance(organisation_id=organisation_id) == before
    (problem,) = refusal.value.extra["errors"]
    return problem["field"], problem["code"]


def row(sent: SentMessage) -> Message:
    return Message.objects.get(id=sent.id)


def claim_of(organisation_id: int) -> list[ClaimedMessage]:
    return [message for message in claim_all() if message.organisation_id == organisation_id]


def test_a_text_that_matches_goes_by_its_template_and_its_sender(registered: int) -> None:
    message = row(send(registered, CODE))
    assert (message.template_id, message.sender) == (template_id(registered, OTP.template_ref), "ACMEIN")


def test_a_text_that_matches_nothing_is_refused_before_anything_is_held(registered: int) -> None:
    assert refused(registered, SendRequest(TO, "Your code is 481516")) == ("body", "text_differs")
    assert refused(registered, SendRequest(TO, "x is your code for ACME")) == ("body", "variable_unfit")
    assert refused(registered, SendRequest(TO, CODE, "KHATA")) == ("from", "sender_not_registered")
    assert refused(registered, SendRequest(TO, SALE_TEXT, "ACMEIN")) == ("body", "text_differs")


def test_the_nearest_template_is_named(registered: int) -> None:
    with pytest.raises(TemplateNotMatched, match=f"Nearest is template {OTP.template_ref}. Variable 1"):
        send(registered, "x is your code for ACME")


def test_a_named_template_must_be_there_and_match(registered: int) -> None:
    assert row(send(registered, CODE, template=OTP.template_ref)).sender == "ACMEIN"
    assert refused(registered, SendRequest(TO, CODE, template="1")) == ("template", "unknown_template")
    assert refused(registered, SendRequest(TO, CODE, template=SALE.template_ref)) == ("body", "text_differs")


def test_other_countries_have_no_register(registered: int) -> None:
    allow_countries(organisation_id=registered, regions=["US"])
    sent = send_message(organisation_id=registered, request=SendRequest("+14155550123", "Anything"))
    assert row(sent).template_id is None


def test_where_checks_are_off_only_a_named_template_is_looked_for(registered: int) -> None:
    change_registration(organisation_id=registered, entity_ref=ENTITY, is_checked=False)
    plain = row(send(registered, CODE))
    assert (plain.template_id, plain.sender) == (None, "KHATA")
    assert row(send(registered, CODE, template=OTP.template_ref)).template_id is not None


def test_who_has_registered_nothing_can_name_no_template(world: World, give_credits: GiveCredits) -> None:
    give_credits(world.chens_organisation.id, 10)
    chens = world.chens_organisation.id
    assert row(send(chens, "Anything")).template_id is None
    assert refused(chens, SendRequest(TO, CODE, template=OTP.template_ref)) == ("template", "unknown_template")


def test_each_message_of_a_batch_is_answered_on_its_own(registered: int, world: World) -> None:
    requests = [SendRequest(TO, CODE), SendRequest(TO, "Hello"), SendRequest(TO, SALE_TEXT), SendRequest(TO, "Hello")]
    answers = accept_batch([Acceptance(request, registered) for request in requests])
    assert [isinstance(answer, TemplateNotMatched) for answer in answers] == [False, True, False, True]


def test_a_retired_template_matches_no_more_and_its_number_may_be_used_again(registered: int) -> None:
    first = template_id(registered, OTP.template_ref)
    retire_template(organisation_id=registered, template_id=first)
    assert refused(registered, SendRequest(TO, CODE)) == ("body", "text_differs")
    again = add_template(organisation_id=registered, template=OTP)
    assert row(send(registered, CODE)).template_id == again != first


def test_a_template_added_is_in_force_with_the_next_message(registered: int) -> None:
    assert refused(registered, SendRequest(TO, "Namaste Asha"))[0] == "body"
    greeting = TemplateToAdd("1107161234567890003", "Greeting", "ACMEIN", "transactional", "Namaste {#var#}")
    add_template(organisation_id=registered, template=greeting)
    assert row(send(registered, "Namaste Asha")).template_id is not None


def test_a_message_by_a_template_shows_its_registration_to_the_carrier(
    registered: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "django.conf.settings.KHATA_DLT_TELEMARKETERS", ("1101172974420820002", "1101172974420830004"), raising=False
    )
    send(registered, CODE)
    (claimed,) = claim_of(registered)
    assert claimed.dlt is not None
    assert (claimed.dlt.entity_id, claimed.dlt.template_id) == (ENTITY, OTP.template_ref)
    assert claimed.dlt.chain == (ENTITY, "1101172974420820002", "1101172974420830004")


def test_a_chain_is_shown_only_where_its_telemarketers_are_known(registered: int) -> None:
    send(registered, CODE)
    (claimed,) = claim_of(registered)
    assert claimed.dlt is not None
    assert (claimed.dlt.entity_id, claimed.dlt.chain) == (ENTITY, ())


def test_a_message_by_no_template_shows_none(registered: int) -> None:
    change_registration(organisation_id=registered, entity_ref=ENTITY, is_checked=False)
    send(registered, "Anything")
    (claimed,) = claim_of(registered)
    assert claimed.dlt is None


def test_a_template_retired_since_is_still_shown(registered: int) -> None:
    send(registered, CODE)
    retire_template(organisation_id=registered, template_id=template_id(registered, OTP.template_ref))
    (claimed,) = claim_of(registered)
    assert claimed.dlt is not None


def test_a_promotional_message_waits_for_its_hours_and_says_so(
    registered: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    never(monkeypatch)
    sent = send(registered, SALE_TEXT)
    due_at = row(sent).due_at.astimezone(IST)
    assert due_at.time() == time(10)
    assert sent.accepted_at < due_at <= sent.accepted_at + timedelta(days=1)
    assert claim_of(registered) == []
    found = queries.message(organisation_id=registered, message_id=sent.id)
    assert found.waits_for == due_at
    assert [step.event for step in found.timeline] == ["accepted", "credits_held", "waiting"]
    assert found.timeline[-1].detail == "for 10:00 IST"


def test_other_messages_do_not_wait(registered: int, monkeypatch: pytest.MonkeyPatch) -> None:
    never(monkeypatch)
    sent = send(registered, CODE)
    assert row(sent).due_at == row(sent).accepted_at
    assert [message.id for message in claim_of(registered)] == [sent.id]


def test_a_message_whose_hours_ended_before_it_went_waits_again(
    registered: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_day(monkeypatch)
    late, other = send(registered, SALE_TEXT), send(registered, CODE)
    never(monkeypatch)
    assert [message.id for message in claim_of(registered)] == [other.id]
    waiting = row(late)
    assert (waiting.status, waiting.lease_token) == (MessageStatus.ACCEPTED, None)
    assert waiting.due_at.astimezone(IST).time() == time(10)
    assert queries.message(organisation_id=registered, message_id=late.id).waits_for == waiting.due_at
    all_day(monkeypatch)
    Message.objects.filter(id=late.id).update(due_at=waiting.accepted_at)
    (claimed,) = claim_of(registered)
    assert (claimed.id, claimed.lease_token is not None) == (late.id, True)


def test_what_the_register_refuses_is_told_in_words(registered: int) -> None:
    sent = send(registered, CODE)
    (claimed,) = claim_of(registered)
    ref = uuid.uuid4().hex
    settle_news([Handed(claimed, "smpp", decide_hand_over([Accepted(ref)], 1))])
    settle_news([Receipt("smpp", ref, ReceiptState.UNDELIVERED, "633", "err:633", utc_now())])
    found = queries.message(organisation_id=registered, message_id=sent.id)
    assert (found.error_code, found.error_detail) == ("633", "The text does not match the registered template.")


def test_hours_come_from_the_settings(registered: int, monkeypatch: pytest.MonkeyPatch) -> None:
    never(monkeypatch)
    monkeypatch.setattr("django.conf.settings.KHATA_DLT_SEND_WINDOW", "09:30-20:45", raising=False)
    sent = send(registered, SALE_TEXT)
    assert row(sent).due_at.astimezone(UTC).time() == time(4)
