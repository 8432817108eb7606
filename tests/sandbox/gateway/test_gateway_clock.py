from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from khata_sandbox.gateway.app import create_app
from khata_sandbox.gateway.clock import Clock
from khata_sandbox.gateway.settings import GatewaySettings

from .control_client import Control
from .in_process import InProcess
from .merchant import KEY_ID, KEY_SECRET, Merchant
from .payer import Payer
from .test_gateway_checkout import start

HOUR_S = 3600


@dataclass
class Wall:
    at: float = 1_000_000.0

    def __call__(self) -> float:
        return self.at


def test_it_starts_with_the_walls_time_and_pace() -> None:
    wall = Wall()
    clock = Clock(wall=wall)
    wall.at += 5
    assert clock.now() == wall.at


def test_it_runs_as_many_times_faster_as_it_was_told() -> None:
    wall = Wall()
    clock = Clock(60, wall=wall)
    wall.at += 10
    assert clock.now() == 1_000_000 + 600
    assert clock.wall_s(600) == 10


def test_a_new_pace_counts_from_now_on_only() -> None:
    wall = Wall()
    clock = Clock(60, wall=wall)
    wall.at += 10
    clock.run(1)
    wall.at += 10
    assert clock.now() == 1_000_000 + 610


def test_it_can_be_moved_on() -> None:
    wall = Wall()
    clock = Clock(wall=wall)
    clock.advance(HOUR_S)
    wall.at += 1
    assert clock.now() == 1_000_000 + HOUR_S + 1


def test_it_never_goes_back_with_the_walls_clock_after_a_restart() -> None:
    wall = Wall()
    clock = Clock(wall=wall)
    clock.advance(HOUR_S)
    earlier = clock.reading
    restarted = Clock(wall=Wall(at=wall.at - HOUR_S))
    restarted.resume(earlier)
    assert restarted.now() == 1_000_000 + HOUR_S


def test_what_was_moved_on_stays_so_through_a_restart(tmp_path: Path) -> None:
    settings = GatewaySettings(key_id=KEY_ID, key_secret=KEY_SECRET, data_dir=tmp_path)
    wall = Wall()
    for expected in (0, HOUR_S):
        app = create_app(settings, Clock(wall=wall))
        control = Control(Merchant(httpx.Client(transport=InProcess(app), base_url="http://127.0.0.1")))
        assert control.call("GET")["clock"]["now"] == wall.at + expected
        control.advance(HOUR_S)
        app.state.gateway.store.close()
        wall.at += 10


def test_a_program_sets_its_pace_and_reads_it(control: Control) -> None:
    assert control.call("POST", "/clock", json={"speed": 3600})["speed"] == 3600
    assert control.call("GET")["clock"]["speed"] == 3600


@pytest.mark.parametrize(
    "wanted", [{"speed": 0}, {"speed": 86_401}, {"speed": "2"}, {"advance_s": -1}, {"advance_s": 1.5}, {"at": 1}]
)
def test_a_clock_takes_no_time_that_is_none(control: Control, wanted: dict[str, object]) -> None:
    before = control.call("GET")["clock"]
    control.refused("POST", "/clock", json=wanted)
    assert control.call("GET")["clock"] == before


def test_a_session_ends_when_the_clock_says_so(merchant: Merchant, payer: Payer, control: Control) -> None:
    start(merchant, payer)
    control.advance(15 * 60)
    assert payer.open(payer.url).heading == "Session expired"


def test_a_bank_that_never_answers_fails_when_the_clock_says_so(
    merchant: Merchant, payer: Payer, control: Control
) -> None:
    order_id = start(merchant, payer)
    payer.press("Pay", within="#netbanking").press("Stay pending")
    control.advance(10 * 60)
    assert merchant.payments(order_id)[0]["error_reason"] == "payment_timed_out"


def test_countdowns_are_as_long_as_they_take_on_the_wall(merchant: Merchant, payer: Payer, control: Control) -> None:
    control.call("POST", "/clock", json={"speed": 60})
    start(merchant, payer)
    countdown = payer.page.select_one("#session-clock")
    assert countdown is not None
    assert countdown["data-seconds"] == "15"
