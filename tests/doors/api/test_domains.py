"""`/v1/domains`: added, checked, removed; DNS itself is a small server of the test's own."""

import socket
from collections.abc import Iterator
from threading import Thread
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from khata.mail import resolving
from khata.mail.configuration import MailConfiguration

from .program import Program


class Dns:
    """Answers TXT questions from `texts`; what begins with "!" in them is an answer of another kind."""

    def __init__(self) -> None:
        self.texts: dict[str, list[str]] = {}
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        self.thread = Thread(target=self._serve)
        self.thread.start()

    def publish(self, records: list[dict[str, Any]]) -> None:
        for record in records:
            self.texts.setdefault(record["name"], []).append(record["value"])

    def close(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ending:
            ending.sendto(b"end", ("127.0.0.1", self.port))
        self.thread.join()
        self.socket.close()

    def _serve(self) -> None:
        while True:
            octets, asker = self.socket.recvfrom(4_096)
            if octets == b"end":
                return
            self.socket.sendto(self._answer(dns.message.from_wire(octets)).to_wire(), asker)

    def _answer(self, query: dns.message.Message) -> dns.message.Message:
        answer = dns.message.make_response(query)
        [question] = query.question
        texts = self.texts.get(question.name.to_text(omit_final_dot=True), [])
        if texts == ["!"]:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif not texts:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        else:
            # As DNS has long texts: in strings of at most 255.
            cut = [" ".join(f'"{text[at : at + 200]}"' for at in range(0, len(text), 200)) for text in texts]
            answer.answer.append(dns.rrset.from_text_list(question.name, 1, "IN", "TXT", cut))
        return answer


@pytest.fixture
def dns_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Dns]:
    server = Dns()
    configured = MailConfiguration("http://localhost:8000", "", (f"127.0.0.1:{server.port}",))
    monkeypatch.setattr(resolving, "mail_configuration", lambda: configured)
    yield server
    server.close()


def add(program: Program, name: str) -> dict[str, Any]:
    answer = program.post("/v1/domains", {"name": name})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/v1/domains/{made['id']}"
    return made


def check(program: Program, domain: dict[str, Any]) -> dict[str, Any]:
    checked: dict[str, Any] = program.post(f"/v1/domains/{domain['id']}/check", {}).json()
    return checked


def states(domain: dict[str, Any]) -> list[str | None]:
    return [record["state"] for record in domain["records"]]


def test_a_domain_whose_records_are_published_is_verified(program: Program, dns_server: Dns) -> None:
    made = add(program, "Shop.Example.com")
    assert (made["name"], made["verified_at"], states(made)) == ("shop.example.com", None, [None] * 3)
    dns_server.publish(made["records"])
    checked = check(program, made)
    assert states(checked) == ["found"] * 3
    assert checked["verified_at"] == checked["checked_at"]
    assert program.get("/v1/domains").json()["data"] == [checked]


def test_without_its_key_a_domain_is_not_verified(program: Program, dns_server: Dns) -> None:
    made = add(program, "shop.example.com")
    dns_server.publish(made["records"][1:])
    checked = check(program, made)
    assert (states(checked), checked["verified_at"]) == (["missing", "found", "found"], None)


def test_a_domain_that_loses_its_key_is_not_verified_any_more(program: Program, dns_server: Dns) -> None:
    made = add(program, "shop.example.com")
    dns_server.publish(made["records"])
    check(program, made)
    dns_server.texts[made["records"][0]["name"]] = ["v=DKIM1; k=rsa; p="]
    checked = check(program, made)
    assert (states(checked)[0], checked["verified_at"]) == ("wrong", None)


def test_while_dns_does_not_answer_a_domain_stays_verified(program: Program, dns_server: Dns) -> None:
    made = add(program, "shop.example.com")
    dns_server.publish(made["records"])
    check(program, made)
    dns_server.texts[made["records"][0]["name"]] = ["!"]
    checked = check(program, made)
    assert states(checked)[0] == "unknown"
    assert checked["verified_at"] is not None


def test_each_organisation_has_a_key_of_its_own_for_the_same_domain(program: Program, chens_program: Program) -> None:
    ours, theirs = (add(each, "shop.example.com")["records"][0] for each in (program, chens_program))
    assert ours["name"] != theirs["name"]
    assert ours["value"] != theirs["value"]


def test_a_domain_is_added_once(program: Program) -> None:
    add(program, "shop.example.com")
    program.refused("POST", 409, "domain_exists", "/v1/domains", content={"name": "SHOP.example.com"})


@pytest.mark.parametrize("name", ["", "shop", "1.2.3.4", "shop..com", "-a.example", "a@b.example", "a b.example"])
def test_what_is_no_domain_is_refused(program: Program, name: str) -> None:
    program.refused("POST", 422, "invalid_request", "/v1/domains", content={"name": name})


def test_a_removed_domain_is_gone_and_another_organisations_was_never_there(
    program: Program, chens_program: Program
) -> None:
    made = add(program, "shop.example.com")
    path = f"/v1/domains/{made['id']}"
    for method, address in (("GET", path), ("DELETE", path)):
        assert chens_program.call(method, address).status_code == 404
    assert chens_program.post(f"{path}/check", {}).status_code == 404
    assert program.call("DELETE", path).json()["name"] == "shop.example.com"
    assert program.get(path).status_code == 404
