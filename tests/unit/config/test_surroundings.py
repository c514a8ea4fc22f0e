"""What the paths of a config mean, also of one that is wrong elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from syft_notify.config.settings import load_config
from syft_notify.config.surroundings import state_path
from syft_notify.config.yaml_values import ConfigProblems

GOOD = "do_email: do@example.org\nsyftbox_root: /data/SyftBox\n"
HOME, ENVIRON = Path("/home/olivia"), {"PLACE": "/data/state"}


@pytest.mark.parametrize(
    "line",
    ["", "state_path: ~/mine.json", "state_path: sub/mine.json", "state_path: ' $PLACE/mine.json '", "state_path: 7.5"],
)
def test_the_state_lies_where_the_whole_config_says(tmp_path: Path, line: str) -> None:
    path = tmp_path / "daemon.yaml"
    path.write_text(f"{GOOD}{line}\n")
    found = state_path(path, ENVIRON, HOME)
    if found is None:
        with pytest.raises(ConfigProblems, match="state_path"):
            load_config(path, ENVIRON, HOME)
    else:
        assert found == load_config(path, ENVIRON, HOME).state_path
        path.write_text(f"interval: never\n{line}\n")
        assert state_path(path, ENVIRON, HOME) == found


@pytest.mark.parametrize("value", ["", "''", "[a]", "$UNKNOWN/mine.json", "true", '"a\\0b"'])
def test_what_is_no_path_is_left_to_who_explains_it(tmp_path: Path, value: str) -> None:
    path = tmp_path / "daemon.yaml"
    path.write_text(f"{GOOD}state_path: {value}\n")
    assert state_path(path, ENVIRON, HOME) is None
    with pytest.raises(ConfigProblems, match="state_path"):
        load_config(path, ENVIRON, HOME)
