"""One person of the story: a real released client, unmodified, told by JSON lines on stdin what to do.

Runs in the client's own environment and imports nothing of ours. `googleapiclient.discovery.build` is replaced before
the client is imported, because an API endpoint given to the original would move every call but the uploads.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import json
import os
import sys
import traceback
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import googleapiclient.discovery as discovery


def lead_google_to(root_url: str) -> None:
    """Let every Google service that the client builds speak to `root_url`, uploads and batches included."""
    documents = Path(discovery.__file__).parent / "discovery_cache" / "documents"

    def build(service: str, version: str, http: Any = None, **_: Any) -> Any:
        document = json.loads((documents / f"{service}.{version}.json").read_text(encoding="utf-8"))
        return discovery.build_from_document(document | {"rootUrl": root_url}, http=http)

    discovery.build = build


def log_in(role: str, email: str, token_path: str) -> Any:
    """The client object that a person gets in a notebook, from whichever release is installed here."""
    if importlib.util.find_spec("syft_rds"):
        import syft_rds as release
    else:
        import syft_client as release
    login = release.login_do if role == "do" else release.login_ds
    return login(email=email, token_path=token_path)


class Person:
    """What a person types in a notebook, one method per step."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self._cells: dict[str, Any] = {}

    def add_peer(self, email: str) -> None:
        self.client.add_peer(email)

    def submit_bash(self, to: str, name: str, script: str, *, force: bool = False) -> None:
        """`force` is what it takes as long as the owner has not accepted the sender."""
        self.client.submit_bash_job(to, script, job_name=name, force_submission=force)

    def submit_python(self, to: str, name: str, path: str, *, force: bool = False) -> None:
        self.client.submit_python_job(to, path, job_name=name, force_submission=force)

    def sync(self) -> None:
        self.client.sync()

    def accept_peer(self, email: str) -> None:
        self.client.approve_peer_request(email)

    def jobs(self) -> list[dict[str, Any]]:
        return [
            {"ds": job.submitted_by, "name": job.name, "status": job.status, "reason": job.review_reason}
            for job in self.client.jobs
        ]

    def approve(self, ds: str, name: str) -> None:
        self._job(ds, name).approve()

    def reject(self, ds: str, name: str, reason: str) -> None:
        self._job(ds, name).reject(reason)

    def deposit(self, ds: str, name: str, result: str) -> None:
        self._job(ds, name).accept_by_depositing_result(result)

    def rerun(self, ds: str, name: str) -> None:
        self._job(ds, name).rerun()

    def run_approved(self) -> None:
        self.client.process_approved_jobs()

    def types(self, code: str) -> str:
        """Run a cell of a notebook, in which all earlier ones were run; returns what it printed."""
        with redirect_stdout(io.StringIO()) as printed:
            exec(code, self._cells)  # noqa: S102 - typing what a mail says is what this is about
        return printed.getvalue()

    def _job(self, ds: str, name: str) -> Any:
        return next(job for job in self.client.jobs if (job.submitted_by, job.name) == (ds, name))

    def notebook_facts(self) -> dict[str, Any]:
        """What a program that is handed the client object can learn from it."""
        engine = getattr(self.client, "sync_engine", self.client)
        connection = engine._connection_router.connections[0]  # noqa: SLF001 - the client has no public way
        return {
            "type": type(self.client).__name__,
            "email": self.client.email,
            "syftbox_folder": str(self.client.syftbox_folder),
            "has_do_role": self.client.has_do_role,
            "has_ds_role": self.client.has_ds_role,
            "token_path": str(connection.token_path),
            "scopes": list(connection.credentials.scopes),
        }


def answer(step: Callable[..., Any], arguments: dict[str, Any]) -> dict[str, Any]:
    """Do one step; whatever goes wrong in the client becomes an answer, so that the test can tell it."""
    try:
        return {"value": step(**arguments)}
    except Exception as error:  # noqa: BLE001 - the released client may raise anything
        traceback.print_exc()
        return {"error": f"{type(error).__name__}: {error}"}


def main(kind: type[Person] = Person) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=["do", "ds"])
    parser.add_argument("email")
    parser.add_argument("token_path")
    parser.add_argument("root_url")
    chosen = parser.parse_args()

    # The clients print to stdout as they please; the answers keep the real one for themselves.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def tell(reply: dict[str, Any]) -> None:
        print(json.dumps(reply), file=answers, flush=True)

    lead_google_to(chosen.root_url)
    person = kind(log_in(chosen.role, chosen.email, chosen.token_path))
    tell({"value": "ready"})
    for line in sys.stdin:
        order = json.loads(line)
        tell(answer(getattr(person, order["step"]), order["arguments"]))


if __name__ == "__main__":
    main()
