"""Messages as the clients of every generation send them, and as nobody should."""

from __future__ import annotations

import base64
import gzip
import io
import json
import tarfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syft_notify.domain.jobs import JobLayout, MessageContents, Submission, Unidentified
from syft_notify.syftbox.archive import MAX_PACKED_BYTES, MAX_UNPACKED_BYTES
from syft_notify.syftbox.submission import MAX_CHANGED_JOBS, MAX_JOBS, read_message
from tests.facts import lacking
from tests.worlds import GENERATIONS, bash_job, folder_job, python_job
from tests.worlds.messages import MEMBER, change, message_document, pack, pack_document

DO, DS = "do@example.org", "first_last+x@example.org"
NOW = datetime(2026, 11, 23, 14, 0, 1, tzinfo=UTC)
READABLE = {name: generation for name, generation in GENERATIONS.items() if not generation.encrypted}
LAYOUTS = {
    "0.1.93": JobLayout.J0,
    "0.1.97": JobLayout.J0,
    "0.1.105": JobLayout.J1,
    "0.1.109": JobLayout.J2,
    "0.1.117": JobLayout.J2,
    "syft-rds-0.6.1": JobLayout.J3,
}


def one_submission(contents: MessageContents) -> Submission:
    ((submission, _),) = contents.submissions
    return submission


def read_files(*changes: dict[str, Any]) -> MessageContents:
    document = message_document({}, DS, DO, NOW) | {"proposed_file_changes": list(changes)}
    return read_message(pack_document(document))


def put(path: str, content: str | None, **keys: Any) -> dict[str, Any]:
    return change(f"app_data/job/{path}", content, 1.0, DO) | keys


@pytest.mark.parametrize("release", READABLE)
@pytest.mark.parametrize("name", ["sales", "Job - 1a2b [v2]", "größe 分析 🎉", "j" * 200])
def test_every_generation_announces_its_job_with_its_details(release: str, name: str) -> None:
    job = python_job(name, dependencies=("numpy", "pandas<3"))
    contents = read_message(READABLE[release].message(job, DS, DO, NOW)[1])
    submission = one_submission(contents)
    assert contents.claimed_sender == DS
    assert contents.unidentified is None
    assert submission.layout is LAYOUTS[release]
    assert submission.name == name
    assert submission.key == (name if submission.layout is JobLayout.J0 else f"{DS}/{name}")
    assert submission.claimed_ds == DS
    assert submission.submitted_at == job.submitted_at
    assert (submission.code_type, submission.entry_point) == ("python", "main.py")
    assert submission.dependencies[1:] == ("numpy", "pandas<3")
    assert submission.file_count == 2


@pytest.mark.parametrize("release", READABLE)
def test_a_bash_job_shows_its_script_once(release: str) -> None:
    ((submission, preview),) = read_message(READABLE[release].message(bash_job(), DS, DO, NOW)[1]).submissions
    assert submission.code_type == "bash"
    assert [file.text for file in preview.files] == ["#!/bin/bash\necho hello\n"]


@pytest.mark.parametrize("release", [release for release in READABLE if release != "0.1.93"])
def test_a_folder_job_shows_its_code_with_the_entry_point_first(release: str) -> None:
    ((_, preview),) = read_message(READABLE[release].message(folder_job(), DS, DO, NOW)[1]).submissions
    names = [file.path.removeprefix("code/").removeprefix("my_project/") for file in preview.files]
    assert names == ["main.py", "lib/sums.py", "größe.json", "run.sh"]
    assert preview.left_out == ("1 empty file",)


def test_an_encrypted_message_tells_only_who_claims_to_have_sent_it() -> None:
    _, data = GENERATIONS["0.1.117-encrypted"].message(python_job("secret"), DS, DO, NOW)
    contents = read_message(data)
    assert (contents.unidentified, contents.claimed_sender, contents.submissions) == (Unidentified.ENCRYPTED, DS, ())
    assert "encrypted" in contents.reason
    assert b"secret" not in data


