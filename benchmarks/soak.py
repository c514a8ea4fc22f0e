"""Thousands of polls at full speed against the local Google: do memory and descriptors stay flat?

    python -m benchmarks.soak [--polls 5000]

The service runs in a process of its own. At every step (a tenth) a scientist submits a job,
which is mailed, the config is read again by SIGHUP, and the process is measured.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil

from syft_notify.config.file_lock import FileLock
from syft_notify.config.paths import ServiceFiles
from syft_notify.config.settings import load_config
from syft_notify.daemon.log_reporter import LogReporter
from syft_notify.daemon.service import Options, Service
from syft_notify.daemon.signals import POLL, RELOAD, STOP, SignalInbox
from syft_notify.domain.model import PollReport
from syft_notify.sandbox import Sandbox
from syft_notify.sandbox.actors import Scientist

DO, DS = "do@example.org", "ds@example.org"


def serve(config: Path, polls: int, step: int) -> None:
    """In the child: poll without pause; print the count at every step and wait for a line."""
    done = 0

    def polled(report: PollReport) -> None:
        nonlocal done
        done += 1
        if done % step == 0:
            sys.stdout.write(json.dumps({"polls": done, "sent": report.sent, "problems": report.problems}) + "\n")
            sys.stdout.flush()
            sys.stdin.readline()
        if done == polls:
            service.stop()

    settings, options = load_config(config, {}, Path.home()), Options(timedelta(0))
    with SignalInbox(*STOP, RELOAD, POLL) as inbox, FileLock(ServiceFiles(config.parent).lock) as lock:
        service = Service(config, settings, options, LogReporter(), lock, polled=polled)
        service.serve(inbox, lambda: None)


def prepare(google: Sandbox, home: Path) -> Path:
    """An owner with a config, tokens and a SyftBox folder."""
    (home / f"SyftBox_{DO}" / DO).mkdir(parents=True)
    for name in ("token_do.json", "gmail_token.json"):
        (home / name).touch(mode=0o600)
        (home / name).write_text(google.token_file(DO))
    config = home / "daemon.yaml"
    config.write_text(
        f"do_email: {DO}\nsyftbox_root: {home}/SyftBox_{DO}\ndrive_api_endpoint: {google.drive_endpoint}\n"
        f"gmail_api_endpoint: {google.gmail_endpoint}\noauth_token_uri: {google.token_uri}\n"
    )
    return config


def soak(polls: int) -> None:
    """In the parent: be Google and the scientist, and measure."""
    step = max(polls // 10, 1)
    with Sandbox() as google, tempfile.TemporaryDirectory(prefix="syft-notify-soak-") as home:
        config = prepare(google, Path(home))
        scientist = Scientist(google, DS)
        scientist.ask(DO)
        counts = ["--polls", str(polls), "--step", str(step)]
        command = [sys.executable, "-m", "benchmarks.soak", "--serve", str(config), *counts]
        begun = time.monotonic()
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdin
            assert child.stdout
            process = psutil.Process(child.pid)
            print(f"{'polls':>6} {'seconds':>8} {'RSS MB':>7} {'descriptors':>11} {'threads':>7} {'mails':>6}")
            for line in child.stdout:
                told = json.loads(line)
                rss = process.memory_info().rss / 1_000_000
                mails = len(google.mailbox(DO).received)
                took = time.monotonic() - begun
                print(
                    f"{told['polls']:>6} {took:>8.1f} {rss:>7.1f} {process.num_fds():>11} "
                    f"{process.num_threads():>7} {mails:>6}"
                )
                scientist.submit(DO, f"job {told['polls']}", {"main.py": "print(1)\n"}, "main.py", datetime.now(UTC))
                google.requests.clear()
                if told["polls"] < polls:
                    os.kill(child.pid, signal.SIGHUP)
                child.stdin.write("\n")
                child.stdin.flush()
    if child.returncode:
        raise SystemExit(f"the service ended with {child.returncode}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--polls", type=int, default=5000)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--step", type=int, default=500, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, options.polls, options.step)
    else:
        soak(options.polls)
