"""The submitted code as a mail shows it: bounded, in order, and honest about what is left out."""

from __future__ import annotations

import pytest

from syft_notify.domain.jobs import Preview
from syft_notify.syftbox.preview import MAX_FILE_BYTES, MAX_READ_BYTES, MAX_SHOWN_BYTES, build_preview, size_in_words
from tests.facts import lacking


def preview_of(files: dict[str, bytes], entry_point: str = "") -> Preview:
    sizes = {path: len(content) for path, content in files.items()}
    return build_preview(sizes, lambda path, limit: files[path][:limit], entry_point)


def shown(preview: Preview) -> list[str]:
    return [file.path for file in preview.files]


def test_the_entry_point_comes_first_then_code_then_the_rest_and_run_sh_last() -> None:
    names = ["run.sh", "code/data.csv", "code/zeta.py", "code/main.py", "code/alpha.R", "config.yaml"]
    preview = preview_of({name: name.encode() for name in names}, "main.py")
    assert shown(preview) == ["code/main.py", "code/alpha.R", "code/zeta.py", "code/data.csv", "run.sh"]
    assert preview.left_out == ()


def test_of_two_files_that_the_entry_point_may_mean_the_outer_one_is_taken() -> None:
    preview = preview_of({"code/a/main.py": b"1", "code/main.py": b"2", "code/domain.py": b"3"}, "main.py")
    assert shown(preview)[0] == "code/main.py"


def test_a_file_up_to_50_kb_is_shown_whole_and_one_byte_more_is_cut() -> None:
    preview = preview_of({"a.py": b"x" * MAX_FILE_BYTES, "b.py": b"y" * (MAX_FILE_BYTES + 1)})
    whole, cut = preview.files
    assert (len(whole.text), whole.cut) == (MAX_FILE_BYTES, False)
    assert (len(cut.text), cut.cut, cut.size) == (MAX_FILE_BYTES, True, MAX_FILE_BYTES + 1)


def test_a_character_that_is_cut_in_two_does_not_make_the_text_binary() -> None:
    content = b"x" * (MAX_FILE_BYTES - 1) + "é".encode()
    (file,) = preview_of({"a.py": content}).files
    assert (file.text, file.cut) == ("x" * (MAX_FILE_BYTES - 1), True)


def test_no_more_than_200_kb_are_shown_and_the_rest_is_counted() -> None:
    preview = preview_of({f"f{n}.py": bytes([97 + n]) * 60_000 for n in range(8)})
    assert sum(len(file.text) for file in preview.files) <= MAX_SHOWN_BYTES
    assert shown(preview) == ["f0.py", "f1.py", "f2.py"]
    assert preview.left_out == ("5 more files, 300 KB",)


def test_padding_cannot_push_the_entry_point_or_run_sh_out_of_the_mail() -> None:
    files = {f"a{n}.py": bytes([97 + n]) * 50_000 for n in range(9)}
    preview = preview_of(files | {"run.sh": b"rm -rf /\n", "zz.py": b"print()\n"}, "zz.py")
    assert shown(preview)[0] == "zz.py"
    assert shown(preview)[-1] == "run.sh"


def test_many_tiny_files_are_bounded_in_number() -> None:
    preview = preview_of({f"f{n:04}.py": str(n).encode() for n in range(500)})
    assert len(preview.files) == 100
    assert preview.left_out == ("400 more files, 1 KB",)


def test_files_beyond_the_room_are_not_even_read() -> None:
    read: list[str] = []

    def reading(path: str, limit: int) -> bytes:
        read.append(path)
        return path.encode() * (limit // len(path))

    build_preview({f"f{n}.py": 10_000_000 for n in range(1000)}, reading, "")
    assert len(read) <= 4


def test_copies_and_binaries_take_no_room_and_are_not_all_read() -> None:
    read: list[str] = []
    sizes = {f"{number:03}.py": MAX_FILE_BYTES for number in range(200)}

    def content(path: str, limit: int) -> bytes:
        read.append(path)
        return b"\0" * limit if path < "010.py" else b"x" * limit

    preview = build_preview(sizes, content, "")
    assert len(read) == MAX_READ_BYTES // MAX_FILE_BYTES
    assert [file.path for file in preview.files] == ["010.py"]
    assert preview.left_out[-1] == "180 more files, 9.0 MB"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("main.py", True),
        ("a.b/venvs/x.pycx", True),
        ("my.egg-info.txt", True),
        (".env", False),
        ("a/.git/x.py", False),
        ("a/venv/x.py", False),
        ("__pycache__/x.py", False),
        ("x.egg-info/x.py", False),
        ("a/x.pyc", False),
        ("a\n/.x", False),
    ],
)
def test_hidden_and_generated_files_are_not_shown(path: str, shown: bool) -> None:
    assert bool(build_preview({path: 1}, lambda path, limit: b"x", "").files) is shown


