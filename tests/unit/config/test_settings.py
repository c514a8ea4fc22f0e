"""daemon.yaml: what is accepted, and the one line that answers each wrong input."""

from __future__ import annotations

import os
import re
import time
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syft_notify.config.settings import Config, load_config
from syft_notify.config.yaml_values import MAX_BYTES, ConfigProblems
from syft_notify.domain.errors import ExitCode
from syft_notify.domain.kinds import Kind
from tests.facts import lacking

GOOD = "do_email: do@example.org\nsyftbox_root: /data/SyftBox\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "daemon.yaml"


def load(path: Path, text: str | bytes, **environ: str) -> Config:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_config(path, environ, Path("/home/olivia"))


def problems(path: Path, text: str | bytes) -> list[str]:
    with pytest.raises(ConfigProblems) as caught:
        load(path, text)
    assert caught.value.exit_code is ExitCode.CONFIG
    return [re.sub(r"^(, line \d+)?:? ", "", line.removeprefix(f"{path}")) for line in caught.value.lines]


class TestAccepted:
    def test_two_keys_are_enough_and_everything_else_lies_beside_the_config(self, path):
        config = load(path, GOOD)
        assert config.drive_token_path == path.parent / "token_do.json"
        assert config.gmail_token_path == path.parent / "gmail_token.json"
        assert config.state_path == path.parent / "notification_state.json"
        assert config.interval == timedelta(seconds=30)
        assert config.email_format == "html"
        assert config.muted == frozenset()

    def test_home_and_environment_expand_and_relative_paths_belong_to_the_config(self, path):
        text = (
            "do_email: do@example.org\nsyftbox_root: ~/SyftBox\ndrive_token_path: $KEYS/d.json\nstate_path: s/x.json\n"
        )
        config = load(path, text + "gmail_token_path: ${KEYS}/g.json\n", KEYS="/keys")
        assert config.syftbox_root == Path("/home/olivia/SyftBox")
        assert config.drive_token_path == Path("/keys/d.json")
        assert config.gmail_token_path == Path("/keys/g.json")
        assert config.state_path == path.parent / "s/x.json"

    def test_the_owners_address_is_compared_in_small_letters(self, path):
        assert load(path, GOOD.replace("do@", "Do@")).do_email == "do@example.org"

    @pytest.mark.parametrize(("text", "seconds"), [("1", 1), ("2.5", 2.5), ("86400", 86400)])
    def test_intervals_within_a_day(self, path, text, seconds):
        assert load(path, GOOD + f"interval: {text}").interval == timedelta(seconds=seconds)

    @pytest.mark.parametrize("kind", list(Kind))
    def test_every_kind_can_be_muted(self, path, kind):
        from syft_notify.domain.catalogue import CATALOGUE

        assert load(path, GOOD + f"{CATALOGUE[kind].switch}: false").muted == {kind}

    @pytest.mark.parametrize(
        "url", ["https://proxy.example.org/", "http://localhost:8080/", "http://127.0.0.9/", "http://[::1]:9/"]
    )
    def test_other_servers_over_https_or_on_this_machine(self, path, url):
        assert load(path, GOOD + f'gmail_api_endpoint: "{url}"').gmail_api_endpoint == url


