"""What the documents show to be typed, and no other test types: what does not end, and what make does."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from syft_notify.sandbox import Sandbox
from tests.docs.markdown import CONTRIBUTING, DAEMON, README, REPOSITORY
from tests.newcomer import Newcomer
from tests.stories.site import Site
from tests.system.dialogue import Dialogue
from tests.system.program import environment
from tests.system.tools import needs
from tests.worlds import GENERATIONS
from tests.worlds.jobs import python_job

OWNER, SCIENTIST = "you@example.org", "ds@example.org"

TYPED_HERE = ("make demo", "make test", "syft-notify run")

# The rest of the README's needs the network or is a browser's. nox installs, and test_notebooks.py plays the notebooks.
NOT_TYPED = (
    "python3 -m venv .venv",
    ". .venv/bin/activate",
    "pip install '.[demo]'",
    "pip install . syft-rds==0.6.1 jupyterlab",
    "jupyter lab notebooks/e2e",
    ".venv/bin/jupyter execute notebooks/e2e/notifications_e2e.ipynb --output=played",
)


def test_every_command_of_the_readmes_is_typed_by_a_test_or_listed():
    assert sorted(README.typed()) == sorted((*TYPED_HERE, *NOT_TYPED))
    assert DAEMON.typed() == []


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with the Makefile, in which all that it would install is there already, and with one test."""
    needs("make", package="make")
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(REPOSITORY / name, tmp_path)
    (tmp_path / ".venv").mkdir()
    for name in ("bin", "lib", "pyvenv.cfg"):
        (tmp_path / ".venv" / name).symlink_to(Path(sys.prefix) / name)
    for name in ("base.stamp", "demo.stamp", "test.stamp"):
        (tmp_path / ".venv" / name).touch()
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_it.py").write_text("def test_it():\n    pass\n")
    return tmp_path


@pytest.mark.thorough
def test_make_demo_tells_the_story_and_then_shows_a_page_until_ctrl_c(clone):
    with Dialogue(home=clone, program=["make", "demo"]) as demo:
        demo.hears("15 mails were sent.")
        demo.hears("Ctrl+C ends it.")
        demo.presses("c")
        _, end = demo.ended()  # make itself ends by the signal
    assert end.splitlines()[-1] == "The demo ended."
    assert len(list((clone / "syft-notify-demo").glob("*.eml"))) == 15


@pytest.mark.thorough
def test_make_test_runs_the_tests(clone):
    ended = subprocess.run(
        ["make", "test"], cwd=clone, env=environment(clone), capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "[100%]" in ended.stdout


def test_run_says_what_the_readme_shows(sandbox: Sandbox, tmp_path: Path):
    """Line by line, but for the time and the home."""
    (block,) = [block for block in README.blocks("console") if block.code.startswith("$ syft-notify run\n")]
    shown = block.code.replace("/home/you/", f"{tmp_path}/home/").splitlines()[1:]
    owner = Newcomer(sandbox, tmp_path / "home", OWNER)
    owner.is_set_up()
    site = Site(sandbox, tmp_path / "site", GENERATIONS["syft-rds-0.6.1"], do=OWNER)
    site.ask(SCIENTIST)
    site.accept(SCIENTIST)
    with Dialogue("run", "--interval", "1", home=owner.home) as run:
        for line in shown[:2]:
            run.hears(re.sub("every 30 s", "every 1 s", line))
        site.submit(python_job("sales_analysis"), SCIENTIST)
        for line in shown[2:]:
            run.hears(re.sub(r"^\d\d:\d\d:\d\d  ", "", line))
        run.presses("c")
        assert run.ended()[0] == 0


def test_the_local_google_of_contributing_leads_init(tmp_path: Path):
    """The lines that give a home of one's own what `init` needs, and `init` as far as its first question."""
    needs("curl", package="curl")
    (serve,) = [line for line in CONTRIBUTING.typed() if "syft_notify.sandbox" in line]
    assert serve == ".venv/bin/python -m syft_notify.sandbox --port 8080"
    (prepare,) = [b.code for b in CONTRIBUTING.blocks("console") if "/sandbox/daemon.yaml" in b.code]
    google = [sys.executable, *serve.split()[1:-1], "0"]
    with subprocess.Popen(
        google, stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=environment(tmp_path)
    ) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            script = "\n".join(line[2:] for line in prepare.splitlines()).replace("http://127.0.0.1:8080", url)
            with Dialogue(script, home=tmp_path, program=["/bin/sh", "-e", "-c"]) as shell:
                shell.asked("Your email address", OWNER)
                shell.asked("Your SyftBox folder", "")
                shell.asked("Use it anyway?", "y")
                shell.hears("client_secret_1.json")
                shell.presses("c")
                assert "nothing was changed" in shell.ended()[1]
        finally:
            process.terminate()
