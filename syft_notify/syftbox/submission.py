"""Turns what a DS sent, a message on Drive or files on disk, into submissions with their code."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from syft_notify.domain.addresses import is_address
from syft_notify.domain.ids import JobId
from syft_notify.domain.item_guard import ItemGuard
from syft_notify.domain.jobs import CodeChange, JobLayout, MessageContents, Preview, Submission, Unidentified
from syft_notify.domain.text import printable
from syft_notify.syftbox.archive import MAX_PACKED_BYTES, UnreadableContent, encrypted_sender, unpack
from syft_notify.syftbox.changes import read_changes
from syft_notify.syftbox.documents import MAX_DOCUMENT_BYTES, read_mapping, text_of, texts_of, time_of
from syft_notify.syftbox.layouts import CONFIG_FILE, JobFolder, find_jobs, possible_jobs
from syft_notify.syftbox.preview import build_preview, submitted_count

__all__ = ["MAX_PACKED_BYTES", "describe", "read_message"]

MAX_JOBS = 50
# A path without a job's `config.yaml` beside it may belong to one job in each generation.
MAX_CHANGED_JOBS = 4 * MAX_JOBS
MAX_NAMES_LENGTH = 2_000_000

_MAX_ADDRESS = 254
_MAX_WORD = 40
_MAX_NAME = 300
_MAX_LISTED = 200


def read_message(data: bytes) -> MessageContents:
    """What a message holds. Never raises: what cannot be read or shown is `unidentified`, with the reason.

    A message that proposes changes but no job, like a single changed file, has no submissions. What it changes where a
    job may lie is among the `changes`.
    """
    failed: list[str] = []
    with ItemGuard("it cannot be read", failed):
        try:
            return _contents(unpack(data))
        except UnreadableContent as content:
            sender = encrypted_sender(data) if content.unidentified is Unidentified.ENCRYPTED else ""
            return MessageContents(_claim(sender), unidentified=content.unidentified, reason=content.reason)
    return MessageContents(unidentified=Unidentified.UNREADABLE, reason=failed[0])


def describe(folder: JobFolder, config: str, files: Iterable[str]) -> Submission:
    """The submission in a job folder. `files` are paths inside it; the config decides nothing but details.

    What is the same in many jobs is one object.
    """
    details: Mapping[str, Any] = {}
    with ItemGuard(CONFIG_FILE, []), suppress(ValueError):
        details = read_mapping(config)
    entry_point = text_of(details, "entrypoint", "entry_point", limit=_MAX_NAME)
    before_types = folder.layout in (JobLayout.J0, JobLayout.J1)
    submitted_by = text_of(details, "submitted_by", limit=_MAX_ADDRESS).lower()
    return Submission(
        key=folder.key,
        name=folder.name,
        claimed_ds=sys.intern(folder.ds or (submitted_by if is_address(submitted_by) else "")),
        layout=folder.layout,
        identity=_identity(config, details),
        submitted_at=time_of(details.get("submitted_at")),
        # J0 and J1 name a type only for python jobs.
        code_type=sys.intern(text_of(details, "type", limit=_MAX_WORD) or ("bash" if before_types and details else "")),
        entry_point=sys.intern(entry_point),
        dependencies=tuple(map(sys.intern, texts_of(details, "dependencies", limit=_MAX_NAME, count=_MAX_LISTED))),
        file_count=submitted_count(files),
    )


def _contents(content: bytes) -> MessageContents:
    changes = read_changes(content)
    files = changes.files()
    if sum(map(len, files)) > MAX_NAMES_LENGTH:
        raise UnreadableContent(Unidentified.TOO_LARGE, "the names of its files are too long")
    jobs = find_jobs(files)
    if len(jobs) > MAX_JOBS:
        raise UnreadableContent(Unidentified.TOO_LARGE, f"it holds more than {MAX_JOBS} jobs")
    # One config of that size takes a tenth of a second to read.
    if sum(len(files[f"{job.path}/{CONFIG_FILE}"]) for job in jobs) > MAX_DOCUMENT_BYTES and len(jobs) > 1:
        raise UnreadableContent(Unidentified.TOO_LARGE, f"the {CONFIG_FILE} files of its jobs are too large")
    in_jobs = {f"{folder.path}/{path}" for folder, paths in jobs.items() for path in paths}
    changed = possible_jobs(path for path in files if path not in in_jobs)
    if len(changed) > MAX_CHANGED_JOBS:
        raise UnreadableContent(Unidentified.TOO_LARGE, f"it changes files of more than {MAX_CHANGED_JOBS} jobs")
    return MessageContents(
        _claim(changes.sender_email),
        tuple(_submission(folder, _inside(folder, paths, files)) for folder, paths in jobs.items()),
        changes=tuple(_change(folder, _inside(folder, paths, files)) for folder, paths in changed.items()),
    )


def _inside(folder: JobFolder, paths: Iterable[str], files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {path: files[f"{folder.path}/{path}"] for path in paths}


def _submission(folder: JobFolder, files: Mapping[str, bytes]) -> tuple[Submission, Preview]:
    submission = describe(folder, files[CONFIG_FILE].decode(errors="replace"), files)
    return replace(submission, content=_digest(files)), _preview(files, submission.entry_point)


def _change(folder: JobFolder, files: Mapping[str, bytes]) -> CodeChange:
    job = JobId(folder.ds, folder.name)
    return CodeChange(job, folder.layout, _digest(files), _preview(files), submitted_count(files))


def _preview(files: Mapping[str, bytes], entry_point: str = "") -> Preview:
    sizes = {path: len(content) for path, content in files.items()}
    preview, failed = Preview(), list[str]()
    with ItemGuard("the code cannot be shown", failed):
        preview = build_preview(sizes, lambda path, limit: files[path][:limit], entry_point)
    return replace(preview, left_out=(*preview.left_out, *failed))


def _digest(files: Mapping[str, bytes]) -> str:
    """The same for the same files only."""
    contents = [(path, hashlib.sha256(files[path]).hexdigest()) for path in sorted(files)]
    return hashlib.sha256(json.dumps(contents).encode()).hexdigest()


def _identity(config: str, details: Mapping[str, object]) -> str:
    """What tells this submission of a job's name from the next one: equal in the message and on the owner's disk."""
    submitted_at = details.get("submitted_at")
    if isinstance(submitted_at, str) and time_of(submitted_at):
        return submitted_at.strip()
    text = config.replace("\r\n", "\n").replace("\r", "\n")
    return "sha256:" + hashlib.sha256(text.encode(errors="replace")).hexdigest()[:16]


def _claim(sender: str) -> str:
    return printable(sender.strip().lower()[:_MAX_ADDRESS])