@pytest.mark.parametrize(
    "data",
    [
        b"SYC2",
        b"SYC2\x01\xff\xff\xff\xff{}",
        b"SYC2\x01\x02\x00\x00\x00{]",
        b"SYC2\x01\x02\x00\x00\x00[]",
        b'SYC2\x01\x0d\x00\x00\x00{"sender": 3}',
        b'SYC2\x01\x1c\x00\x00\x00{"sender": {"identity": []}}',
        b"SYC2\x01\x50\xc3\x00\x00" + b"[" * 50_000,
    ],
)
def test_a_broken_header_of_an_encrypted_message_names_nobody(data: bytes) -> None:
    contents = read_message(data)
    assert (contents.unidentified, contents.claimed_sender) == (Unidentified.ENCRYPTED, "")


def tar_of(*members: tuple[str, bytes], kind: bytes = tarfile.REGTYPE) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size, info.type = len(content), kind
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


GOOD = READABLE["0.1.117"].message(python_job(), DS, DO, NOW)[1]
GOOD_JSON = gzip.decompress(GOOD)[512:].rstrip(b"\0")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x1f\x8b",
        b"PK\x03\x04 a zip",
        GOOD[:-1],
        GOOD[: len(GOOD) // 2],
        GOOD[:20] + b"\xff\xff" + GOOD[22:],
        GOOD + b"more",
        GOOD + GOOD,
        gzip.compress(b""),
        gzip.compress(b"no tar" * 200),
        gzip.compress(gzip.decompress(GOOD)[:600]),
        gzip.compress(tar_of()),
        gzip.compress(tar_of(("other.json", GOOD_JSON))),
        gzip.compress(tar_of((f"./{MEMBER}", GOOD_JSON))),
        gzip.compress(tar_of((MEMBER, b""), kind=tarfile.SYMTYPE)),
        gzip.compress(tar_of((MEMBER, GOOD_JSON), (MEMBER, GOOD_JSON))),
        gzip.compress(tar_of((MEMBER, GOOD_JSON), ("more.py", b"x"))),
        gzip.compress(bytes([gzip.decompress(GOOD)[0] ^ 1]) + gzip.decompress(GOOD)[1:]),
        pack(b""),
        pack(b"{}"),
        pack(b"[]"),
        pack(b"[" * 100_000),
        pack(GOOD_JSON[:-5]),
        pack(b"\xff\xfe" + GOOD_JSON),
        pack(b'{"events": []}'),
        pack(b'{"proposed_file_changes": {}}'),
        pack(b'{"proposed_file_changes": [{"path_in_datasite": 3}]}'),
        pack(b'{"proposed_file_changes": [{"path_in_datasite": "a", "content": "\\ud800"}]}'),
    ],
    ids=range(28),
)
def test_what_is_not_a_message_is_unreadable_with_a_reason_and_nothing_else(data: bytes) -> None:
    contents = read_message(data)
    assert contents.unidentified is Unidentified.UNREADABLE
    assert contents.reason
    assert contents.submissions == ()


def test_a_second_member_that_the_client_would_use_instead_is_not_overlooked() -> None:
    evil = READABLE["0.1.117"].message(python_job("evil"), DS, DO, NOW)[1]
    both = tar_of((MEMBER, GOOD_JSON), (MEMBER, gzip.decompress(evil)[512:].rstrip(b"\0")))
    assert read_message(gzip.compress(both)).unidentified is Unidentified.UNREADABLE


@pytest.mark.parametrize(
    "data",
    [
        b"\x1f\x8b" + bytes(MAX_PACKED_BYTES),
        gzip.compress(bytes(MAX_UNPACKED_BYTES + 1)),
        pack(b'{"proposed_file_changes": [' + b'{"path_in_datasite": "a"},' * 20_000 + b'{"path_in_datasite": "a"}]}'),
    ],
    ids=["packed", "unpacked", "changes"],
)
def test_what_is_too_large_is_refused_before_it_costs_much(data: bytes) -> None:
    contents = read_message(data)
    assert contents.unidentified is Unidentified.TOO_LARGE
    assert contents.reason


