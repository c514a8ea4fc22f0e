"""The documented configuration, given to a real rsyslogd."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.docs.markdown import LOGGING
from tests.stories.site import Village, requested
from tests.system.program import syft_notify, wait_until
from tests.system.tools import needs

DS = "ds@example.org"


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_it_takes_every_line_of_the_daemon(village: Village, tmp_path: Path, log_format):
    needs("rsyslogd", package="rsyslog")
    village.settings |= {"interval": 1, "log_format": log_format}
    config, collected = village.config_file, tmp_path / "collected.log"
    rules = LOGGING.blocks("rsyslog")[0].code
    rules = rules.replace("/home/alice/.syft-creds", str(village.home)).replace(
        "/var/log/syft-notify.log", str(collected)
    )
    (tmp_path / "rsyslog.conf").write_text(f'global(workDirectory="{tmp_path}")\n{rules}')
    arguments = ["-n", "-f", tmp_path / "rsyslog.conf", "-i", tmp_path / "rsyslog.pid"]
    village.ask(DS)
    with subprocess.Popen(["rsyslogd", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as rsyslogd:
        try:
            assert syft_notify("start", "-c", config, home=village.home).returncode == 0
            wait_until(lambda: len(village.arrived()) == 2)
            assert syft_notify("stop", "-c", config, home=village.home).returncode == 0
            written = (village.home / "syft-notify.log").read_text().splitlines()
            wait_until(lambda: collected.exists() and len(collected.read_text().splitlines()) == len(written), 20)
        finally:
            rsyslogd.terminate()
    assert village.new_mails() == sorted(requested(DS))
    taken = collected.read_text().splitlines()
    assert [line.partition(" syft-notify: ")[2] for line in taken] == written
