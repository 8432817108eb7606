"""The Alerts page, the one-tap link, and what Dashboard and header say of low credits."""

from collections.abc import Callable

import pytest
from django.test import Client

from khata.kernel.credits import MICRO_PER_CREDIT
from khata.notices import queries
from khata.notices.core.kinds import NoticeKind
from khata.notices.one_tap import OneTap, one_tap_address
from khata.notices.operations import change_alert_settings
from khata.notices.operations.mails import Letter, make_notice
from khata.notices.queries import AlertSettingsRow
from khata.tenancy.models import Organisation
from tests.doors.console.reading import main_text, page_of, text_of, value_of

Give = Callable[[int, int], None]
PAGE = "/billing/alerts/"


def settings_of(organisation: Organisation) -> AlertSettingsRow:
    return queries.alert_settings(organisation_id=organisation.id)


def path_of(address: str) -> str:
    return "/" + address.split("/", 3)[3]


def test_alerts_are_on_and_automatic_until_somebody_chooses(client: Client) -> None:
    page = page_of(client.get(PAGE))
    switch = page.select_one('main [name="is_enabled"]')
    assert switch is not None
    assert switch.has_attr("checked")
    assert value_of(client.get(PAGE), "level") == ""
    assert "500 credits" in main_text(client.get(PAGE))


def test_what_is_chosen_is_kept_and_shown(client: Client, organisation: Organisation) -> None:
    answer = client.post(
        PAGE, {"is_enabled": "on", "level": "1,000", "emails": "accounts@example.com, boss@example.com"}
    )
    assert answer["Location"] == PAGE
    chosen = AlertSettingsRow(True, 1_000 * MICRO_PER_CREDIT, ("accounts@example.com", "boss@example.com"))
    assert settings_of(organisation) == chosen
    answer = client.get(PAGE)
    assert "Alerts saved." in main_text(answer)
    assert value_of(answer, "level") == "1,000"
    assert value_of(answer, "emails").split() == ["accounts@example.com", "boss@example.com"]
    assert "1,000 credits" in main_text(answer)


def test_an_alert_can_be_switched_off(client: Client, organisation: Organisation) -> None:
    client.post(PAGE, {"level": "", "emails": ""})
    assert settings_of(organisation) == AlertSettingsRow(False, None, ())


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("level", "many", "Enter whole credits"),
        ("level", "-5", "Enter whole credits"),
        ("level", "1.5", "Enter whole credits"),
        ("level", "१००", "Enter whole credits"),
        ("level", "9" * 13, "Enter whole credits"),
        ("level", "0", "Choose 1 credit or more"),
        ("level", "999999999999", "Choose 1 credit or more"),
        ("emails", "accounts", "“accounts” is not an e-mail address."),
        ("emails", "a@example.com\nb@exa mple.com", "“b@exa mple.com” is not an e-mail address."),
        ("emails", "\n".join(f"a{n}@example.com" for n in range(11)), "Name at most 10 addresses."),
        ("emails", "a@example.com\nBcc: evil", "is not an e-mail address."),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field_and_kept(
    client: Client, organisation: Organisation, field: str, typed: str, words: str
) -> None:
    answer = client.post(PAGE, {"is_enabled": "on", "level": "", "emails": "", field: typed})
    assert answer.status_code == 422
    error = page_of(answer).find(id=f"id_{field}-error")
    assert error is not None
    assert words in error.get_text()
    assert value_of(answer, field) == typed
    assert settings_of(organisation) == AlertSettingsRow()


def test_a_member_sees_alerts_and_cannot_change_them(bilals_client: Client, organisation: Organisation) -> None:
    page = page_of(bilals_client.get(PAGE))
    save = page.find("button", string="Save")
    assert save is not None
    assert save.has_attr("disabled")
    assert bilals_client.post(PAGE, {"level": "5"}).status_code == 403
    assert settings_of(organisation) == AlertSettingsRow()


def test_another_organisations_settings_stay_theirs(chens_client: Client, organisation: Organisation) -> None:
    chens_client.post(PAGE, {"level": "5"})
    assert settings_of(organisation) == AlertSettingsRow()


