"""Log lines for people and for machines, and that all a daemon says becomes one."""

from __future__ import annotations

import io
import json
import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest

from syft_notify.config.paths import KEPT_COPIES
from syft_notify.daemon.logging import LogFiles, stream_handler
from syft_notify.daemon.tail import generations
from syft_notify.domain.errors import UserError
from tests.docs.markdown import LOGGING, code_in

PATTERN = LOGGING.blocks("regex")[0].code.strip()

DAEMON = """
import logging, sys, threading, warnings
from pathlib import Path
from syft_notify.daemon.logging import LogFiles
with LogFiles(Path(sys.argv[1]), Path(sys.argv[2]), largest=int(sys.argv[3])) as files:
    files.configure("INFO", sys.argv[4])
    exec(sys.argv[5])
"""


def logged(log_format: str, *, fail: str = "", message: str = "sent %s to %s") -> str:
    stream = io.StringIO()
    logger = logging.getLogger("syft_notify.engine.deliver")
    handler = stream_handler(stream, log_format)
    logger.addHandler(handler)
    if fail:
        try:
            raise ValueError(fail)
        except ValueError:
            logger.exception("it failed")
    else:
        logger.warning(message, "job_submitted", "grüße@example.org")
    logger.removeHandler(handler)
    return stream.getvalue()


def said(folder: Path, code: str, *, largest: int = 10_000_000, log_format: str = "text") -> tuple[str, str]:
    """What a process writes into the two files when it does this."""
    files = [folder / "x.log", folder / "x.error.log"]
    command = [sys.executable, "-c", DAEMON, *map(str, files), str(largest), log_format, code]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert (ended.stdout, ended.stderr) == ("", "")
    return files[0].read_text(), files[1].read_text()


class TestLines:
    def test_in_text_have_time_name_level_message(self):
        found = re.fullmatch(PATTERN, logged("text").rstrip("\n"))
        assert found
        assert found.groupdict() == {
            "time": found["time"],
            "logger": "syft_notify.engine.deliver",
            "level": "WARNING",
            "message": "sent job_submitted to grüße@example.org",
        }

    def test_in_json_are_one_object_each(self):
        entry = json.loads(logged("json"))
        assert set(entry) == {"time", "level", "logger", "message"}
        assert entry["level"] == "WARNING"
        assert entry["message"] == "sent job_submitted to grüße@example.org"
        assert entry["time"].endswith("+00:00")
        documented = {name for row in LOGGING.table("field of a JSON line") for name in code_in(row[0])}
        assert documented == {*entry, "traceback"}

    @pytest.mark.parametrize("log_format", ["text", "json"])
    def test_keep_the_traceback_of_a_failure(self, log_format):
        text = logged(log_format, fail="a mistake")
        assert "Traceback" in text
        assert "a mistake" in text
        assert log_format == "text" or len(text.splitlines()) == 1

    @pytest.mark.parametrize("log_format", ["text", "json"])
    def test_cannot_be_forged_from_outside(self, log_format):
        forged = "x\n2026-01-01 00:00:00 - syft_notify - INFO - sent %s %s\x1b[2J\u2028\r"
        text = logged(log_format, message=forged)
        assert text.count("\n") == 1
        assert not {"\x1b", "\r"} & set(text)

    @pytest.mark.parametrize("log_format", ["text", "json"])
    def test_cannot_be_forged_by_the_text_of_an_error(self, log_format):
        text = logged(log_format, fail="x\n2026-01-01 00:00:00 - syft_notify - INFO - sent\r\x1b[2J\u2028y")
        assert not any(line.startswith("2026-01-01") for line in text.splitlines())
        assert not {"\x1b", "\r"} & set(text)
        assert log_format == "text" or text.count("\n") == 1


