"""What of an e-mail reaches a mail service, whichever it is, and what is refused before one is asked."""

import json
import logging
import re
import tomllib
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from khata.carriers.drivers.anymail import AnymailCarrier, settings_of
from khata.carriers.drivers.anymail.mail_services import MAIL_SERVICES
from khata.carriers.port import Accepted, Refused, Submission, Unknown
from khata.mail.core.composing import Attachment
from tests.drivers.payments.scripted_server import ScriptedServer, replies
from tests.house.project import ROOT

from .bench import Behaviour, letter_to, mail_submission, submissions
from .contract import store_nothing
from .far_server import Asked, Told, serving
from .mail_services import (
    ASHA,
    MAILGUN,
    POSTMARK,
    PUBLIC_URL,
    WEBHOOK_SECRET,
    Mailgun,
    Postmark,
    postmark_yes,
    table_of,
)
from .test_anymail_contract import bench_of, carrier_at

pytestmark = pytest.mark.anyio

GUIDE = (ROOT / "docs/guide/email.md").read_text()
UNSUBSCRIBE_URL = "https://credits.example/unsubscribe/" + "c" * 56
SUBJECT = "Ihre Bestellung – आपका ऑर्डर, with a subject that is longer than one line of a header may well be"
TEXT = "Grüße: नमस्ते\nLine two"
HTML = "<p>It is on its way: ✓</p>"
PDF = bytes(range(256))
LETTER = letter_to(ASHA, TEXT)._replace(
    subject=SUBJECT,
    html=HTML,
    attachments=(
        Attachment("Rechnung März.pdf", "application/pdf", PDF),
        Attachment("list.csv", "text/csv", "a;b\nक;ख\n".encode()),
    ),
    unsubscribe_url=UNSUBSCRIBE_URL,
)


async def hand_over(carrier: AnymailCarrier, submission: Submission) -> Any:
    await carrier.start(store_nothing)
    answer = await carrier.submit(submission)
    await carrier.close()
    return answer


async def test_postmark_gets_every_part_of_a_mail() -> None:
    async with bench_of(Postmark, POSTMARK) as bench:
        submission = mail_submission(LETTER)
        answer = await bench.carrier.submit(submission)
        [taken] = bench.far_end.taken
    assert answer == Accepted(taken.id)
    assert submission.mail is not None
    told = taken.told
    assert told["From"] == '"ACME, Shop" <orders@acme.example>'
    assert (told["To"], told["Subject"]) == (ASHA, SUBJECT)
    assert (told["TextBody"], told["HtmlBody"]) == (TEXT + "\n", HTML + "\n")
    assert told["Metadata"] == {"khata": submission.mail.ref}
    assert {header["Name"]: header["Value"] for header in told["Headers"]} == {
        "List-Unsubscribe": f"<{UNSUBSCRIBE_URL}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    pdf, csv = told["Attachments"]
    assert (pdf["Name"], pdf["ContentType"]) == ("Rechnung März.pdf", "application/pdf")
    assert (csv["Name"], csv["ContentType"]) == ("list.csv", 'text/csv; charset="utf-8"')


async def test_mailgun_gets_a_form_with_the_reference_among_its_variables() -> None:
    async with bench_of(Mailgun, MAILGUN) as bench:
        submission = mail_submission(LETTER._replace(attachments=()))
        assert isinstance(await bench.carrier.submit(submission), Accepted)
        told = bench.far_end.taken[0].told
    assert submission.mail is not None
    assert told["v:khata"] == submission.mail.ref
    assert told["h:List-Unsubscribe"] == f"<{UNSUBSCRIBE_URL}>"
    assert (told["subject"], told["text"], told["html"]) == (SUBJECT, TEXT + "\n", HTML + "\n")


@pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailNotSupportedWarning")
@pytest.mark.parametrize("service", MAIL_SERVICES)
async def test_every_mail_service_is_told_the_mail_once_with_its_reference(service: str) -> None:
    asked: list[Asked] = []

    def refuse(request: Asked) -> Told:
        asked.append(request)
        return Told(400, b'{"message": "no"}')

    submission = mail_submission(LETTER)
    assert submission.mail is not None
    with serving(refuse) as url:
        settings = settings_of("post", table_of(service, url), is_sandbox=True)
        answer = await hand_over(AnymailCarrier(settings), submission)
    assert answer == Refused("http_400", 'Answered 400: {"message": "no"}')
    [request] = asked
    assert submission.mail.ref.encode() in request.body
    assert ASHA.encode() in request.body
    assert b"unsubscribe/ccc" in request.body
    assert b"DKIM" not in request.body, "a signature over other octets would only harm"


async def test_the_sender_of_the_route_does_not_matter_but_the_composed_one() -> None:
    async with bench_of(Postmark, POSTMARK) as bench:
        await bench.carrier.submit(mail_submission(LETTER)._replace(sender="somebody@else.example"))
        assert bench.far_end.taken[0].told["From"].endswith("<orders@acme.example>")


async def test_a_refusal_names_what_the_mail_service_says() -> None:
    async with bench_of(Postmark, POSTMARK) as bench:
        [submission] = submissions(bench.carrier, "hello", bench.numbers[Behaviour.REFUSES])
        answer = await bench.carrier.submit(submission)
    assert isinstance(answer, Refused)
    assert answer.code == "recipient_refused"
    assert "Invalid 'To' address" in answer.detail


async def test_a_yes_for_an_address_that_was_held_back_is_a_no() -> None:
    message = "Message OK, but will not deliver to these inactive addresses: asha@example.org. Inactive recipients are"
    with ScriptedServer() as server:
        server.on("POST", "/email", replies(200, {"To": ASHA, "MessageID": "1", "ErrorCode": 0, "Message": message}))
        answer = await hand_over(carrier_at(server.url, POSTMARK), mail_submission(LETTER))
    assert isinstance(answer, Refused)


@pytest.mark.parametrize("id_", ["x" * 256, "a b", "a\0", "é"])
async def test_a_yes_under_an_id_that_cannot_be_kept_leaves_it_in_doubt(id_: str) -> None:
    with ScriptedServer() as server:
        server.on("POST", "/email", replies(200, postmark_yes(id_, ASHA)))
        assert isinstance(await hand_over(carrier_at(server.url, POSTMARK), mail_submission(LETTER)), Unknown)


async def test_a_yes_without_an_id_is_kept_under_our_reference() -> None:
    submission = mail_submission(LETTER)
    assert submission.mail is not None
    with ScriptedServer() as server:
        server.on("POST", "/email", replies(200, postmark_yes("", ASHA)))
        answer = await hand_over(carrier_at(server.url, POSTMARK), submission)
    assert answer == Accepted(submission.mail.ref)


async def test_an_answer_in_chunks_is_read_whole() -> None:
    def in_chunks(handler: BaseHTTPRequestHandler) -> None:
        content = json.dumps(postmark_yes("the-id", ASHA)).encode()
        handler.send_response(200)
        handler.send_header("transfer-encoding", "chunked")
        handler.end_headers()
        for chunk in (content[:9], content[9:], b""):
            handler.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))

    with ScriptedServer() as server:
        server.on("POST", "/email", in_chunks)
        assert await hand_over(carrier_at(server.url, POSTMARK), mail_submission(LETTER)) == Accepted("the-id")


