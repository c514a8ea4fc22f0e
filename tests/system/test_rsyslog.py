"""The documented configuration, given to a real rsyslogd."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.docs.markdown import LOGGING
from tests.stories.site import Site, requested
from tests.system.program import syft_notify, wait_until
from tests.system.tools import needs

DS = "ds@example.org"


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_it_takes_every_line_of_the_daemon(site: Site, tmp_path: Path, log_format):
    needs("rsyslogd", package="rsyslog")
    site.settings |= {"interval": 1, "log_format": log_format}
    config, collected = site.config_file, tmp_path / "collected.log"
    rules = LOGGING.blocks("rsyslog")[0].code
    rules = rules.replace("/home/alice/.syft-creds", str(site.home)).replace("/var/log/syft-notify.log", str(collected))
    (tmp_path / "rsyslog.conf").write_text(f'global(workDirectory="{tmp_path}")\n{rules}')
    arguments = ["-n", "-f", tmp_path / "rsyslog.conf", "-i", tmp_path / "rsyslog.pid"]
    site.ask(DS)
    with subprocess.Popen(["rsyslogd", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as rsyslogd:
        try:
            assert syft_notify("start", "-c", config, home=site.home).returncode == 0
            wait_until(lambda: len(site.arrived()) == 2)
            assert syft_notify("stop", "-c", config, home=site.home).returncode == 0
            written = (site.home / "syft-notify.log").read_text().splitlines()
            wait_until(lambda: collected.exists() and len(collected.read_text().splitlines()) == len(written), 20)
        finally:
            rsyslogd.terminate()
    assert site.new_mails() == sorted(requested(DS))
    taken = collected.read_text().splitlines()
    assert [line.partition(" syft-notify: ")[2] for line in taken] == written
