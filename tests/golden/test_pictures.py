"""The pictures in docs/mails/ show the mails as they are."""

from __future__ import annotations

import pytest
from PIL import Image

from tests.golden.cases import MAILS
from tests.golden.pictures import FOLDER, MAIL, WIDTHS, identity, page

AGAIN = "make them anew, and look at them: python -m tests.golden.pictures"


@pytest.mark.parametrize("name", MAILS)
def test_the_pictures_of_a_mail_show_what_it_is_today(name):
    for width in WIDTHS:
        with Image.open(FOLDER / f"{name}-{width}.png") as picture:
            assert picture.info[MAIL] == identity(name), AGAIN


def test_the_page_shows_every_mail_and_the_pictures_are_small_together():
    assert (FOLDER / "README.md").read_text() == page(), AGAIN
    pictures = list(FOLDER.glob("*.png"))
    assert {path.name for path in pictures} == {f"{name}-{width}.png" for name in MAILS for width in WIDTHS}
    assert sum(path.stat().st_size for path in pictures) < 3_000_000
