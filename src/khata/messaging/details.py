"""One message with all that happened to it, as the rows tell it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from khata.kernel.ids import public_id
from khata.messaging.core.life import UNCLAIMED, MessageStatus, may_cancel
from khata.messaging.core.send_window import IST


@dataclass(frozen=True, slots=True)
class TimelineStep:
    """One thing that happened: `credits_micro` is signed, for steps that moved credits."""

    event: str
    at: datetime
    credits_micro: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class MessageDetail:
    id: UUID
    channel: str
    recipient: str
    sender: str
    body: str
    status: MessageStatus
    segments: int
    encoding: str
    credits_micro: int
    credits_captured_micro: int | None
    accepted_at: datetime
    due_at: datetime
    submitted_at: datetime | None
    settled_at: datetime | None
    finished_at: datetime | None
    attempts: int
    carrier: str
    carrier_refs: tuple[str, ...]
    error_code: str
    error_detail: str
    receipt_raw: str
    reference: str | None
    metadata: dict[str, Any] | None
    api_key_id: UUID | None
    member_id: UUID | None
    template_id: UUID | None = None
    scheduled_at: datetime | None = None
    is_possible_duplicate: bool = False
    """Handed over once more after an answer was lost: it may have arrived twice."""

    @property
    def public_id(self) -> str:
        return public_id("msg", self.id)

    @property
    def timeline(self) -> tuple[TimelineStep, ...]:
        """What happened, oldest first; every instant was written by the transaction that made it happen."""
        accepted = [TimelineStep("accepted", self.accepted_at), self._held(), *self._scheduled(), *self._waiting()]
        steps = [*accepted, *self._hand_over(), *self._settled()]
        if self.finished_at is not None:
            steps.append(TimelineStep(self.status.word, self.finished_at, detail=self._final_detail()))
        return tuple(sorted(steps, key=lambda step: step.at))

    def _held(self) -> TimelineStep:
        return TimelineStep("credits_held", self.accepted_at, -self.credits_micro)

    @property
    def waits_for(self) -> datetime | None:
        """When the hours in which a message by its template may go begin; None where it does not wait for them."""
        is_kept_back = self.due_at > (self.scheduled_at or self.accepted_at) and not self.error_code
        is_waiting = self.status in UNCLAIMED and self.template_id is not None and is_kept_back
        return self.due_at if is_waiting else None

    @property
    def may_be_cancelled(self) -> bool:
        """A moment later it may be under way."""
        return may_cancel(self.status, is_possible_duplicate=self.is_possible_duplicate)

    def _scheduled(self) -> list[TimelineStep]:
        if self.scheduled_at is None:
            return []
        detail = f"for {self.scheduled_at.astimezone(UTC):%-d %B %Y, %H:%M UTC}"
        return [TimelineStep("scheduled", self.accepted_at, detail=detail)]

    def _waiting(self) -> list[TimelineStep]:
        if self.waits_for is None:
            return []
        return [TimelineStep("waiting", self.accepted_at, detail=f"for {self.waits_for.astimezone(IST):%H:%M IST}")]

    def _hand_over(self) -> list[TimelineStep]:
        if self.submitted_at is None:
            return []
        event = "unknown" if self.status is MessageStatus.UNKNOWN else "submitted"
        detail = f"{self.carrier} {', '.join(self.carrier_refs)}".strip()
        if self.is_possible_duplicate:
            detail += " (for the second time: the first answer was lost, so it may have arrived twice)"
        return [TimelineStep(event, self.submitted_at, detail=detail)]

    def _settled(self) -> list[TimelineStep]:
        if self.settled_at is None:
            return []
        used = self.credits_captured_micro or 0
        returned = self.credits_micro - used
        steps = []
        if used:
            steps.append(TimelineStep("credits_captured", self.settled_at, -used))
        if returned:
            steps.append(TimelineStep("credits_returned", self.settled_at, returned))
        return steps

    def _final_detail(self) -> str:
        return " ".join(text for text in (self.error_code, self.error_detail) if text)