async def test_an_sms_is_refused() -> None:
    with ScriptedServer() as server:
        answer = await hand_over(carrier_at(server.url, POSTMARK), mail_submission(LETTER)._replace(mail=None))
        assert server.requests == []
    assert isinstance(answer, Refused)


async def test_credentials_stand_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), ScriptedServer() as server:
        server.on("POST", "/email", replies(200, b"null"))
        await hand_over(carrier_at(server.url, POSTMARK), mail_submission(LETTER))
    assert "TypeError" in caplog.text
    assert POSTMARK["server_token"] not in caplog.text


@pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailNotSupportedWarning")
@pytest.mark.parametrize("service", MAIL_SERVICES)
def test_every_key_a_mail_service_needs_is_asked_for(service: str) -> None:
    table = table_of(service, "https://api.example")
    assert PUBLIC_URL not in repr(settings_of("post", table, is_sandbox=False))
    for key in table.keys() - {"provider", "public_url", "api_url"}:
        with pytest.raises(ValueError, match=f"post: {key} must be a text"):
            settings_of("post", {name: value for name, value in table.items() if name != key}, is_sandbox=False)


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"provider": "pigeon"}, "provider is one of brevo, .*, not “pigeon”"),
        (POSTMARK | {"colour": "red"}, "unknown: colour"),
        (POSTMARK | {"webhook_secret": "no-user-name"}, "webhook secret is user:password"),
        (POSTMARK | {"webhook_secret": "khata:short"}, "webhook secret is user:password"),
        (POSTMARK | {"api_url": "http://api.postmark.example"}, "must begin with https://"),
        (MAILGUN | {"webhook_secret": WEBHOOK_SECRET}, "unknown: webhook_secret"),
        ({"provider": "postal", "api_key": "k", "webhook_key": "k"}, "api_url must say where postal is"),
    ],
)
def test_settings_that_cannot_work_are_refused(table: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        settings_of("post", {"public_url": PUBLIC_URL, **table}, is_sandbox=False)


def test_the_account_of_the_guide_is_one() -> None:
    [table] = [block for block in re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL) if "provider" in block]
    [carrier] = tomllib.loads(table)["carriers"]
    secrets = {"server_token": "any-key", "webhook_secret": WEBHOOK_SECRET}
    told = {key: value for key, value in carrier.items() if key not in ("name", "driver") and not key.endswith("_env")}
    assert {key.removesuffix("_env") for key in carrier if key.endswith("_env")} == set(secrets)
    assert settings_of("post", {"public_url": PUBLIC_URL, **told, **secrets}, is_sandbox=False).service == "postmark"


def test_the_guide_names_every_service_with_its_keys() -> None:
    rows = {name: set(re.findall(r"`(\w+)`", rest)) for name, rest in re.findall(r"^\| `(\w+)` (\|.*)$", GUIDE, re.M)}
    for name, service in MAIL_SERVICES.items():
        signed_by = {service.signed_by or "webhook_secret"} - set(service.required)
        address = set() if service.has_own_address else {"api_url"}
        assert rows[name] == {f"{key}_env" for key in {*service.required, *signed_by}} | {*service.optional, *address}


def test_a_sandbox_never_reaches_the_real_mail_service_by_leaving_something_out() -> None:
    with pytest.raises(ValueError, match="api_url must say where postmark is"):
        settings_of("post", {"public_url": PUBLIC_URL, **POSTMARK}, is_sandbox=True)


def test_settings_show_no_secret() -> None:
    settings = settings_of("post", {"public_url": PUBLIC_URL, **POSTMARK}, is_sandbox=False)
    assert not {secret for secret in POSTMARK.values() if secret in json.dumps(repr(settings))} - {"postmark"}