class TestRefused:
    @pytest.mark.parametrize(
        ("text", "facts"),
        [
            ("", ["empty", "do_email", "syftbox_root"]),
            ("# nothing\n", ["empty", "do_email", "syftbox_root"]),
            ("- a\n- b\n", ["key: value"]),
            ("just text", ["key: value"]),
            ("!!map {a: b}", ["key: value"]),
            (b"\xff\xfe\x00", ["UTF-8", "line 1"]),
            (b"a: b\nc: \xe9", ["UTF-8", "line 2"]),
            ("a: \x07", ["YAML", "line 1", "character"]),
            ("a: b\nc: \0", ["YAML", "line 2", "character"]),
            ('a: b\nc: "\\UFFFFFFFF"', ["YAML", "line 2", "number"]),
            ("a: b\n? [c]\n", ["YAML", "line 2", "column 3", "key"]),
            ("a: b\n---\nc: d\n", ["YAML", "line 2", "column 1", "document"]),
        ],
    )
    def test_files_that_are_no_config(self, path, text, facts):
        (line,) = problems(path, text)
        assert lacking(line, *facts) == []

    def test_broken_yaml_is_pointed_at(self, path):
        (line,) = problems(path, GOOD + "interval: [1, 2\nmonitor_jobs: true\n")
        assert lacking(line, "YAML", "line 4", "column 13") == []

    def test_a_key_that_appears_twice_is_pointed_at(self, path):
        (line,) = problems(path, GOOD + "interval: 5\ninterval: 6\n")
        assert lacking(line, "YAML", "line 4", "column 1", "interval", "twice") == []

    @pytest.mark.parametrize(
        "text",
        [
            "[" * 99_000,
            "x: " + "[" * 99_000,
            "x: " + "[a, " * 20_000,
            "- " * 49_000,
            "? " * 49_000,
            "x: {" * 20_000,
            "".join(f"k{number}:\n" for number in range(14_000)),
            "x: [" + "1," * 49_000 + "]",
            "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 2_000)),
            "x: " + "1:" * 49_000 + "0",
            "x: " + "9" * 99_000,
            "%TAG ! tag:x,2000:\n" * 5_000,
            "%YAML 1." + "9" * 90_000,
        ],
        ids=lambda text: f"{text[:8]}…",
    )
    def test_a_small_file_that_is_costly_to_read_is_refused_soon(self, path, text):
        begun = time.process_time()
        assert len(problems(path, text)) < 2_000
        assert time.process_time() - begun < 5

    def test_a_file_larger_than_any_config_is_not_read(self, path):
        (line,) = problems(path, b"#" * (MAX_BYTES + 1))
        assert lacking(line, MAX_BYTES) == []

    def test_a_missing_file_and_a_folder(self, path):
        with pytest.raises(ConfigProblems, match=f"{path}.* exist"):
            load_config(path, {}, Path("/"))
        path.mkdir()
        with pytest.raises(ConfigProblems, match=f"{path}.*Is a directory"):
            load_config(path, {}, Path("/"))

    def test_a_pipe_is_not_waited_for(self, path):
        os.mkfifo(path)
        with pytest.raises(ConfigProblems, match=f"{path}.*pipe"):
            load_config(path, {}, Path("/"))

    @pytest.mark.parametrize(
        ("extra", "facts"),
        [
            ("intervall: 5", ["'intervall'", "interval"]),
            ("notify_on_accepted: true", ["'notify_on_accepted'", "notify_on_rejected"]),
            ("zzz: 5", ["'zzz'", "Remove"]),
            ("monitor_jobs: 1", ["monitor_jobs", "1", "true", "false"]),
            ("monitor_jobs: 'no'", ["monitor_jobs", "'no'", "true", "false"]),
            ("email_format: pdf", ["email_format", "'pdf'", "'html'", "'text'"]),
            ("state_path: 5", ["state_path", "5", "path"]),
            ("state_path: ''", ["state_path", "''", "path"]),
            ("1: 2", ["'1'", "Remove"]),
            ("<<: {interval: 5}", ["'<<'", "Remove"]),
            ("state_path: {{ state }}", ["state_path", "{{ ... }}", "placeholder"]),
            ("state_path: {a: b}", ["state_path", "mapping"]),
            ("monitor_jobs: [true]", ["monitor_jobs", "list"]),
            ("monitor_jobs: !!bool maybe", ["monitor_jobs", "tag", "!"]),
            ("email_format: !!timestamp foo", ["email_format", "tag", "!"]),
            ("gmail_token_path: &a x.json\nstate_path: *a", ["state_path", "*a", "alias"]),
            ('syftbox_root: "a\\ud800"', ["syftbox_root", "control character"]),
            ("state_path: /", ["state_path", "'/'", "file"]),
            ("interval: 030", ["interval", "'030'", "30"]),
            ("interval: 1:30", ["interval", "'1:30'", "colon"]),
            ("daily_cap: 0100", ["daily_cap", "'0100'", "100"]),
            ("daily_cap: 1:00", ["daily_cap", "'1:00'", "colon"]),
            ("daily_cap: 0", ["daily_cap", "0", "1", "10000"]),
            ("daily_cap: 1.5", ["daily_cap", "1.5", "1", "10000"]),
            ("monitor_jobs:", ["monitor_jobs", "empty", "true", "false"]),
            ("state_path: $NOWHERE/x", ["state_path", "'$NOWHERE/x'", "$NOWHERE", "environment"]),
        ],
    )
    def test_single_keys(self, path, extra, facts):
        text = "".join(kept for kept in GOOD.splitlines(keepends=True) if kept.split(":")[0] != extra.split(":")[0])
        (line,) = problems(path, text + extra)
        assert lacking(line, *facts) == []

    @pytest.mark.parametrize("key", ["syftbox_root", "drive_token_path", "gmail_token_path", "state_path"])
    @pytest.mark.parametrize(
        ("value", "why"),
        [("~nobody_here/t.json", "~nobody_here"), (f"/{'a' * 256}", "too long"), ("/a" * 2_500, "too long")],
    )
    def test_paths_that_no_file_can_have(self, path, key, value, why):
        settings = {"do_email": "do@example.org", "syftbox_root": "/data/SyftBox", key: value}
        (line,) = problems(path, "".join(f"{name}: {setting}\n" for name, setting in settings.items()))
        assert line.startswith(f"{key}: ")
        assert lacking(line, why) == []

    def test_the_line_of_each_key_is_named(self, path):
        path.write_text("do_email: x\n\n# a comment\nintervall: 5\nmonitor_jobs: 7\n")
        with pytest.raises(ConfigProblems) as caught:
            load_config(path, {}, Path("/home/olivia"))
        places = [line.removeprefix(str(path)).split(":")[0] for line in caught.value.lines]
        assert sorted(places) == ["", ", line 1", ", line 4", ", line 5"]

    @pytest.mark.parametrize("value", ["0", "-1", "0.5", ".nan", ".inf", "1e9", "'30'", "true", "ten", "null", "0x1e"])
    def test_intervals(self, path, value):
        (line,) = problems(path, GOOD + f"interval: {value}")
        assert line.startswith("interval: ")
        assert lacking(line, "seconds", "1", "86400") == []

    @pytest.mark.parametrize(
        "email",
        [
            "olivia",
            "a@b",
            "a@bücher",
            "a@b@c.org",
            "a b@c.org",
            "'a@b.org\\nBcc: x'",
            "5",
            "<a@b.org>",
            "'a@b.org,c@d.org'",
        ],
    )
    def test_what_is_no_address(self, path, email):
        (line,) = problems(path, f"do_email: {email}\nsyftbox_root: /x\n")
        assert lacking(line, "do_email", "email address", "owner@example.org") == []

    @pytest.mark.parametrize("email", ["a..b@docomo.ne.jp", "owner@münchen.example"])
    def test_addresses_that_need_quotes_or_punycode(self, path, email):
        assert load(path, f"do_email: {email}\nsyftbox_root: /x\n").do_email == email

    def test_an_address_that_no_mail_can_go_to(self, path):
        (line,) = problems(path, "do_email: josé@example.org\nsyftbox_root: /x\n")
        assert lacking(line, "do_email", "'josé@example.org'", "non-ASCII") == []

    @pytest.mark.parametrize(
        ("url", "why"),
        [
            ("http://example.org/", "unencrypted"),
            ("http://127.0.0.1.example.org/", "unencrypted"),
            ("http://localhost@example.org/", "unencrypted"),
            ("ftp://localhost/", "URL"),
            ("localhost:80", "URL"),
            ("https://", "URL"),
            ("http://[::1/", "URL"),
            ("https://a b/", "URL"),
            ("https://example.org:port/", "URL"),
            ("https://example.org:70000/", "URL"),
            ("https://a..example.org/", "URL"),
        ],
    )
    @pytest.mark.parametrize("key", ["drive_api_endpoint", "gmail_api_endpoint", "oauth_token_uri"])
    def test_endpoints(self, path, key, url, why):
        (line,) = problems(path, GOOD + f"{key}: '{url}'")
        assert line.startswith(f"{key}: ")
        assert lacking(line, f"'{url}'", why) == []

    def test_a_drive_endpoint_that_is_only_a_root(self, path):
        (line,) = problems(path, GOOD + "drive_api_endpoint: http://localhost:1/")
        assert lacking(line, "drive_api_endpoint", "http://localhost:1/", "/drive/v3/") == []

    def test_all_problems_are_told_at_once(self, path):
        lines = problems(path, "do_email: x\ninterval: 0\nfoo: 1\n")
        assert len(lines) == 4
        assert sum(not lacking(line, "syftbox_root: ...") for line in lines) == 1

    def test_a_long_value_is_not_repeated_whole(self, path):
        (line,) = problems(path, GOOD + f"interval: {'9' * 5000}x")
        assert len(line) < 300