class TestFiles:
    def test_take_warnings_prints_and_what_nobody_caught(self, tmp_path):
        code = (
            "print('printed'); sys.stderr.write('half '); print('a line', file=sys.stderr)\n"
            "warnings.warn('be warned'); logging.getLogger('syft_notify.x').info('quiet')\n"
            "logging.getLogger('google.x').info('token'); logging.getLogger('google.x').warning('loud')\n"
            "thread = threading.Thread(target=lambda: 1 / 0); thread.start(); thread.join()\n"
            "sys.excepthook(*((ValueError, ValueError('uncaught'), None)))\n"
        )
        everything, errors = said(tmp_path, code)
        for words in ("printed", "half a line", "be warned", "quiet", "loud", "ZeroDivisionError", "uncaught"):
            assert words in everything
        for words in ("half a line", "be warned", "loud", "ZeroDivisionError", "uncaught"):
            assert words in errors
        assert "printed" not in errors
        assert "token" not in everything
        starts = [line for line in everything.splitlines() if re.fullmatch(PATTERN, line)]
        assert len(starts) == 7

    def test_an_error_that_ends_the_daemon_is_kept(self, tmp_path):
        from_inside = "with files.last_words():\n    raise {}"
        folder = tmp_path / "a"
        folder.mkdir()
        command = from_inside.format("SystemError('a mistake')")
        said_errors = said_with_exit(folder, command)
        assert "SystemError: a mistake" in said_errors

    def test_are_put_aside_when_they_are_large_and_nothing_is_lost(self, tmp_path):
        code = "for n in range(400): logging.getLogger('syft_notify').info('line %d', n)"
        said(tmp_path, code, largest=2000)
        kept = generations(tmp_path / "x.log")
        assert len(kept) == KEPT_COPIES + 1
        lines = [line for path in reversed(kept) for line in path.read_text().splitlines()]
        numbers = [int(line.rpartition(" ")[2]) for line in lines]
        assert numbers == list(range(numbers[0], 400))
        assert all(path.stat().st_size <= 2000 for path in kept)
        assert (tmp_path / "x.error.log").read_text() == ""

    def test_do_not_wait_for_a_reader_of_a_pipe_in_their_place(self, tmp_path):
        code = (
            "import os; log = logging.getLogger('x'); path = Path(sys.argv[1]); path.unlink(); os.mkfifo(path); "
            "log.error('into no pipe'); path.unlink(); log.error('after')"
        )
        everything, errors = said(tmp_path, code)
        assert [line.rpartition(" - ")[2] for line in everything.splitlines()] == ["after"]
        assert [line.rpartition(" - ")[2] for line in errors.splitlines()] == ["into no pipe", "after"]

    @pytest.mark.parametrize("how", ["unlink()", "rename(sys.argv[1] + '.old')"])
    def test_are_begun_anew_where_somebody_took_them_away(self, tmp_path, how):
        code = f"log = logging.getLogger('x'); log.error('before'); Path(sys.argv[1]).{how}; log.error('after')"
        everything, errors = said(tmp_path, code)
        assert everything.endswith("after\n")
        assert everything.count("\n") == 1
        assert errors.count("\n") == 2

    def test_go_nowhere_when_their_folder_is_gone(self, tmp_path):
        code = "import shutil; shutil.move(Path(sys.argv[1]).parent, 'gone'); print('x'); print('y')"
        command = [sys.executable, "-c", DAEMON, "log/x", "log/y", "1000", "text", code]
        (tmp_path / "log").mkdir()
        assert subprocess.run(command, check=False, timeout=30, cwd=tmp_path, capture_output=True).returncode == 0

    def test_change_their_words_when_told_so(self, tmp_path):
        code = (
            "log = logging.getLogger('syft_notify'); log.info('first'); files.configure('ERROR', 'text')\n"
            "log.info('second'); log.error('third')"
        )
        everything, _ = said(tmp_path, code, log_format="json")
        first, third = everything.splitlines()
        assert json.loads(first)["message"] == "first"
        assert third.endswith("ERROR - third")

    def test_a_folder_that_cannot_be_written_is_said(self, tmp_path):
        (tmp_path / "file").touch()
        with pytest.raises(UserError, match="Not a directory"):
            LogFiles(tmp_path / "file" / "x.log", tmp_path / "file" / "y.log")

    def test_a_full_disk_stops_nobody(self, tmp_path):
        code = (
            "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))\n"
            "logging.getLogger('syft_notify').error('lost'); print('lost too')\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n"
            "logging.getLogger('syft_notify').error('kept')\n"
        )
        assert "kept" in said(tmp_path, code)[0]


def said_with_exit(folder: Path, code: str) -> str:
    """The error log of a process that ends by an error."""
    files = [folder / "x.log", folder / "x.error.log"]
    command = [sys.executable, "-c", DAEMON, *map(str, files), "1000000", "text", code]
    assert subprocess.run(command, capture_output=True, check=False, timeout=30).returncode == 1
    return files[1].read_text()
