"""The receiver in the guide is a program that works."""

import re
import subprocess
import sys

import httpx

from khata.tenancy.models import Organisation
from khata.webhooks.operations import CHOOSABLE, create_endpoint, send_test_event
from tests.cli.waiting import wait_until
from tests.database.webhooks.courier import carry, deliveries
from tests.house.project import ROOT
from tests.ports import free_port


def test_the_receiver_of_the_guide_takes_what_is_sent_and_refuses_a_stranger(organisation: Organisation) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    endpoint_id, secret = create_endpoint(organisation_id=organisation.id, url=url, event_types=CHOOSABLE)
    program = re.findall(r"```python\n(.*?)```", (ROOT / "docs/guide/webhooks.md").read_text(), re.DOTALL)[0]
    mine = program.replace("whsec_…", secret).replace("9000", str(port)).replace('["id"])', '["id"], flush=True)')
    receiver = subprocess.Popen([sys.executable, "-c", mine], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: _answers(url), "the guide's receiver answers")
        assert httpx.post(url, content=b"{}").status_code == 400
        send_test_event(organisation_id=organisation.id, endpoint_id=endpoint_id)
        carry()
        (delivery,) = deliveries(organisation.id, endpoint_id)
        assert [attempt.status_code for attempt in delivery.attempts] == [204]
        assert receiver.stdout is not None
        assert receiver.stdout.readline().startswith(b"webhook.test whe_")
    finally:
        receiver.kill()
        receiver.communicate()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 501
    except httpx.TransportError:
        return False
