"""daemon.yaml: what is accepted, and the one line that answers each wrong input."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from syft_notify.config import Config, ConfigProblems, load_config
from syft_notify.errors import ExitCode
from syft_notify.model import Kind

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
    return [line.removeprefix(f"{path}").lstrip(": ") for line in caught.value.lines]


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
        from syft_notify.config import TOGGLES

        assert load(path, GOOD + f"{TOGGLES[kind]}: false").muted == {kind}

    @pytest.mark.parametrize(
        "url", ["https://proxy.example.org/", "http://localhost:8080/", "http://127.0.0.9/", "http://[::1]:9/"]
    )
    def test_other_servers_over_https_or_on_this_machine(self, path, url):
        assert load(path, GOOD + f'gmail_api_endpoint: "{url}"').gmail_api_endpoint == url


class TestRefused:
    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ("", "is empty. Write at least do_email and syftbox_root into it."),
            ("# nothing\n", "is empty. Write at least do_email and syftbox_root into it."),
            ("- a\n- b\n", "is not a list of settings. Write one `key: value` a line."),
            ("just text", "is not a list of settings. Write one `key: value` a line."),
            ("1: 2\n", "is not a list of settings. Write one `key: value` a line."),
            (b"\xff\xfe\x00", "is not text in UTF-8. Save it as UTF-8."),
            ("a: \x07", "is broken YAML: it has characters that no text has. Correct it."),
        ],
    )
    def test_files_that_are_no_config(self, path, text, line):
        assert problems(path, text) == [line]

    def test_broken_yaml_is_pointed_at(self, path):
        (line,) = problems(path, GOOD + "interval: [1, 2\nmonitor_jobs: true\n")
        assert line.startswith("is broken YAML at line 4, column 13")

    def test_a_key_that_appears_twice_is_pointed_at(self, path):
        (line,) = problems(path, GOOD + "interval: 5\ninterval: 6\n")
        assert line == "is broken YAML at line 4, column 1: 'interval' appears twice. Correct it there."

    def test_a_missing_file_and_a_folder(self, path):
        with pytest.raises(ConfigProblems, match="does not exist"):
            load_config(path, {}, Path("/"))
        path.mkdir()
        with pytest.raises(ConfigProblems, match="cannot be read: Is a directory"):
            load_config(path, {}, Path("/"))

    @pytest.mark.parametrize(
        ("extra", "line"),
        [
            ("intervall: 5", "'intervall' is not a known key. Did you mean interval?"),
            ("notify_on_accepted: true", "'notify_on_accepted' is not a known key. Did you mean notify_on_rejected?"),
            ("zzz: 5", "'zzz' is not a known key. Remove it."),
            ("monitor_jobs: 1", "monitor_jobs: 1 is neither true nor false. Write true or false without quotes."),
            ("monitor_jobs: 'no'", "monitor_jobs: 'no' is neither true nor false. Write true or false without quotes."),
            ("email_format: pdf", "email_format: 'pdf' is not one of the choices. Write 'html' or 'text'."),
            ("state_path: 5", "state_path: 5 is not a path. Write the path of a file or folder as text."),
            ("state_path: ''", "state_path: '' is not a path. Write the path of a file or folder as text."),
            (
                "state_path: $NOWHERE/x",
                "state_path: '$NOWHERE/x' uses $NOWHERE, which the environment does not have. "
                "Set it or write the path out.",
            ),
        ],
    )
    def test_single_keys(self, path, extra, line):
        assert problems(path, GOOD + extra) == [line]

    @pytest.mark.parametrize("value", ["0", "-1", "0.5", ".nan", ".inf", "1e9", "'30'", "true", "ten", "[30]", "null"])
    def test_intervals(self, path, value):
        (line,) = problems(path, GOOD + f"interval: {value}")
        assert line.startswith("interval: ")
        assert line.endswith("is not a usable time. Give seconds as a number between 1 and 86400.")

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
        assert line.endswith("is not an email address. Write one like owner@example.org.")

    @pytest.mark.parametrize("email", ["a..b@docomo.ne.jp", "owner@münchen.example"])
    def test_addresses_that_need_quotes_or_punycode(self, path, email):
        assert load(path, f"do_email: {email}\nsyftbox_root: /x\n").do_email == email

    def test_an_address_that_gmail_cannot_send_to(self, path):
        (line,) = problems(path, "do_email: josé@example.org\nsyftbox_root: /x\n")
        assert line == (
            "do_email: 'josé@example.org' has non-ASCII characters before the @, and Gmail cannot send to such an "
            "address. Write one like owner@example.org."
        )

    @pytest.mark.parametrize(
        ("url", "why"),
        [
            ("http://example.org/", "would send tokens unencrypted"),
            ("http://127.0.0.1.example.org/", "would send tokens unencrypted"),
            ("http://localhost@example.org/", "would send tokens unencrypted"),
            ("ftp://localhost/", "is not a URL"),
            ("localhost:80", "is not a URL"),
            ("https://", "is not a URL"),
            ("http://[::1/", "is not a URL"),
            ("https://a b/", "is not a URL"),
        ],
    )
    @pytest.mark.parametrize("key", ["drive_api_endpoint", "gmail_api_endpoint", "oauth_token_uri"])
    def test_endpoints(self, path, key, url, why):
        (line,) = problems(path, GOOD + f"{key}: '{url}'")
        assert line.startswith(f"{key}: '{url}' {why}")

    def test_a_drive_endpoint_that_is_only_a_root(self, path):
        (line,) = problems(path, GOOD + "drive_api_endpoint: http://localhost:1/")
        assert line.endswith("does not end in /drive/v3/. Write the whole address of the Drive service.")

    def test_all_problems_are_told_at_once(self, path):
        lines = problems(path, "do_email: x\ninterval: 0\nfoo: 1\n")
        assert len(lines) == 4
        assert "syftbox_root is missing. Add a line `syftbox_root: ...`." in lines

    def test_a_long_value_is_not_repeated_whole(self, path):
        (line,) = problems(path, GOOD + f"interval: {'9' * 5000}x")
        assert len(line) < 300
