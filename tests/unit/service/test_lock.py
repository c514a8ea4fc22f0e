"""The lock: one process at a time, freed by the kernel whatever happens."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from syft_notify.errors import UserError
from syft_notify.service.lock import state_lock

HOLD = "import sys, time\nfrom pathlib import Path\nfrom syft_notify.service.lock import state_lock\n"
HOLD += "with state_lock(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(60)\n"


def test_the_second_is_told_who_holds_it_and_gets_it_when_the_first_dies(tmp_path: Path):
    path = tmp_path / "state.lock"
    with subprocess.Popen([sys.executable, "-c", HOLD, path], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(UserError, match=rf"\(PID {holder.pid}\)"), state_lock(path):
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        with state_lock(path):
            assert path.read_text() == f"{os.getpid()}\n"


def test_it_can_be_taken_again_after_it_was_released(tmp_path: Path):
    for _ in range(2):
        with state_lock(tmp_path / "state.lock"):
            pass


def test_only_the_owner_can_read_it_and_its_new_folder(tmp_path: Path):
    previous = os.umask(0)
    try:
        with state_lock(tmp_path / "new" / "state.lock") as _:
            pass
    finally:
        os.umask(previous)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new", tmp_path / "new" / "state.lock")]
    assert modes == [0o700, 0o600]


def test_a_place_where_no_lock_can_be_is_said_in_a_sentence(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot be opened"), state_lock(tmp_path / "file" / "state.lock"):
        pass
