"""Whatever goes wrong, nothing that we write or send holds a token, and nobody else can read our files."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from syft_notify.sandbox import Injected
from tests.stories.site import Site
from tests.system.program import started, syft_notify, wait_until
from tests.unit.store.stores import reader
from tests.worlds import python_job

DS = "ds@example.org"
TOKENS = ("token_do.json", "gmail_token.json")
STALE = "2020-01-01T00:00:00Z"
FAULTS = (
    Injected.UNAUTHORIZED,
    Injected.INSUFFICIENT_PERMISSIONS,
    Injected.INVALID_GRANT,
    Injected.INVALID_CLIENT,
    Injected.NOT_JSON,
    Injected.WRONG_JSON,
    Injected.RESET,
    Injected.TRUNCATED,
    Injected.BAD_REQUEST,
)


def secrets(site: Site) -> set[str]:
    """Everything secret in the token files, and every access token that was made of them."""
    documents = [json.loads((site.home / name).read_text()) for name in TOKENS]
    return {document[key] for document in documents for key in ("token", "refresh_token", "client_secret")}


def make_stale(site: Site) -> None:
    for name in TOKENS:
        path = site.home / name
        path.write_text(json.dumps({**json.loads(path.read_text()), "expiry": STALE}))


def written(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name not in TOKENS}


@pytest.mark.parametrize("kind", ["oauth.token", "drive.*", "gmail.*"])
def test_no_secret_is_written_said_or_sent(site: Site, kind: str) -> None:
    site.settings["log_level"] = "DEBUG"
    site.ask(DS)
    site.accept(DS)
    known, said = secrets(site), ""
    for injected in FAULTS:
        site.submit(python_job(injected.value))
        make_stale(site)
        rule = site.google.faults.add(injected, kind, times=4)
        ended = syft_notify("run", "--once", "--verbose", "-c", site.config_file, home=site.home)
        said += ended.stdout + ended.stderr
        site.google.faults.remove(rule)
        known |= secrets(site)
    daemon = syft_notify("start", "--interval", "1", "-c", site.config_file, home=site.home)
    assert daemon.returncode == 0, daemon.stderr
    wait_until(lambda: site.google.mailbox(DS).received, 20)
    for command in (["status", "--json"], ["logs"], ["history", "--json"], ["outbox", "--json"], ["stop"]):
        ended = syft_notify(*command, "-c", site.config_file, home=site.home)
        said += ended.stdout + ended.stderr
    known |= secrets(site)
    assert len(known) > 3
    mails = [mail.raw for person in (site.do, DS) for mail in site.google.mailbox(person).received]
    places = {**written(site.home), Path("output"): said.encode(), Path("mails"): b"".join(mails)}
    found = {path.name for path, content in places.items() for secret in known if secret.encode() in content}
    assert found == set()
    assert site.home / "syft-notify.log" in places


def test_all_files_are_ours_alone_whatever_the_umask(site: Site) -> None:
    site.ask(DS)
    site.accept(DS)
    site.submit(python_job("sales"))
    site.google.faults.add(Injected.UNAVAILABLE, "gmail.*", times=None)  # the code of the mail stays in the database
    (site.home / "notification_state.json").write_text("spoilt")
    mine = set(site.home.rglob("*")) | {site.config_file}
    before = os.umask(0)
    try:
        make_stale(site)
        with started("run", "-c", site.config_file, "--interval", "1", home=site.home) as process:
            wait_until((site.home / "syft-notify.status.json").exists, 20)
            wait_until(lambda: reader(site.home / "notification_state.json").counts().undelivered, 20)
            process.terminate()
            process.communicate(timeout=20)
        for command in ("start", "stop"):
            assert syft_notify(command, "-c", site.config_file, home=site.home).returncode == 0
    finally:
        os.umask(before)
    made = {path for path in site.home.rglob("*") if path not in mine} | {site.home / name for name in TOKENS}
    modes = {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in made}
    assert {path.name: oct(0o700 if path.is_dir() else 0o600) for path in made} == modes
    assert len(made) > 10
