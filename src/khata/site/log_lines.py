"""One event, one line on stderr: JSON for machines, plain text on a terminal. Nothing can break out of its line.

`KHATA_LOG` is `json`, `text` or `auto` (text where stderr is a terminal).
"""

import asyncio
import logging
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import msgspec

from khata.kernel.facts import facts
from khata.site.redaction import Redaction

_encode = msgspec.json.Encoder().encode


class LineFormatter(logging.Formatter):
    """Formats records, and the few lines that are too many to be records (requests.py)."""

    def __init__(self, style: str, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._is_json = not sys.stderr.isatty() if style == "auto" else style == "json"
        self.redact = Redaction(secrets)

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        known = {name: self.redact(value) for name, value in facts().items()}
        exception = self._exception(record)
        return self.line(at, record.levelname.lower(), record.name, self.redact(record.getMessage()), known, exception)

    def line(
        self,
        at: datetime,
        level: str,
        logger: str,
        message: str,
        known: Mapping[str, Any],
        exception: str | None = None,
    ) -> str:
        """Of texts that are redacted already."""
        if not self._is_json:
            return _text_line(at, level, logger, message, known, exception)
        event = {"at": at, "level": level, "logger": logger, "message": message, **known}
        if exception is not None:
            event["exception"] = exception
        return _as_json(event)

    def _exception(self, record: logging.LogRecord) -> str | None:
        parts = [self.formatException(record.exc_info)] if record.exc_info and record.exc_info[0] else []
        parts += [self.formatStack(record.stack_info)] if record.stack_info else []
        return self.redact("\n".join(parts)) if parts else None


def _as_json(event: dict[str, Any]) -> str:
    try:
        return _encode(event).decode()
    except UnicodeEncodeError:  # Half of a surrogate pair, as a path may hold one.
        fit = {
            name: value.encode(errors="backslashreplace").decode() if isinstance(value, str) else value
            for name, value in event.items()
        }
        return _encode(fit).decode()


def _text_line(
    at: datetime, level: str, logger: str, message: str, known: Mapping[str, Any], exception: str | None
) -> str:
    told = " ".join(f"{name}={value}" for name, value in known.items())
    first = f"{at:%F %T}Z {level.upper():<8} {logger} {message} {told}".rstrip()
    # What was logged keeps to its line; a traceback is written below it, set in so that it cannot pass for one.
    below = [f"    {line}" for line in (exception or "").splitlines()]
    return "\n".join(map(_on_one_line, [first, *below]))


def _on_one_line(text: str) -> str:
    """Control characters spelled out, lone surrogates too: a terminal obeys the former and chokes on the latter."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


class LineWriter:
    """Lines of an event loop, written together when it comes round: one system call for all answers of a batch."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def write(self, line: str) -> None:
        if not self._lines:
            asyncio.get_running_loop().call_soon(self._flush)
        self._lines.append(line)

    def _flush(self) -> None:
        lines, self._lines = self._lines, []
        # As in `logging`: that nobody can read the log any more must not fail a request.
        with suppress(OSError, ValueError):
            sys.stderr.write("\n".join(lines) + "\n")