def test_the_configs_of_all_jobs_together_may_be_as_large_as_one() -> None:
    config = "name: x\n" + "# x\n" * 5_000
    some = [put(f"job{n}/config.yaml", config) for n in range(12)]
    assert len(read_files(*some).submissions) == 12
    too_much = read_files(*some, put("job/config.yaml", config))
    assert (too_much.unidentified, lacking(too_much.reason, "config.yaml")) == (Unidentified.TOO_LARGE, [])


def test_too_many_jobs_at_once_are_one_announcement_and_not_a_flood_of_mails() -> None:
    some = [put(f"job{n}/config.yaml", "name: x\n") for n in range(MAX_JOBS)]
    assert len(read_files(*some).submissions) == MAX_JOBS
    assert read_files(*some, put("one_more/config.yaml", "")).unidentified is Unidentified.TOO_LARGE


def test_names_that_are_too_long_in_all_are_refused() -> None:
    deep = [put("a/" + "d/" * 1900 + str(n), "") for n in range(600)]
    assert read_files(*deep).unidentified is Unidentified.TOO_LARGE


def test_changes_that_make_no_job_are_no_submission_and_nothing_unidentified() -> None:
    contents = read_files(
        put("inbox/ds@x.org/readme.txt", "hello"),
        put("inbox/ds@x.org/sales/extra.txt", "hello"),
        change("app_data/notes.txt", "hello", 1.0, DO),
    )
    assert replace(contents, changes=()) == MessageContents(claimed_sender=DS)


@pytest.mark.parametrize(
    ("path", "jobs"),
    [
        ("x/main.py", [("", "x")]),
        ("x/lib/main.py", [("", "x")]),
        ("ds@x.org/sales/main.py", [("", "ds@x.org"), ("ds@x.org", "sales")]),
        ("inbox/ds@x.org/sales/main.py", [("", "inbox"), ("ds@x.org", "sales")]),
        ("inbox/ds@x.org/v1/sales/main.py", [("", "inbox"), ("ds@x.org", "v1"), ("ds@x.org", "sales")]),
        ("inbox/ds@x.org/readme.txt", [("", "inbox")]),
        ("notes.txt", []),
        ("../notes/x/main.py", []),
    ],
)
def test_a_file_without_its_config_may_be_of_a_job_of_each_generation(path: str, jobs: list[tuple[str, str]]) -> None:
    contents = read_files(put(path, "print()\n"))
    assert [(change.job.folder, change.job.name) for change in contents.changes] == jobs
    assert contents.submissions == ()
    if jobs:
        assert [file.text for file in contents.changes[-1].preview.files] == ["print()\n"]


def test_what_lies_in_a_job_of_the_message_is_no_change_beside_it() -> None:
    contents = read_files(put("x/config.yaml", "name: x\n"), put("x/main.py", "a"), put("y/main.py", "b"))
    assert [submission.name for submission, _ in contents.submissions] == ["x"]
    assert [change.job.name for change in contents.changes] == ["y"]


def test_the_digest_of_a_submission_is_of_its_names_and_contents() -> None:
    def digest(**files: str) -> str:
        puts = [put(f"x/{name}.py", text) for name, text in files.items()]
        return one_submission(read_files(put("x/config.yaml", "name: x\n"), *puts)).content

    same = digest(a="1", b="2")
    assert same == digest(b="2", a="1")
    assert len({same, digest(a="2", b="1"), digest(a="12"), digest(a="1", c="2"), digest(a="1", b="2", c="")}) == 5


def test_changes_of_too_many_jobs_are_too_large() -> None:
    some = [put(f"job{n}/main.py", "print()\n") for n in range(MAX_CHANGED_JOBS)]
    assert len(read_files(*some).changes) == MAX_CHANGED_JOBS
    assert read_files(*some, put("one_more/main.py", "")).unidentified is Unidentified.TOO_LARGE


@pytest.mark.parametrize("path", ["app_data//job/sales", "./app_data/job/./sales", "app_data/job/other/../sales"])
def test_a_path_that_is_written_oddly_is_the_one_that_the_disk_will_have(path: str) -> None:
    contents = read_files(change(f"{path}/config.yaml", "type: python", 1.0, DO))
    assert [submission.key for submission, _ in contents.submissions] == ["sales"]


