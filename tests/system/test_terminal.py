"""`syft-notify run` on a real terminal, as a person sees it."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys

import pytest

from tests.facts import lacking
from tests.stories.site import Site
from tests.system.program import environment, heed_interrupts, wait_until

DS = "ds@example.org"


def watched_on_a_terminal(site: Site, **environ: str) -> str:
    """What a terminal received from a `run` that saw one peer request and was ended by Ctrl+C."""
    terminal, side = pty.openpty()
    command = [sys.executable, "-m", "syft_notify", "run", "-c", str(site.config_file), "--interval", "1"]
    process = subprocess.Popen(
        command,
        stdin=side,
        stdout=side,
        stderr=side,
        env={**environment(site.home), "TERM": "xterm", **environ},
        preexec_fn=heed_interrupts,
    )
    os.close(side)
    shown = b""
    try:
        site.ask(DS)
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


def test_a_status_line_tells_when_it_looked_last(site):
    shown = watched_on_a_terminal(site)
    assert lacking(shown, "watching", "last poll", "looking") == []
    assert f"peer request: {DS}" in shown
    assert re.search(r"Stopped\W.*2 mails[^\n]*$", shown.rstrip())
    assert "Traceback" not in shown


def test_no_color_means_no_colour(site):
    shown = watched_on_a_terminal(site, NO_COLOR="1")
    assert "\x1b[3" not in shown.replace("\x1b[?25", "")


@pytest.mark.parametrize("ignored", [True, False])
def test_a_terminal_that_closes_ends_the_watch_unless_hangups_are_ignored(site, ignored):
    """As `(trap '' HUP; syft-notify run > file) &` in a shell at a terminal: the input is still the terminal."""
    trap = "trap '' HUP;" if ignored else ""
    script = f'exec 3<&0; ({trap} exec "$@" <&3 >run.txt 2>&1) & echo "PID $!"; read wait'
    command = [sys.executable, "-m", "syft_notify", "run", "-c", str(site.config_file), "--interval", "1"]
    shell, terminal = pty.fork()
    if shell == 0:
        os.chdir(site.home)
        os.execve("/bin/sh", ["sh", "-c", script, "sh", *command], environment(site.home))
    pid = int(os.read(terminal, 4096).split()[1])
    output = site.home / "run.txt"
    wait_until(output.exists)
    wait_until(lambda: "every 1 s" in output.read_text())
    os.close(terminal)
    os.waitpid(shell, 0)
    if ignored:
        site.ask(DS)
        wait_until(lambda: len(site.arrived()) == 2)
        os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not lacking(output.read_text(), "Stopped", f"{2 if ignored else 0} mails"))