# What begins something in YAML, and what its own rules would make more of than text.
MARKS = [
    ": ",
    ":\n",
    "\n",
    "\n  ",
    "- ",
    "? ",
    "[",
    "]",
    "{",
    "}",
    "{{ x }}",
    ", ",
    "&a ",
    "*a",
    "<<: ",
    "| \n",
    "> ",
    "'",
    '"',
]
CHARACTERS = [
    "> ",
    "'",
    '"',
    "\\x00",
    "\\ud800",
    "\\U00110000",
    "#",
    "\ufeff",
    "\0",
    "\x85",
    "\u2028",
    "\t",
    "\r",
    "9" * 5_000,
]
TAGS = ["!!bool ", "!!int ", "!!timestamp ", "!!binary ", "!!python/name:os ", "!", "%TAG ! x\n", "---\n"]
NUMBERS = ["030", "0x1F", "0o17", "1:30", "190:20:30.15", ".inf", ".nan", "1e400", "2026-02-30", "2026-11-25"]
WORDS = [
    "yes",
    "No",
    "~",
    "~nobody_here/x",
    "~/",
    "/",
    "..",
    "$HOME",
    "${A}",
    "=",
    "do@example.org",
    "https://[::1]:x/",
]
PIECES = st.one_of(
    st.sampled_from([*Config.model_fields, *MARKS, *CHARACTERS, *TAGS, *NUMBERS, *WORDS]), st.text(max_size=8)
)
TEXTS = st.lists(PIECES, max_size=30).map("".join)


@pytest.fixture(scope="module")
def anywhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("config") / "daemon.yaml"


class TestAnyContentAtAll:
    def either_works_or_says_why(self, path: Path, content: bytes) -> None:
        path.write_bytes(content)
        lines: list[str] = []
        try:
            load_config(path, {"A": "a"}, Path("/home/olivia"))
        except ConfigProblems as problem:
            lines = [*problem.lines]
        assert all(line.startswith(str(path)) and line.isprintable() and len(line) < 600 for line in lines)

    @given(content=st.binary(max_size=200))
    def test_of_bytes(self, anywhere, content):
        self.either_works_or_says_why(anywhere, content)

    @given(text=TEXTS)
    def test_of_yaml(self, anywhere, text):
        self.either_works_or_says_why(anywhere, text.encode(errors="surrogatepass"))

    @given(key=st.sampled_from(list(Config.model_fields)), value=TEXTS)
    def test_of_each_value(self, anywhere, key, value):
        other = "".join(line for line in GOOD.splitlines(keepends=True) if not line.startswith(key))
        self.either_works_or_says_why(anywhere, f"{other}{key}: {value}".encode(errors="surrogatepass"))