@pytest.mark.parametrize("path", ["../../etc/config.yaml", "/etc/config.yaml", "a/../../x", ".."])
def test_a_path_out_of_the_datasite_makes_the_message_suspect(path: str) -> None:
    contents = read_files(put("sales/config.yaml", "type: python"), change(path, "name: x", 1.0, DO))
    assert contents.submissions == ()
    assert contents.unidentified is Unidentified.UNREADABLE
    assert lacking(contents.reason, "outside") == []


def test_the_last_change_of_a_file_counts_and_a_deleted_config_announces_nothing() -> None:
    contents = read_files(
        put("a/config.yaml", "type: old\n"),
        put("a/config.yaml", "type: new\n"),
        put("b/config.yaml", "type: python\n"),
        put("b/config.yaml", None),
    )
    submission = one_submission(contents)
    assert (submission.name, submission.code_type) == ("a", "new")


def test_several_jobs_in_one_message_are_all_announced() -> None:
    names = [s.name for s, _ in read_files(put("a/config.yaml", "x: 1"), put("b/config.yaml", "x: 1")).submissions]
    assert names == ["a", "b"]


def test_a_config_sent_as_binary_is_read_as_the_client_would_write_it() -> None:
    encoded = base64.b64encode(b"type: python\n").decode()
    contents = read_files(put("a/config.yaml", encoded, content_type="binary"))
    assert one_submission(contents).code_type == "python"


def test_binary_content_that_is_no_base64_still_announces_the_job() -> None:
    contents = read_files(put("a/config.yaml", "type: bash\n"), put("a/model.bin", "abc\u00e9", content_type="binary"))
    assert one_submission(contents).file_count == 1


def test_the_sender_in_the_message_is_kept_as_a_claim_on_one_short_line() -> None:
    document = message_document({}, "  Evil@X.org\n\u202e" + "x" * 500, DO, NOW)
    claim = read_message(pack_document(document)).claimed_sender
    assert claim.startswith("evil@x.org\\n\\u202e")
    assert len(claim) < 300


J0 = READABLE["0.1.97"]


def submitted(config: str, path: str = "sales") -> Submission:
    return one_submission(read_files(put(f"{path}/config.yaml", config), put(f"{path}/run.sh", "echo\n")))


@pytest.mark.parametrize(
    "config",
    [
        "",
        "just text",
        "[a, list]",
        "a: [unclosed",
        "a: &a [x]\nb: [*a, *a]\n",
        "a: " + "[" * 500,
        "a: [" + "x," * 30_000 + "]",
        "x: " + "y" * 300_000,
        "\0\1\2",
        "submitted_at: [2026]\nsubmitted_by: {}\ntype: 3\nentrypoint: [x]\ndependencies: text\n",
        "? [a]\n: b\n",
        "!!python/object/apply:os.system ['true']\n",
    ],
    ids=range(12),
)
def test_a_config_that_cannot_be_trusted_leaves_the_job_announced_by_its_path(config: str) -> None:
    submission = submitted(config)
    assert (submission.name, submission.key, submission.claimed_ds) == ("sales", "sales", "")
    assert submission.submitted_at is None
    assert submission.identity.startswith("sha256:")
    assert submission.file_count == 1


def test_an_unquoted_time_and_tagged_values_are_only_text() -> None:
    submission = submitted("submitted_at: 2026-11-23T14:00:00Z\ntype: !!python/name:os.system python\n")
    assert submission.identity == "2026-11-23T14:00:00Z"
    assert submission.code_type == "python"


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-11-23T14:06:49.979567+00:00", datetime(2026, 11, 23, 14, 6, 49, 979567, UTC)),
        ("2026-11-23T14:06:49.979567Z", datetime(2026, 11, 23, 14, 6, 49, 979567, UTC)),
        ("2026-11-23T16:06:49+02:00", datetime(2026, 11, 23, 14, 6, 49, tzinfo=UTC)),
        ("2026-11-23 14:06:49.5", datetime(2026, 11, 23, 14, 6, 49, 500_000, UTC)),
        ("2026-11-23T14:06:49.123456789Z", datetime(2026, 11, 23, 14, 6, 49, 123456, UTC)),
    ],
)
def test_the_time_of_submission_identifies_it(written: str, moment: datetime) -> None:
    submission = submitted(f"submitted_at: '{written}'\n")
    assert (submission.identity, submission.submitted_at) == (written, moment)


