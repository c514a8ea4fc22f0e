"""Mails of the owner's own making."""

from __future__ import annotations

from syft_notify.config.paths import ServiceFiles
from tests.stories.site import DO, requested

DS = "ds@example.org"


def test_templates_beside_the_config_are_used(site):
    folder = ServiceFiles(site.config_file.parent).templates
    folder.mkdir()
    (folder / "peer_requested_do.headline.j2").write_text("Hello {{ ds }}!")
    site.ask(DS)
    assert site.poll() == sorted([(DO, "peer_requested", f"Hello {DS}!"), requested()[1]])


def test_a_broken_template_costs_no_mail(site, caplog):
    folder = ServiceFiles(site.config_file.parent).templates
    folder.mkdir()
    (folder / "peer_requested_do.headline.j2").write_text("{% if %}")
    site.ask(DS)
    assert site.poll() == sorted(requested())
    assert "peer_requested_do.headline.j2" in caplog.text
