"""How to read what the carrier answers to a request to send."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from khata.carriers.drivers.http.paths import TEXT_LENGTH_MAX, text_at
from khata.carriers.http_session import HttpAnswer
from khata.carriers.port import Accepted, Answer, Refused, Unavailable, Unknown
from khata.carriers.table import Table

SUCCESS_STATUSES = (200, 201, 202)
PATTERN_BYTES_MAX = 4_096
"""How much of an answer a pattern sees."""

_REF = re.compile(r"[\x21-\x7e]{1,128}")


@dataclass(frozen=True, slots=True)
class Rule:
    """Fits an answer whose JSON says all of `when`, or whose text `pattern` finds something in."""

    when: Mapping[str, str]
    """Path in the JSON → what must stand there."""
    pattern: re.Pattern[str] | None
    paths: Mapping[str, str]
    """What is of interest (id, code, detail) → its path in the JSON. In a pattern it is a group of that name."""

    @property
    def is_empty(self) -> bool:
        return not self.when and self.pattern is None

    def found_in(self, answer: HttpAnswer) -> dict[str, str] | None:
        """What is of interest, "" where it is missing; None where the rule does not fit."""
        if self.pattern is not None:
            match = self.pattern.search(answer.body[:PATTERN_BYTES_MAX].decode("utf-8", "replace"))
            return {name: text or "" for name, text in match.groupdict().items()} if match else None
        found = answer.json()
        if any(text_at(found, path) != text for path, text in self.when.items()):
            return None
        return self.read(found)

    def read(self, found: Any) -> dict[str, str]:
        return {name: text_at(found, path) for name, path in self.paths.items()}


@dataclass(frozen=True, slots=True)
class AnswerRules:
    accepted_statuses: tuple[int, ...]
    accepted: Rule
    refused: Rule
    retry_statuses: tuple[int, ...]
    """The carrier certainly did not take the message and wants it later."""
    retry_codes: tuple[str, ...]
    """Of refusals: likewise."""

    @property
    def has_own_ids(self) -> bool:
        """Whether the carrier gives an id of its own; otherwise it reports by our reference."""
        return "id" in self.accepted.paths or (
            self.accepted.pattern is not None and "id" in self.accepted.pattern.groupindex
        )


def rules_of(read: Table) -> AnswerRules:
    """Raises ValueError."""
    accepted, refused, retry = read.table("accepted"), read.table("refused"), read.table("retry")
    rules = AnswerRules(
        accepted_statuses=accepted.numbers("statuses", SUCCESS_STATUSES),
        accepted=_rule(accepted, "id"),
        refused=_rule(refused, "code", "detail"),
        retry_statuses=retry.numbers("statuses", ()),
        retry_codes=retry.texts("codes"),
    )
    retry.end()
    if rules.accepted.is_empty and not rules.has_own_ids:
        raise ValueError(f"{read.where}.accepted: say how a yes is known: by id, when or pattern")
    return rules


def answer_of(answer: HttpAnswer, rules: AnswerRules, *, reference: str) -> Answer:
    """What became of a request to send. Whatever the rules do not clearly read is `Unknown`."""
    if answer.asks_to_slow_down or answer.status in rules.retry_statuses:
        return Unavailable(f"answered {answer.status}", is_throttled=True)
    accepted = rules.accepted.found_in(answer) if answer.status in rules.accepted_statuses else None
    if accepted is not None and (not rules.has_own_ids or accepted.get("id")):
        return _accepted(accepted["id"] if rules.has_own_ids else reference)
    refused = None if rules.refused.is_empty else rules.refused.found_in(answer)
    # However it is worded: who is not let in is told nothing about the message.
    if refused is not None and answer.status != HTTPStatus.UNAUTHORIZED:
        return _refused(refused, answer, rules)
    if answer.is_success or answer.is_doubtful:
        return Unknown(f"answered {answer.status}, and not in a way that tells what became of the message")
    if answer.is_about_access:
        return Unavailable(f"answered {answer.status}: its address or our credentials are wrong")
    return _refused(rules.refused.read(answer.json()), answer, rules)


def _accepted(ref: str) -> Answer:
    if not _REF.fullmatch(ref):
        return Unknown("took the message under an id that cannot be used")
    return Accepted(ref)


def _refused(told: Mapping[str, str], answer: HttpAnswer, rules: AnswerRules) -> Answer:
    code = told.get("code", "")[:TEXT_LENGTH_MAX] or f"http_{answer.status}"
    detail = told.get("detail", "")[:TEXT_LENGTH_MAX] or "The carrier gave no reason."
    if code in rules.retry_codes:
        return Unavailable(f"{code}: {detail}", is_throttled=True)
    return Refused(code, detail)


def _rule(read: Table, *names: str) -> Rule:
    paths = {name: read.text(name) for name in names if name in read}
    rule = Rule(read.texts_by_name("when"), _pattern(read), paths)
    read.end()
    if rule.pattern is not None and (rule.when or rule.paths):
        raise ValueError(f"{read.where}: pattern stands alone; what is of interest are its groups {', '.join(names)}")
    if rule.pattern is not None and (strange := set(rule.pattern.groupindex) - set(names)):
        raise ValueError(f"{read.where}: pattern has the group {', '.join(sorted(strange))}, but of use are {names}")
    return rule


def _pattern(read: Table) -> re.Pattern[str] | None:
    if "pattern" not in read:
        return None
    try:
        return re.compile(read.text("pattern"))
    except re.error as error:
        raise ValueError(f"{read.where}: pattern is no regular expression: {error}") from None
