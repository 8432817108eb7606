"""The demo's folder is emptied only when it is surely the demo's, and held by one demo at a time."""

import errno
import os
import stat
from pathlib import Path

import pytest

from khata.cli.demo import folder
from khata.cli.demo.state import DemoState, load_state
from khata.cli.errors import DiskFull, FolderInUse, Misconfigured, folder_trouble


def test_a_new_folder_is_private(tmp_path: Path) -> None:
    folder.claim(tmp_path / "a" / "demo", is_fresh=False).release()
    assert stat.S_IMODE((tmp_path / "a" / "demo").stat().st_mode) == 0o700


def test_a_folder_with_other_peoples_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    for is_fresh in (False, True):
        with pytest.raises(Misconfigured, match="neither empty nor the data folder of a demo"):
            folder.claim(tmp_path, is_fresh=is_fresh)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_fresh_empties_an_earlier_demos_folder_but_follows_no_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept.txt").write_text("kept")
    demo = tmp_path / "demo"
    folder.claim(demo, is_fresh=False).release()
    (demo / "gateway").mkdir()
    (demo / "gateway" / "store.sqlite").write_text("rows")
    (demo / "link").symlink_to(outside)
    folder.claim(demo, is_fresh=True).release()
    assert sorted(path.name for path in demo.iterdir()) == [".khata-demo", "demo.lock", "logs"]
    assert (outside / "kept.txt").read_text() == "kept"


def test_a_held_folder_is_refused_and_names_its_holder(tmp_path: Path) -> None:
    lock = folder.claim(tmp_path / "demo", is_fresh=False)
    with pytest.raises(FolderInUse, match=rf"process {os.getpid()}") as refused:
        folder.claim(tmp_path / "demo", is_fresh=True)
    assert refused.value.exit_code == 3
    lock.release()
    folder.claim(tmp_path / "demo", is_fresh=False).release()


def test_a_lock_knows_whether_its_last_holder_crashed(tmp_path: Path) -> None:
    demo = tmp_path / "demo"
    first = folder.claim(demo, is_fresh=False)
    assert not first.was_abandoned
    first.release()
    (demo / folder.LOCK).write_text("4711")
    second = folder.claim(demo, is_fresh=False)
    assert second.was_abandoned
    second.release()


def test_the_state_is_made_once_and_private(tmp_path: Path) -> None:
    state = load_state(tmp_path)
    assert load_state(tmp_path) == state
    assert stat.S_IMODE((tmp_path / "demo.json").stat().st_mode) == 0o600
    assert DemoState().gateway_key_secret != state.gateway_key_secret


@pytest.mark.parametrize("content", ["", "{", "[]", '{"surprise": 1}'])
def test_a_damaged_state_is_told_in_one_sentence(tmp_path: Path, content: str) -> None:
    (tmp_path / "demo.json").write_text(content)
    with pytest.raises(Misconfigured, match="start over with --fresh"):
        load_state(tmp_path)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_has_its_own_exit_code(tmp_path: Path, number: int) -> None:
    stopped = folder_trouble(tmp_path, OSError(number, os.strerror(number)))
    assert isinstance(stopped, DiskFull)
    assert stopped.exit_code == 5
