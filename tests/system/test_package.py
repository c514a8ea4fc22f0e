"""What is handed out: a wheel that holds all that the program needs and nothing else, and the source that makes it.

Both are built by hatchling itself, without a network. `nox` installs the package as a user would.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path, PurePath

import pytest

from manual.page import PAGE
from syft_notify import __version__
from syft_notify.daemon.systemd import template_unit, template_user_unit
from tests.docs.markdown import REPOSITORY, documents_named_in_the_program
from tests.system.program import environment

BESIDE_THE_PROGRAM = {
    "share/man/man1/syft-notify.1": PAGE,
    "lib/systemd/system/syft-notify@.service": REPOSITORY / "systemd/syft-notify.service",
    "share/systemd/user/syft-notify.service": REPOSITORY / "systemd/syft-notify-user.service",
    "share/doc/syft-notify/docs/configuration.md": REPOSITORY / "docs/configuration.md",
    "share/doc/syft-notify/docs/google-setup.md": REPOSITORY / "docs/google-setup.md",
}


def built(source: Path, folder: Path, target: str) -> Path:
    """The one file of this kind that the build backend makes of a source."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (file,) = folder.iterdir()
    return file


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(REPOSITORY, tmp_path_factory.mktemp("wheel"), "wheel")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked source distribution."""
    packed = built(REPOSITORY, tmp_path_factory.mktemp("sdist"), "sdist")
    folder = tmp_path_factory.mktemp("source")
    subprocess.run(["tar", "-xzf", packed, "-C", folder], check=True)
    (root,) = folder.iterdir()
    return root


def contents(wheel: Path) -> dict[str, str]:
    """Each file of a wheel and the hash of what is in it."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()}


def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        return Parser().parsestr(archive.read(f"syft_notify-{__version__}.dist-info/METADATA").decode())


def test_the_wheel_holds_each_file_of_the_package(wheel):
    files = [path.relative_to(REPOSITORY) for path in (REPOSITORY / "syft_notify").rglob("*") if path.is_file()]
    own = {path.as_posix() for path in files if "__pycache__" not in path.parts}
    assert {"syft_notify/py.typed", "syft_notify/mail/templates/base.html.j2", "syft_notify/demo/page/index.html"} < own
    assert {name for name in contents(wheel) if name.startswith("syft_notify/")} == own


def test_beside_it_lie_the_man_page_the_units_and_the_documents_that_messages_name_and_nothing_else(wheel):
    data = f"syft_notify-{__version__}.data/data/"
    with zipfile.ZipFile(wheel) as archive:
        found = {
            name.removeprefix(data): archive.read(name)
            for name in archive.namelist()
            if PurePath(name).parts[0] not in ("syft_notify", f"syft_notify-{__version__}.dist-info")
        }
    assert found == {name: path.read_bytes() for name, path in BESIDE_THE_PROGRAM.items()}
    assert found["lib/systemd/system/syft-notify@.service"].decode() == template_unit().text
    assert found["share/systemd/user/syft-notify.service"].decode() == template_user_unit().text


def test_each_document_that_a_message_names_is_among_them():
    named = documents_named_in_the_program() - {"docs/architecture.md"}  # which a docstring names, for developers
    assert {f"share/doc/syft-notify/{name}" for name in named} <= BESIDE_THE_PROGRAM.keys()


def test_the_source_makes_the_same_wheel_byte_by_byte(wheel, source, tmp_path):
    assert contents(built(source, tmp_path, "wheel")) == contents(wheel)


def test_the_source_holds_what_its_tests_and_its_makers_need(source):
    for name in ("tests/conftest.py", "Makefile", "noxfile.py", ".ci/run", "benchmarks/__main__.py", "manual/page.py"):
        assert (source / name).is_file(), name


def test_the_version_the_licence_and_the_readme_are_told(wheel):
    told = metadata(wheel)
    assert told["Version"] == __version__
    assert (told["License-Expression"], told["License-File"]) == ("Apache-2.0", "LICENSE")
    assert told["Description-Content-Type"] == "text/markdown"
    assert told.get_payload().strip() == (REPOSITORY / "README.md").read_text().strip()


def test_the_unpacked_wheel_runs_as_it_is(wheel, tmp_path):
    """The mails and the page come out of the wheel: nothing is taken from the repository."""
    shutil.unpack_archive(wheel, tmp_path / "site", "zip")
    code = (
        "import runpy, sys\n"
        f"sys.path.insert(0, {str(tmp_path / 'site')!r})\n"
        "import syft_notify\n"
        "print(syft_notify.__file__)\n"
        "runpy.run_module('syft_notify', run_name='__main__')\n"
    )
    command = [sys.executable, "-c", code, "demo", "--once", "--output", str(tmp_path / "mails")]
    ended = subprocess.run(
        command, cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, check=False, timeout=60
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith(str(tmp_path / "site"))