def test_what_is_no_code_is_said_in_words_and_not_shown() -> None:
    preview = preview_of(
        {
            "main.py": b"print()\n",
            "model.bin": b"\0\1" * 1_550_000,
            "latin.txt": "größe".encode("latin-1"),
            "lib/__init__.py": b"",
            "uv.lock": b"x",
            "ui/package-lock.json": b"{}",
            ".env": b"SECRET=1",
            "lib/.cache/a": b"x",
            "lib/.cache/b/c": b"x",
            ".git/config": b"x",
            "__pycache__/main.pyc": b"x",
            "old.pyc": b"x",
        }
    )
    assert shown(preview) == ["main.py"]
    facts = (
        ("latin.txt", "binary", "5 bytes"),
        ("model.bin", "binary", "3.1 MB"),
        ("2 hidden", "files"),
        ("3 hidden", "folders"),
        ("2 lock files",),
        ("1 empty file",),
    )
    assert [lacking(reason, *each) for reason, each in zip(preview.left_out, facts, strict=True)] == [[]] * 6
    assert "SECRET" not in repr(preview)


def test_many_binary_files_are_named_only_up_to_five() -> None:
    preview = preview_of({f"{n}.bin": b"\0" * 1000 for n in range(9)})
    last, rest = preview.left_out[4:]
    assert lacking(last, "4.bin", "1 KB") == []
    assert lacking(rest, "4 more", "4 KB") == []


def test_a_file_that_cannot_be_read_is_said_in_words() -> None:
    preview = build_preview({"gone.py": 5, **{f"x{n}": 1 for n in range(6)}}, lambda path, limit: None, "")
    assert preview.files == ()
    assert preview.left_out[0].startswith("gone.py: ")
    assert preview.left_out[-1].startswith("2 more ")


def test_a_copy_is_named_and_not_shown_twice() -> None:
    preview = preview_of({"a.py": b"same\n", "b.py": b"same\n", "run.sh": b"echo\n", "code/script.sh": b"echo\n"})
    assert shown(preview) == ["a.py", "code/script.sh"]
    facts = (("b.py", "a.py"), ("run.sh", "code/script.sh"))
    assert [lacking(reason, *names) for reason, names in zip(sorted(preview.left_out), facts, strict=True)] == [[], []]


def test_two_long_files_that_only_begin_alike_are_both_shown() -> None:
    begin = b"x" * MAX_FILE_BYTES
    assert shown(preview_of({"a.py": begin + b"a", "b.py": begin + b"b"})) == ["a.py", "b.py"]


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        (b"a\r\nb\rc\n\td", "a\nb\nc\n\td"),
        (b"\xef\xbb\xbfprint()", "print()"),
        ("if x:\u202e } \u2066if".encode(), "if x:\\u202e } \\u2066if"),
        ("a\u200bb\u2028c".encode(), "a\\u200bb\\u2028c"),
        (b"\x1b[8mhidden\x07", "\\x1b[8mhidden\\x07"),
        ("größe = '分析 🎉'".encode(), "größe = '分析 🎉'"),
    ],
)
def test_characters_that_deceive_the_reviewer_are_made_visible(written: bytes, seen: str) -> None:
    (file,) = preview_of({"a.py": written}).files
    assert file.text == seen


def test_text_that_grows_when_made_visible_still_fits() -> None:
    (file,) = preview_of({"a.py": b"\x01" * MAX_FILE_BYTES}).files
    assert len(file.text) <= MAX_FILE_BYTES
    assert file.cut


def test_a_file_name_cannot_break_the_line() -> None:
    preview = preview_of({"a\nb.py": b"x", "c\x1b.bin": b"\0"})
    assert shown(preview) == ["a\\nb.py"]
    assert preview.left_out == ("c\\x1b.bin: binary, 1 byte",)


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1 KB"),
        (310_499, "310 KB"),
        (999_499, "999 KB"),
        (999_500, "1.0 MB"),
        (3_100_000, "3.1 MB"),
    ],
)
def test_sizes_are_said_as_people_say_them(size: int, words: str) -> None:
    assert size_in_words(size) == words