def test_the_list_is_empty_filled_or_filtered_to_nothing(
    client: Client, chens_client: Client, organisation: Organisation
) -> None:
    assert "Nothing yet." in main_text(client.get(PAGE))
    make_notice(organisation_id=organisation.id, kind=NoticeKind.LOW, letter=Letter("Credits low: 7 left", "…"))
    filled = main_text(client.get(PAGE))
    assert "Credits low: 7 left" in filled
    assert "Being sent" in filled
    assert "Credits low: 7 left" in main_text(client.get(f"{PAGE}?kind=low"))
    nothing = main_text(client.get(f"{PAGE}?kind=empty"))
    assert "No notices of this kind." in nothing
    assert "Clear filters" in nothing
    assert "Credits low: 7 left" not in main_text(chens_client.get(PAGE))


def test_a_filter_or_place_that_is_none_shows_the_first_page(client: Client, organisation: Organisation) -> None:
    make_notice(organisation_id=organisation.id, kind=NoticeKind.LOW, letter=Letter("Credits low: 7 left", "…"))
    assert "Credits low: 7 left" in main_text(client.get(f"{PAGE}?kind=nonsense&before=nonsense"))


def test_older_notices_are_a_page_away(client: Client, organisation: Organisation) -> None:
    for number in range(26):
        letter = Letter(f"Credits low: notice {number}.", "…")
        make_notice(organisation_id=organisation.id, kind=NoticeKind.LOW, letter=letter)
    first = client.get(PAGE)
    assert "notice 0." not in main_text(first)
    older = page_of(first).find("a", rel="next")
    assert older is not None
    second = client.get(PAGE + str(older["href"]))
    assert "notice 0." in main_text(second)
    assert "Newer" in main_text(second)


def test_a_one_tap_link_opens_add_credits_with_its_amount(client: Client, organisation: Organisation) -> None:
    answer = client.get(path_of(one_tap_address(OneTap(organisation.id, 250_050))), follow=True)
    assert answer.redirect_chain[-1][0] == "/billing/add-credits/?amount=2500.50"
    assert value_of(answer, "amount") == "2500.50"


def test_a_one_tap_link_logs_nobody_in(anonymous: Client, organisation: Organisation) -> None:
    path = path_of(one_tap_address(OneTap(organisation.id, 100_000)))
    answer = anonymous.get(path)
    assert answer["Location"].startswith("/accounts/login/?next=/billing/one-tap/%3Flink%3D")
    assert "_auth_user_id" not in anonymous.session


def test_a_one_tap_link_of_another_organisation_fills_in_nothing_and_says_so(
    chens_client: Client, organisation: Organisation
) -> None:
    answer = chens_client.get(path_of(one_tap_address(OneTap(organisation.id, 777_700))), follow=True)
    assert "This link is for another organisation. Here you add credits to Other Ltd." in main_text(answer)
    assert value_of(answer, "amount") == "1000"


@pytest.mark.parametrize("link", ["", "nonsense", "WyJvcmciLDFd:1:x"])
def test_a_one_tap_link_that_is_none_leads_to_add_credits_and_says_so(client: Client, link: str) -> None:
    answer = client.get("/billing/one-tap/", {"link": link}, follow=True)
    assert "This link is no longer good." in main_text(answer)
    assert value_of(answer, "amount") == "1000"


def test_the_level_the_owner_chose_is_the_headers_too(
    client: Client, organisation: Organisation, give_credits: Give
) -> None:
    give_credits(organisation.id, 800)
    assert "Low" not in text_of(client.get("/balance/"))
    change_alert_settings(
        organisation_id=organisation.id, is_enabled=True, level_credits_micro=801 * MICRO_PER_CREDIT, emails=[]
    )
    assert "Low" in text_of(client.get("/balance/"))


def test_the_dashboard_says_that_credits_are_low(
    client: Client, organisation: Organisation, give_credits: Give
) -> None:
    give_credits(organisation.id, 499)
    assert "Credits are low: 499 left. At 0 sending stops." in main_text(client.get("/"))
    give_credits(organisation.id, 1)
    assert "Credits are low" not in main_text(client.get("/"))


def test_the_first_steps_show_the_alert(client: Client) -> None:
    assert "1 of 4 done" in main_text(client.get("/"))
    client.post(PAGE, {"level": ""})
    shown = main_text(client.get("/"))
    assert "0 of 4 done" in shown
    assert "Off: nobody is told before credits run out." in shown
