"""Whatever goes wrong, nothing that we write or send holds a token, and nobody else can read our files."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from syft_notify.sandbox import Trouble
from tests.stories.site import Village
from tests.system.program import started, syft_notify, wait_until
from tests.worlds import python_job

DS = "ds@example.org"
TOKENS = ("token_do.json", "gmail_token.json")
STALE = "2020-01-01T00:00:00Z"
TROUBLES = (
    Trouble.UNAUTHORIZED,
    Trouble.INSUFFICIENT_PERMISSIONS,
    Trouble.INVALID_GRANT,
    Trouble.INVALID_CLIENT,
    Trouble.NOT_JSON,
    Trouble.WRONG_JSON,
    Trouble.RESET,
    Trouble.TRUNCATED,
    Trouble.BAD_REQUEST,
)


def secrets(village: Village) -> set[str]:
    """Everything secret in the token files, and every access token that was made of them."""
    documents = [json.loads((village.home / name).read_text()) for name in TOKENS]
    return {document[key] for document in documents for key in ("token", "refresh_token", "client_secret")}


def make_stale(village: Village) -> None:
    for name in TOKENS:
        path = village.home / name
        path.write_text(json.dumps({**json.loads(path.read_text()), "expiry": STALE}))


def written(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name not in TOKENS}


@pytest.mark.parametrize("kind", ["oauth.token", "drive.*", "gmail.*"])
def test_no_secret_is_written_said_or_sent(village: Village, kind: str) -> None:
    village.settings["log_level"] = "DEBUG"
    village.ask(DS)
    village.accept(DS)
    known, said = secrets(village), ""
    for trouble in TROUBLES:
        village.submit(python_job(trouble.value))
        make_stale(village)
        rule = village.google.faults.add(trouble, kind, times=4)
        ended = syft_notify("run", "--once", "--verbose", "-c", village.config_file, home=village.home)
        said += ended.stdout + ended.stderr
        village.google.faults.remove(rule)
        known |= secrets(village)
    daemon = syft_notify("start", "--interval", "1", "-c", village.config_file, home=village.home)
    assert daemon.returncode == 0, daemon.stderr
    wait_until(lambda: village.google.mailbox(DS).received, 20)
    for command in (["status", "--json"], ["logs"], ["history", "--json"], ["outbox", "--json"], ["stop"]):
        ended = syft_notify(*command, "-c", village.config_file, home=village.home)
        said += ended.stdout + ended.stderr
    known |= secrets(village)
    assert len(known) > 3
    mails = [mail.raw for person in (village.do, DS) for mail in village.google.mailbox(person).received]
    places = {**written(village.home), Path("output"): said.encode(), Path("mails"): b"".join(mails)}
    found = {path.name for path, content in places.items() for secret in known if secret.encode() in content}
    assert found == set()
    assert village.home / "syft-notify.log" in places


def test_all_files_are_ours_alone_whatever_the_umask(village: Village) -> None:
    village.ask(DS)
    village.accept(DS)
    village.submit(python_job("sales"))
    village.google.faults.add(Trouble.UNAVAILABLE, "gmail.*", times=None)  # the code of the mail stays in the spool
    (village.home / "notification_state.json").write_text("spoilt")
    mine = set(village.home.rglob("*")) | {village.config_file}
    before = os.umask(0)
    try:
        make_stale(village)
        with started("run", "-c", village.config_file, "--interval", "1", home=village.home) as process:
            wait_until((village.home / "syft-notify.status.json").exists, 20)
            wait_until(lambda: list(village.home.rglob("*.spool/*")), 20)
            process.terminate()
            process.communicate(timeout=20)
        for command in ("start", "stop"):
            assert syft_notify(command, "-c", village.config_file, home=village.home).returncode == 0
    finally:
        os.umask(before)
    made = {path for path in village.home.rglob("*") if path not in mine} | {village.home / name for name in TOKENS}
    modes = {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in made}
    assert {path.name: oct(0o700 if path.is_dir() else 0o600) for path in made} == modes
    assert len(made) > 10