@pytest.mark.parametrize(
    "written",
    [
        "yesterday",
        "2026-13-23T14:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "2026-11-23",
        "٢٠٢٦-11-23T14:00:00Z",
        "2" * 9000,
    ],
    ids=lambda text: text[:20],
)
def test_a_time_that_is_none_identifies_nothing(written: str) -> None:
    submission = submitted(f"submitted_at: '{written}'\n")
    assert submission.submitted_at is None
    assert submission.identity != submitted(f"submitted_at: '{written}'\nmore: 1\n").identity


def test_without_a_time_the_text_identifies_whatever_ends_its_lines() -> None:
    assert submitted("name: a\ntype: b\n").identity == submitted("name: a\r\ntype: b\r\n").identity
    assert submitted("name: a\ntype: b\n").identity != submitted("name: a\ntype: c\n").identity


def test_the_name_in_the_config_is_not_believed() -> None:
    assert submitted("name: other\n").name == "sales"


def test_details_are_short_and_on_one_line() -> None:
    long = ", ".join(["'a\\nb'", *[f"d{n}" for n in range(500)]])
    submission = submitted(f'type: {"p" * 99}\nentry_point: "m\\nn\\u202e.py"\ndependencies: [{long}]\n')
    assert submission.code_type == "p" * 40
    assert submission.entry_point == "m n\\u202e.py"
    assert len(submission.dependencies) == 200


def test_who_submitted_a_j0_job_is_what_its_config_claims_and_elsewhere_what_the_path_says() -> None:
    assert submitted("submitted_by: DS@X.org\n").claimed_ds == "ds@x.org"
    assert submitted("submitted_by: not an address\n").claimed_ds == ""
    assert submitted("submitted_by: other@x.org\n", "inbox/DS@x.org/sales").claimed_ds == "ds@x.org"


def test_the_same_name_submitted_again_is_another_submission() -> None:
    first = python_job()
    again = replace(first, submitted_at=first.submitted_at + timedelta(seconds=1))
    identities = {one_submission(read_message(J0.message(job, DS, DO, NOW)[1])).identity for job in (first, again)}
    assert len(identities) == 2


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
_CHANGE = st.fixed_dictionaries(
    {"path_in_datasite": st.sampled_from(["app_data/job/a/config.yaml", "app_data/job/a/x", "x"]) | _JSON},
    optional={"content": _JSON, "content_type": _JSON, "is_deleted": _JSON},
)


def assert_sane(contents: MessageContents) -> None:
    assert (contents.unidentified is None) == (contents.reason == "")
    assert not (contents.unidentified and contents.submissions)


@given(st.fixed_dictionaries({"proposed_file_changes": st.lists(_CHANGE, max_size=3) | _JSON, "sender_email": _JSON}))
def test_no_json_breaks_the_reader(document: dict[str, Any]) -> None:
    assert_sane(read_message(pack(json.dumps(document).encode())))


@given(st.binary(max_size=300), st.integers(0, 2))
def test_no_bytes_break_the_reader(data: bytes, shell: int) -> None:
    wrapped = (data, gzip.compress(data), pack(data))[shell]
    assert_sane(read_message(wrapped))


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_no_flipped_byte_breaks_the_reader(position: int, flip: int) -> None:
    assert_sane(read_message(GOOD[:position] + bytes([GOOD[position] ^ flip]) + GOOD[position + 1 :]))


@given(st.text(max_size=200))
def test_no_config_breaks_the_reader(config: str) -> None:
    contents = read_files(put("a/config.yaml", config.encode(errors="replace").decode()))
    assert_sane(contents)
    assert one_submission(contents).name == "a"
