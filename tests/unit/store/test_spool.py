"""The spool: previews come back, and only files of ours are removed."""

from __future__ import annotations

from syft_notify.domain.model import CodeFile, Preview
from syft_notify.store.spool import Spool


def test_only_previews_are_removed_from_a_folder_that_holds_more(tmp_path):
    folder = tmp_path / "mail.spool"
    folder.mkdir()
    (folder / "letters").mkdir()
    (folder / "letters.json").touch()
    spool = Spool(folder)
    spool.keep("job sales", Preview((CodeFile("main.py", "1 + 1", 5),)))
    spool.save_only({"job sales"})
    assert len(list(folder.iterdir())) == 3
    spool.save_only(frozenset())
    assert {path.name for path in folder.iterdir()} == {"letters", "letters.json"}
