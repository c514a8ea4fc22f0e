"""Where every file lies: all beside the config, so that two configs in two folders are two independent daemons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

CONFIG_NAME = "daemon.yaml"
CLIENT_NAME = "credentials.json"
STATE_NAME = "notification_state.json"
KEPT_COPIES = 7  # of a log, when the file has become large
CONFIG_VARIABLE = "SYFT_NOTIFY_CONFIG"
COLAB_DRIVE = Path("/content/drive/MyDrive")


def is_there(path: Path) -> bool:
    """Whether something is there; a link counts as what it leads to.

    Raises `OSError` when that cannot be seen. Since Python 3.14 `Path.exists`, `is_dir` and `is_file` answer no to that
    as well, so they fit only where "no" and "not for us" are the same.
    """
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):  # nothing has a NUL in its name
        return False
    return True


def default_folder(home: Path, colab_drive: Path = COLAB_DRIVE) -> Path:
    """`~/.syft-creds`, or on Colab the folder on the mounted Drive that outlives the machine.

    On Colab we are root, so a drive that we may not look at belongs to another machine.
    """
    try:
        mounted = is_there(colab_drive)
    except PermissionError:
        mounted = False
    return colab_drive / "syft-creds" if mounted else home / ".syft-creds"


def config_path(given: str | None, environ: Mapping[str, str], home: Callable[[], Path]) -> Path:
    """The config to use: as given on the command line, else by the environment, else the default one.

    Raises `RuntimeError` or `OSError` where a relative path, or one that begins with `~`, has nothing to begin at.
    """
    named = given or environ.get(CONFIG_VARIABLE)
    return Path(named).expanduser().absolute() if named else default_folder(home()) / CONFIG_NAME


@dataclass(frozen=True)
class ServiceFiles:
    """What lies in the folder of a config beside the state."""

    folder: Path

    @property
    def pid(self) -> Path:
        """The daemon's PID, for people and for other programs."""
        return self.folder / "syft-notify.pid"

    @property
    def lock(self) -> Path:
        """What the kernel locks while a service runs: this says the truth."""
        return self.folder / "syft-notify.lock"

    @property
    def health(self) -> Path:
        """How the last poll went."""
        return self.folder / "syft-notify.status.json"

    @property
    def client(self) -> Path:
        """The OAuth client that asks for consent."""
        return self.folder / CLIENT_NAME

    @property
    def templates(self) -> Path:
        """Folder of templates that the owner made, used in place of ours."""
        return self.folder / "templates"

    @property
    def log(self) -> Path:
        """What the daemon says."""
        return self.folder / "syft-notify.log"

    @property
    def error_log(self) -> Path:
        """Its warnings and errors alone."""
        return self.folder / "syft-notify.error.log"


@dataclass(frozen=True)
class Files:
    """The files of one memory. `state` is the view of it that people read."""

    state: Path

    @property
    def database(self) -> Path:
        """The memory itself."""
        return self.state.with_suffix(".db")

    @property
    def copy(self) -> Path:
        """What the database was within the last hour of change, should it be damaged."""
        return self.state.with_suffix(".db.bak")

    @property
    def journal(self) -> Path:
        """What SQLite needs to undo a change that did not end."""
        return self.state.with_suffix(".db-journal")

    @property
    def lock(self) -> Path:
        """What the kernel locks while a process works on the state."""
        return self.state.with_suffix(".lock")


def numbered(path: Path, number: int) -> Path:
    """The copy of this number of a file that was put aside because it was large; 0 is the file itself."""
    return path.with_name(f"{path.name}.{number}") if number else path
