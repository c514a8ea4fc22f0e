"""Channels are known by their names here, and nowhere else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import syft_notify
from syft_notify.channels.registry import CHANNELS
from syft_notify.config.settings import Config

SOURCES = Path(syft_notify.__file__).parent
# Those of Google itself, the keys of the config, the questions about consent, and what an account of Google is.
MAY_NAME_IT = ("channels/", "google/", "sandbox/", "demo/", "config/", "setup/")
TELL_OF_IT = {"domain/addresses.py", "cli/init.py", "cli/demo.py"}


def test_the_usual_channel_is_one_of_them():
    assert Config.model_fields["email_channel"].default in CHANNELS


@pytest.mark.parametrize("name", CHANNELS)
def test_no_other_part_knows_a_channel_by_its_name(name):
    others = [path.relative_to(SOURCES).as_posix() for path in SOURCES.rglob("*.py")]
    looked_at = [path for path in others if not path.startswith(MAY_NAME_IT) and path not in TELL_OF_IT]
    assert len(looked_at) > 80
    keys = re.compile("|".join(key for key in Config.model_fields if key.startswith(name)) or "(?!)")
    known = [path for path in looked_at if name in keys.sub("", (SOURCES / path).read_text()).lower()]
    assert known == []
