"""What the measurements are compared with: the algorithm of the first notifiers, in our own few lines.

It asks about every peer in every poll and sees one page of them; its memory is one JSON file, which it reads for every
question and writes anew for every answer. Otherwise nothing is done to make it slow.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httplib2
from google.oauth2.credentials import Credentials
from google_auth_httplib2 import AuthorizedHttp
from googleapiclient.discovery import build

from benchmarks.world import DO

PAGE = 100
# What a request takes beside the latency.
_REQUEST_SECONDS = 0.005
_INBOXES = (
    "name contains 'inbox' and mimeType = 'application/vnd.google-apps.folder'"
    " and trashed = false and not 'me' in owners"
)


class NaiveState:
    """What was told: job or peer -> kinds of mail."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._path.write_text("{}")

    def told(self, key: str, kind: str) -> bool:
        """Whether this was told."""
        return kind in self._read().get(key, ())

    def tell(self, key: str, *kinds: str) -> None:
        """Remember that this was told."""
        document = self._read()
        document.setdefault(key, []).extend(kinds)
        self._path.write_text(json.dumps(document, indent=2))

    def settle(self, keys: Iterable[str]) -> None:
        """Make ready a state in which everything was told of all these jobs."""
        document = {key: ["new", "approved", "executed"] for key in keys}
        self._path.write_text(json.dumps(document, indent=2))

    def _read(self) -> dict[str, list[str]]:
        document: dict[str, list[str]] = json.loads(self._path.read_text())
        return document


class NaiveNotifier:
    """Polls Drive and mails the owner about new jobs."""

    def __init__(self, google: Mapping[str, str], state: NaiveState) -> None:
        """`google` is what its world says of `where` it is."""
        token = json.loads(google["token"])["token"]
        self._http = AuthorizedHttp(Credentials(token), http=httplib2.Http(timeout=60))  # type: ignore[no-untyped-call]
        self._files = self._service("drive", "v3", google["drive_api_endpoint"]).files()
        self._messages = self._service("gmail", "v1", google["gmail_api_endpoint"]).users().messages()
        self._state = state

    def _service(self, name: str, version: str, endpoint: str) -> Any:
        options = {"api_endpoint": endpoint}
        return build(
            name, version, http=self._http, client_options=options, cache_discovery=False, static_discovery=True
        )

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def poll(self) -> None:
        """Look for peers, then for jobs."""
        for folder in self._list(_INBOXES):
            if not self._state.told(folder["name"], "request"):
                self._state.tell(folder["name"], "request")
        for folder in self._list(_INBOXES):
            for message in self._list(f"'{folder['id']}' in parents and trashed = false"):
                if not self._state.told(message["id"], "new"):
                    self._announce(self._files.get_media(fileId=message["id"]).execute())
                    self._state.tell(message["id"], "new")

    def _list(self, query: str) -> list[dict[str, str]]:
        found: list[dict[str, str]] = (
            self._files.list(q=query, pageSize=PAGE, fields="files(id, name)").execute().get("files", [])
        )
        return found

    def _announce(self, packed: bytes) -> None:
        with tarfile.open(fileobj=io.BytesIO(gzip.decompress(packed))) as archive:
            member = archive.extractfile(archive.getnames()[0])
            document = json.loads(member.read() if member else b"{}")
        job = document["proposed_file_changes"][0]["path_in_datasite"].split("/")[-2]
        mail = EmailMessage()
        mail["To"], mail["Subject"] = DO, f"New job: {job}"
        mail.set_content(f"{document['sender_email']} submitted {job}.")
        raw = base64.urlsafe_b64encode(mail.as_bytes()).decode()
        self._messages.send(userId="me", body={"raw": raw}).execute()


@contextmanager
def open_naive(google: Mapping[str, str], folder: Path) -> Iterator[NaiveNotifier]:
    """A naive notifier whose memory is new, in this folder."""
    with closing(NaiveNotifier(google, NaiveState(folder / "naive.json"))) as naive:
        yield naive


def naive_scan(folders: Sequence[Path], state: NaiveState) -> None:
    """Look at these job folders of the owner's disk: how far is each, and was that told?"""
    for folder in folders:
        status = _status(folder)
        for kind in ("new", "approved", "executed"):
            if (kind == "new" or status == "done") and not state.told(folder.name, kind):
                state.tell(folder.name, kind)


def _status(folder: Path) -> str:
    """What the state file of a job says; looked for, not parsed."""
    review = Path(str(folder).replace("/inbox/", "/review/"))
    lines = (review / "state.yaml").read_text().splitlines()
    return next(line.partition(": ")[2] for line in lines if line.startswith("status: "))


def job_folders(root: Path) -> list[Path]:
    """All job folders on the owner's disk."""
    return list((root / DO / "app_data/job/inbox").glob("*/*/*"))


def naive_seconds(latency_ms: int, peers: int, jobs: int = 0) -> float:
    """What a poll will take at least: two lists of folders, one of each inbox, for a new job its content and a mail."""
    requests = 2 + min(peers, PAGE) + 2 * jobs
    return requests * (latency_ms / 1000 + _REQUEST_SECONDS)
