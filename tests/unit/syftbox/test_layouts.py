"""Names of folders on Drive and paths of jobs, as every generation and every stranger writes them."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from syft_notify.domain.addresses import is_address
from syft_notify.domain.jobs import JobLayout
from syft_notify.domain.text import printable
from syft_notify.syftbox.layouts import DriveLayout, FolderName, FolderRole, JobFolder, find_jobs, parse_folder
from tests.worlds import GENERATIONS

ME = "do@example.org"
IN, OUT, THEIR_IN, THEIR_OUT, ARCHIVE = FolderRole


def d1(role: FolderRole, peer: str) -> FolderName:
    return FolderName(role, peer, "", DriveLayout.D1)


def d2(role: FolderRole, peer: str) -> FolderName:
    return FolderName(role, peer, "", DriveLayout.D2)


def d3(role: FolderRole, peer: str, version: str = "0.1.117") -> FolderName:
    return FolderName(role, peer, version, DriveLayout.D3)


def archive(peer: str) -> FolderName:
    return FolderName(ARCHIVE, peer, "", DriveLayout.ANY)


@pytest.mark.parametrize(
    ("name", "me", "meaning"),
    [
        ("syft_outbox_inbox_ds@x.org_to_do@example.org", ME, d1(IN, "ds@x.org")),
        ("syft_outbox_inbox_do@example.org_to_ds@x.org", ME, d1(OUT, "ds@x.org")),
        ("syft_outbox_inbox_first_last@x.org_to_do@example.org", ME, d1(IN, "first_last@x.org")),
        ("syft_outbox_inbox_do@example.org_to_first_last@x.org", ME, d1(OUT, "first_last@x.org")),
        ("syft_outbox_inbox_a_to_b@x.org_to_do@example.org", ME, d1(IN, "a_to_b@x.org")),
        ("syft_outbox_inbox_do@example.org_to_a_to_b@x.org", ME, d1(OUT, "a_to_b@x.org")),
        ("syft_outbox_inbox_ds@x.org_to_x_to_do@example.org", "x_to_do@example.org", d1(IN, "ds@x.org")),
        ("syft_outbox_inbox_x_to_do@example.org_to_ds@x.org", "x_to_do@example.org", d1(OUT, "ds@x.org")),
        ("syft_outbox_inbox_me_to_ds@x.org_to_do@example.org", ME, d1(IN, "me_to_ds@x.org")),
        ("syft_outbox_inbox_o'neil+test@x.org_to_do@example.org", ME, d1(IN, "o'neil+test@x.org")),
        ("syft_outbox_inbox_DS@X.org_to_Do@Example.org", ME, d1(IN, "ds@x.org")),
        ("syft_outbox_inbox_ds@x.org_to_d.o+tag@googlemail.com", "do@gmail.com", d1(IN, "ds@x.org")),
        ("syft_outbox_inbox_d.o@gmail.com_to_ds@x.org", "do@gmail.com", d1(OUT, "ds@x.org")),
        ("syft_outbox_inbox_d.s+a@gmail.com_to_do@example.org", ME, d1(IN, "d.s+a@gmail.com")),
        ("syft_datasite#do@gmail.com#inbox#d.s@gmail.com", "d.o@googlemail.com", d2(IN, "d.s@gmail.com")),
        ("syft_datasite#0.1.117#d.s@gmail.com#inbox#do@gmail.com", "d.o@gmail.com", d3(THEIR_IN, "d.s@gmail.com")),
        ("syft_d.s@gmail.com_to_d.o@gmail.com_archive", "do@gmail.com", archive("d.s@gmail.com")),
        ("syft_datasite#do@gmail.com#inbox#d.o@gmail.com", "do@gmail.com", None),
        ("syft_datasite#do@example.org #inbox#ds@x.org", ME, None),
        ("syft_datasite#d.o@example.org#inbox#ds@x.org", ME, None),
        ("syft_datasite#do@example.org#inbox#ds@x.org", ME, d2(IN, "ds@x.org")),
        ("syft_datasite#do@example.org#outbox#ds@x.org", ME, d2(OUT, "ds@x.org")),
        ("syft_datasite#ds@x.org#inbox#do@example.org", ME, d2(THEIR_IN, "ds@x.org")),
        ("syft_datasite#ds@x.org#outbox#do@example.org", ME, d2(THEIR_OUT, "ds@x.org")),
        ("syft_datasite#do@example.org#inbox#first_last+a@x.org", ME, d2(IN, "first_last+a@x.org")),
        ("syft_datasite#0.1.117#do@example.org#inbox#ds@x.org", ME, d3(IN, "ds@x.org")),
        ("syft_datasite#0.10.0#ds@x.org#outbox#do@example.org", ME, d3(THEIR_OUT, "ds@x.org", "0.10.0")),
        ("syft_datasite#0.1.117#Do@Example.org#inbox#Caps@X.org", ME, d3(IN, "caps@x.org")),
        ("syft_datasite#0.1.117#do@example.org#inbox#ds@x.org", "Do@EXAMPLE.org", d3(IN, "ds@x.org")),
        ("syft_ds@x.org_to_do@example.org_archive", ME, archive("ds@x.org")),
        ("syft_first_last@x.org_to_do@example.org_archive", ME, archive("first_last@x.org")),
        ("syft_outbox_inbox_ds@x.org_to_do@example.org_archive", ME, archive("outbox_inbox_ds@x.org")),
    ],
)
def test_a_folder_of_any_generation_is_understood(name: str, me: str, meaning: FolderName) -> None:
    assert parse_folder(name, me) == meaning


@pytest.mark.parametrize(
    "name",
    [
        "",
        "SyftBox",
        "do@example.org",
        "syft_",
        "syft_datasite",
        "syft_datasite#do@example.org#inbox",
        "syft_datasite#do@example.org#inbox#",
        "syft_datasite##do@example.org#inbox#ds@x.org",
        "syft_datasite#ds@x.org#do@example.org#inbox#ds@x.org",
        "syft_datasite#0.1.117#do@example.org#inbox#ds@x.org#more",
        "syft_datasite#do@example.org#Inbox2#ds@x.org",
        "syft_datasite#other@x.org#inbox#ds@x.org",
        "syft_datasite#do@example.org#inbox#do@example.org",
        "syft_datasite#do@example.org#inbox#ds",
        "syft_datasite#do@example.org#inbox#a@b@c.org",
        "syft_datasite#do@example.org#inbox#ds@x.org\n",
        "syft_datasite#do@example.org#inbox#d s@x.org",
        "syft_datasite#do@example.org#inbox#\u202eds@x.org",
        "syft_datasite#do@example.org#inbox#../../ds@x.org",
        " syft_datasite#do@example.org#inbox#ds@x.org",
        "syft_outbox_inbox_ds@x.org_to_other@x.org",
        "syft_outbox_inbox__to_do@example.org",
        "syft_outbox_inbox_do@example.org_to_",
        "syft_outbox_inbox_ds@x.org_to_x_to_do@example.org",
        "syft_outbox_inbox_do@example.org_to_do@example.org",
        "syft_ds@x.org_to_do@example.org_archive2",
        "syft_ds@x.org_to_other@x.org_archive",
        "syft_outbox_inbox_" + "a" * 2000 + "@x.org_to_do@example.org",
        "syft_outbox_inbox_" + "a" * 300 + "@x.org_to_do@example.org",
        "0.1.117#do@example.org",
        "do@example.org-checkpoints",
    ],
)
def test_anything_else_is_no_folder_of_ours(name: str) -> None:
    assert parse_folder(name, ME) is None


@pytest.mark.parametrize("generation", GENERATIONS.values(), ids=GENERATIONS)
@pytest.mark.parametrize("ds", ["ds@example.org", "first_last@x.org", "a_to_b+c@x.org", "o'neil@x.org", "Big@X.org"])
def test_the_names_that_the_clients_write_are_understood(generation, ds: str) -> None:
    roles = {
        generation.inbox_folder(ME, ds): IN,
        generation.outbox_folder(ME, ds): OUT,
        generation.archive_folder(ME, ds): ARCHIVE,
        **dict(zip(generation.reverse_folders(ME, ds), (THEIR_IN, THEIR_OUT), strict=False)),
    }
    for name, role in roles.items():
        meaning = parse_folder(name, ME)
        assert meaning is not None
        assert (meaning.role, meaning.peer) == (role, ds.lower())


_PIECES = ["syft_", "datasite", "#", "outbox_inbox_", "_to_", "_archive", "inbox", "outbox", ME, "a@b.c", "0.1", "@"]


@given(
    st.one_of(st.text(max_size=60), st.lists(st.sampled_from(_PIECES), max_size=9).map("".join)), st.text(max_size=20)
)
@example("syft_datasite#İ@x.org#inbox#do@example.org", "İ@x.org")
@example("syft_outbox_inbox_\ud800@x.org_to_do@example.org", ME)
def test_no_name_breaks_the_parser_or_names_the_owner_as_peer(name: str, me: str) -> None:
    for owner in (ME, me):
        meaning = parse_folder(name, owner)
        assert meaning is None or (is_address(meaning.peer) and meaning.peer != owner.lower())


def job(layout: JobLayout, path: str, name: str, ds: str = "") -> JobFolder:
    return JobFolder(layout, f"app_data/job/{path}", name, ds)


J0, J1, J2, J3 = JobLayout


@pytest.mark.parametrize(
    ("paths", "jobs"),
    [
        (["sales/config.yaml"], [job(J0, "sales", "sales")]),
        (["ds@x.org/sales/config.yaml"], [job(J1, "ds@x.org/sales", "sales", "ds@x.org")]),
        (["inbox/ds@x.org/sales/config.yaml"], [job(J2, "inbox/ds@x.org/sales", "sales", "ds@x.org")]),
        (["inbox/ds@x.org/v1/sales/config.yaml"], [job(J3, "inbox/ds@x.org/v1/sales", "sales", "ds@x.org")]),
        (["inbox/DS@x.org/sales/config.yaml"], [job(J2, "inbox/DS@x.org/sales", "sales", "ds@x.org")]),
        (["Job - 1a [x] (v2).b/config.yaml"], [job(J0, "Job - 1a [x] (v2).b", "Job - 1a [x] (v2).b")]),
        (["größe 分析/config.yaml"], [job(J0, "größe 分析", "größe 分析")]),
        (["j" * 200 + "/config.yaml"], [job(J0, "j" * 200, "j" * 200)]),
        (["inbox/config.yaml"], [job(J0, "inbox", "inbox")]),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_job_is_told_by_where_its_config_lies(paths: list[str], jobs: list[JobFolder]) -> None:
    assert list(find_jobs(f"app_data/job/{path}" for path in paths)) == jobs


def keys(*paths: str) -> dict[str, tuple[str, ...]]:
    return {found.path.removeprefix("app_data/job/"): files for found, files in find_jobs(paths).items()}


def test_a_config_deeper_inside_a_job_is_a_file_of_that_job() -> None:
    prefix = "app_data/job"
    assert keys(f"{prefix}/a/config.yaml", f"{prefix}/a/my_project/config.yaml") == {
        "a": ("config.yaml", "my_project/config.yaml")
    }
    j2 = f"{prefix}/inbox/ds@x.org/b"
    assert keys(f"{j2}/config.yaml", f"{j2}/code/config.yaml") == {
        "inbox/ds@x.org/b": ("config.yaml", "code/config.yaml")
    }


def test_a_flat_job_named_like_a_protocol_is_one_job() -> None:
    j2 = "app_data/job/inbox/ds@x.org/v1"
    assert keys(f"{j2}/config.yaml", f"{j2}/code/config.yaml", f"{j2}/outputs/config.yaml") == {
        "inbox/ds@x.org/v1": ("config.yaml", "code/config.yaml", "outputs/config.yaml")
    }


def test_a_config_beside_other_jobs_does_not_hide_them() -> None:
    prefix = "app_data/job"
    assert set(keys(f"{prefix}/ds@x.org/config.yaml", f"{prefix}/ds@x.org/real/config.yaml")) == {"ds@x.org/real"}
    j3 = f"{prefix}/inbox/ds@x.org/v1"
    found = keys(f"{j3}/config.yaml", f"{j3}/real/config.yaml", f"{prefix}/inbox/config.yaml")
    assert set(found) == {"inbox", "inbox/ds@x.org/v1", "inbox/ds@x.org/v1/real"}


@pytest.mark.parametrize(
    "path",
    [
        "app_data/job/inbox/ds@x.org/readme.txt",
        "app_data/job/inbox/ds@x.org/config.yaml",
        "app_data/job/inbox/nobody/sales/config.yaml",
        "app_data/job/inbox/ds@x.org/w1/sales/config.yaml",
        "app_data/job/review/ds@x.org/sales/config.yaml",
        "app_data/job/config.yaml",
        "app_data/job/a/Config.yaml",
        "app_data/notes.txt",
        "app_data/job/../job/a/config.yaml",
        "app_data/job/./config.yaml",
        "app_data/job//config.yaml",
        "app_data/job/a/config.yaml/",
        "/app_data/job/a/config.yaml",
        "app_data/job/a\0/config.yaml",
        "app_data/job/" + "j" * 256 + "/config.yaml",
        "app_data/job/" + "d/" * 3000 + "config.yaml",
        "config.yaml",
        "",
    ],
    ids=lambda path: path[:50],
)
def test_other_paths_are_no_jobs(path: str) -> None:
    assert find_jobs([path]) == {}


def test_the_view_key_is_bare_only_where_all_jobs_share_one_namespace() -> None:
    assert job(J0, "sales", "sales").key == "sales"
    assert job(J3, "inbox/ds@x.org/v1/sales", "sales", "ds@x.org").key == "ds@x.org/sales"


def test_a_name_that_would_break_a_line_or_turn_it_around_is_escaped() -> None:
    (found,) = find_jobs(["app_data/job/a\nb\u202ec\x1b[0m/config.yaml"])
    assert found.name == "a\\nb\\u202ec\\x1b[0m"
    assert printable("re\u0301sume\u0301 \u3000x") == "résumé \u3000x"


@given(
    st.lists(
        st.lists(st.sampled_from(["app_data", "job", "inbox", "a@b.c", "v1", "x", "config.yaml", "..", ""])).map(
            "/".join
        )
    )
)
def test_no_paths_break_the_search_and_each_file_has_one_job(paths: list[str]) -> None:
    found = find_jobs(set(paths))
    files = [f"{folder.path}/{path}" for folder, inside in found.items() for path in inside]
    assert len(files) == len(set(files))
    assert set(files) <= set(paths)
    assert all("config.yaml" in inside for inside in found.values())
