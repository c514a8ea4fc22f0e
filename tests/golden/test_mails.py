"""The mails, word by word. `SYFT_NOTIFY_REFRESH_GOLDEN=1` writes them anew; look at them before you keep them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from syft_notify.domain.catalogue import CATALOGUE
from syft_notify.domain.notifications import Message
from tests.golden.cases import MAILS

FOLDER = Path(__file__).parent / "mails"


def _parts(message: Message) -> dict[str, str]:
    headers = {"To": message.to, "Subject": message.subject, **message.headers}
    return {
        "txt": message.text,
        "html": message.html,
        "headers": "".join(f"{name}: {value}\n" for name, value in headers.items()),
    }


@pytest.mark.parametrize("name", MAILS)
def test_a_mail_reads_as_it_was_last_looked_at(name: str) -> None:
    parts = _parts(MAILS[name]())
    if os.environ.get("SYFT_NOTIFY_REFRESH_GOLDEN") == "1":
        FOLDER.mkdir(exist_ok=True)
        for part, content in parts.items():
            (FOLDER / f"{name}.{part}").write_text(content, encoding="utf-8", newline="")
    for part, content in parts.items():
        assert content == (FOLDER / f"{name}.{part}").read_bytes().decode(), f"{name}.{part}"


def test_every_template_has_a_golden_mail_and_every_golden_mail_a_case() -> None:
    assert {row.template for entry in CATALOGUE.values() for row in entry.rows} <= set(MAILS)
    assert {path.stem for path in FOLDER.iterdir()} == set(MAILS)
