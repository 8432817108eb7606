"""A request to send, checked and priced: nothing here has touched the ledger yet."""

import re
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from khata.kernel.errors import FieldProblem, field_problem
from khata.messaging.core.recipients import INDIA, NotReachable, e164
from khata.messaging.core.segmentation import Segmentation, segment

BODY_LENGTH_MAX = 1_600
REFERENCE_LENGTH_MAX = 128
METADATA_COUNT_MAX = 20
METADATA_LENGTH_MAX = 256
SENDER_DEFAULT = "KHATA"

_SENDER = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9][A-Za-z0-9 _.\-]{0,10}|\+?[0-9]{3,15}", re.ASCII)
# Line breaks and tabs are text; other control characters (NUL above all) are not.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")


class SmsDraft(NamedTuple):
    recipient: str
    sender: str
    body: str
    segmentation: Segmentation
    reference: str | None
    metadata: Mapping[str, str] | None
    channel: Literal["sms"] = "sms"

    @property
    def encoding(self) -> str:
        return self.segmentation.encoding

    @property
    def segment_count(self) -> int:
        return self.segmentation.segment_count


def check_sms(
    *,
    recipient: str,
    body: str,
    sender: str | None,
    reference: str | None,
    metadata: Mapping[str, Any] | None,
    home: str = INDIA,
) -> SmsDraft | list[FieldProblem]:
    """The draft, or everything that is wrong with the request."""
    problems: list[FieldProblem] = []
    number = _checked_recipient(recipient, home, problems)
    segmentation = _checked_body(body, problems)
    if sender is not None and not _SENDER.fullmatch(sender):
        problems.append(
            field_problem("from", "invalid_sender", "A sender is 1 to 11 letters and digits, or a telephone number.")
        )
    check_extras(reference, metadata, problems)
    if problems or segmentation is None:
        return problems
    return SmsDraft(number, SENDER_DEFAULT if sender is None else sender, body, segmentation, reference, metadata)


def check_extras(reference: str | None, metadata: Mapping[str, Any] | None, problems: list[FieldProblem]) -> None:
    """What any message may carry for its sender's own use."""
    if reference is not None and (not 0 < len(reference) <= REFERENCE_LENGTH_MAX or CONTROL.search(reference)):
        detail = f"A reference is 1 to {REFERENCE_LENGTH_MAX} characters, none of them a control character."
        problems.append(field_problem("reference", "invalid", detail))
    _check_metadata(metadata, problems)


def _checked_recipient(text: str, home: str, problems: list[FieldProblem]) -> str:
    try:
        return e164(text, home)
    except NotReachable as error:
        problems.append(field_problem("to", "invalid_recipient", str(error)))
        return ""


def _checked_body(body: str, problems: list[FieldProblem]) -> Segmentation | None:
    if not body.strip():
        problems.append(field_problem("body", "required", "Please write a message."))
        return None
    if len(body) > BODY_LENGTH_MAX:
        problems.append(field_problem("body", "too_long", f"A message has at most {BODY_LENGTH_MAX:,} characters."))
        return None
    if CONTROL.search(body):
        problems.append(field_problem("body", "control_character", "The message holds a control character."))
        return None
    try:
        return segment(body)
    except ValueError:
        problems.append(field_problem("body", "invalid_text", "The message is not valid Unicode text."))
        return None


def _check_metadata(metadata: Mapping[str, Any] | None, problems: list[FieldProblem]) -> None:
    if metadata is None:
        return
    is_fit = len(metadata) <= METADATA_COUNT_MAX and all(
        isinstance(value, str) and len(key) <= METADATA_LENGTH_MAX and len(value) <= METADATA_LENGTH_MAX
        and "\x00" not in key + value
        for key, value in metadata.items()
    )  # fmt: skip
    if not is_fit:
        detail = f"At most {METADATA_COUNT_MAX} pairs of texts of at most {METADATA_LENGTH_MAX} characters."
        problems.append(field_problem("metadata", "invalid", detail))
