"""`syft-notify run` on a real terminal, as a person sees it."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys

from tests.stories.village import Village
from tests.system.program import environment, wait_until

DS = "ds@example.org"


def watched_on_a_terminal(village: Village, **environ: str) -> str:
    """What a terminal received from a `run` that saw one peer request and was ended by Ctrl+C."""
    terminal, side = pty.openpty()
    command = [sys.executable, "-m", "syft_notify", "run", "-c", str(village.config_file), "--interval", "1"]
    process = subprocess.Popen(
        command, stdin=side, stdout=side, stderr=side, env={**environment(village.home), "TERM": "xterm", **environ}
    )
    os.close(side)
    shown = b""
    try:
        village.ask(DS)
        while b"sent to ds@" not in shown or b"last poll" not in shown:
            shown += os.read(terminal, 4096)
    finally:
        process.send_signal(signal.SIGINT)
    while True:
        try:
            more = os.read(terminal, 4096)
        except OSError:
            break
        shown += more
        if not more:
            break
    os.close(terminal)
    wait_until(lambda: process.poll() is not None)
    assert process.returncode == 0
    return shown.decode()


def test_a_status_line_tells_when_it_looked_last(village):
    shown = watched_on_a_terminal(village)
    assert "watching, last poll " in shown
    assert "looking at everything …" in shown
    assert f"peer request: {DS}" in shown
    assert shown.rstrip().endswith("Stopped. 2 mails sent.")
    assert "Traceback" not in shown


def test_no_color_means_no_colour(village):
    shown = watched_on_a_terminal(village, NO_COLOR="1")
    assert "\x1b[3" not in shown.replace("\x1b[?25", "")
