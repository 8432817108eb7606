"""Programs that send messages and do not give up: each message has a key, and is tried until it is accepted."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any

import httpx

from tests.cli.waiting import DEADLINE_S, wait_until

RECIPIENT = "+919800000100"
PAUSE_S = 0.05
SENDERS_COUNT = 6
TIMEOUT_S = 30.0


@contextmanager
def senders(ready: Mapping[str, str], name: str) -> Iterator["Senders"]:
    """Send all the time the block takes. At its end every message begun is accepted, or it raises the reason."""
    sending = Senders(ready, name)
    with ThreadPoolExecutor(SENDERS_COUNT) as threads:
        tasks = [threads.submit(sending.send_on, number) for number in range(SENDERS_COUNT)]
        try:
            yield sending
        finally:
            sending.stopping.set()
            wait(tasks)
            for task in tasks:
                task.result()


class Senders:
    """`accepted` leads from a message's key, which is its text as well, to its id. `name` begins every key."""

    def __init__(self, ready: Mapping[str, str], name: str) -> None:
        self._ready = ready
        self._name = name
        self.stopping = threading.Event()
        self.accepted: dict[str, str] = {}
        self.troubles: Counter[str] = Counter()

    def wait_for_more(self, count: int) -> None:
        enough = len(self.accepted) + count
        wait_until(lambda: len(self.accepted) >= enough or self.stopping.is_set(), f"{count} more were accepted")
        assert not self.stopping.is_set(), "a sender gave up"

    def send_on(self, number: int) -> None:
        try:
            with httpx.Client(timeout=TIMEOUT_S, trust_env=False) as client:
                for turn in itertools.count():
                    if self.stopping.is_set():
                        return
                    key = f"{self._name}-{number}-{turn}"
                    self.accepted[key] = self._send_until_accepted(client, key)
        except BaseException:
            self.stopping.set()
            raise

    def _send_until_accepted(self, client: httpx.Client, key: str) -> str:
        give_up_at = time.monotonic() + DEADLINE_S
        while time.monotonic() < give_up_at:
            try:
                answer = post_message(client, self._ready, body=key, key=key)
            except httpx.TransportError as error:
                self.troubles[type(error).__name__] += 1
            else:
                if answer.status_code == 202:
                    return str(answer.json()["id"])
                assert answer.status_code == 503, f"{answer.status_code}: {answer.text}"
                assert int(answer.headers["retry-after"]) > 0
                self.troubles["503"] += 1
            time.sleep(PAUSE_S)  # Asking again at once would only keep it from coming back.
        raise AssertionError(f"{key} was not accepted within {DEADLINE_S:.0f} s")


def post_message(
    client: httpx.Client, ready: Mapping[str, str], *, body: str, key: str, recipient: str = RECIPIENT
) -> httpx.Response:
    headers = {"Authorization": f"Bearer {ready['api_key']}", "Idempotency-Key": key}
    message: dict[str, Any] = {"to": recipient, "body": body}
    return client.post(f"{ready['api_url']}/messages", json=message, headers=headers)
