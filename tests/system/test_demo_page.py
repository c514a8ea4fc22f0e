"""The demo's page before a real Chromium: every button makes the right mail appear, and nothing else happens."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, FrameLocator, Locator, Page, expect

from tests import titles
from tests.chromium import PROGRAM, chromium, screenshot
from tests.system.dialogue import Dialogue
from tests.system.tools import needs

DO, DS = "olivia@hospital.example.org", "sam_lee@university.example.org"
OWNER, SCIENTIST = "owner", "scientist"
SOON_MS = 15_000  # from the press of a button to the mail; it takes less than three seconds where nothing else runs
_number = itertools.count(1)


@dataclass
class Visitor:
    """Sits before the page."""

    page: Page
    problems: list[str]

    def button(self, act: str) -> Locator:
        return self.page.locator(f'button[data-act="{act}"]')

    def presses(self, act: str) -> None:
        expect(self.button(act)).to_be_enabled(timeout=SOON_MS)
        self.button(act).click()

    def cannot_press(self, *acts: str) -> None:
        for act in acts:
            expect(self.button(act)).to_be_disabled(timeout=SOON_MS)

    def submits(self, job: str = "") -> str:
        job = job or f"job {next(_number)}"
        self.page.get_by_label("Job name").fill(job)
        self.presses("submit")
        return job

    def part(self, side: str, selector: str) -> Locator:
        return self.page.locator(f"[data-mailbox={side}] {selector}")

    def gets(self, side: str, headline: str) -> None:
        """The conversation that heard something last ends with this mail, soon; and it can be read."""
        expect(self.part(side, ".line .headline").first).to_have_text(headline, timeout=SOON_MS)
        expect(self.seen(side).get_by_role("heading", level=1)).to_have_text(headline, timeout=SOON_MS)

    def seen(self, side: str) -> FrameLocator:
        return self.page.frame_locator(f"[data-mailbox={side}] iframe")

    def decides_what_waits(self) -> None:
        """Leave the next test no job, and no mail on its way."""
        jobs = self.page.locator("#job option:not([value=''])")
        while waiting := jobs.count():
            self.presses("reject")
            expect(jobs).to_have_count(waiting - 1, timeout=SOON_MS)
            expect(self.page.locator("#log span").last).to_contain_text("sent job_rejected", timeout=SOON_MS)

    def headlines(self, side: str) -> list[str]:
        """The last mail of each conversation."""
        return self.part(side, ".line .headline").all_text_contents()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    needs(PROGRAM, package="chromium")
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def address(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the page is; the demo runs on a terminal, and its story is over."""
    with Dialogue("demo", home=tmp_path_factory.mktemp("home")) as terminal:
        found = re.search(r"http://127\.0\.0\.1:\d+/", terminal.hears("Ctrl+C"))
        assert found
        yield found[0]
        terminal.presses("c")
        assert terminal.ended()[0] == 0


@pytest.fixture
def visitor(browser: Browser, address: str) -> Iterator[Visitor]:
    """Anything that the page should not have done fails the test."""
    problems: list[str] = []
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: None if request.url.startswith(address) else problems.append(request.url))
    page.goto(address)
    visitor = Visitor(page, problems)
    expect(visitor.button("ask")).to_be_enabled()
    yield visitor
    visitor.decides_what_waits()
    page.close()
    assert problems == []


def test_the_story_lies_in_both_mailboxes(visitor: Visitor) -> None:
    assert {titles.job_failed("risk_model"), titles.new_request(DS)} <= set(visitor.headlines(OWNER))
    assert {titles.job_rejected("export_all"), titles.job_completed("average age")} <= set(visitor.headlines(SCIENTIST))


def test_a_mail_is_shown_as_it_is_seen_and_as_text_and_with_its_headers(visitor: Visitor) -> None:
    visitor.part(SCIENTIST, ".line").filter(has_text=titles.job_completed("average age")).click()
    mails = visitor.part(SCIENTIST, ".siblings button")
    headlines = [
        titles.job_submitted("average age"),
        titles.job_approved("average age"),
        titles.job_completed("average age"),
    ]
    expect(mails).to_have_text(headlines)
    for mail, headline in zip(mails.all(), headlines, strict=True):
        mail.click()
        expect(visitor.seen(SCIENTIST).get_by_role("heading", level=1)).to_have_text(headline)
    tab = visitor.part(SCIENTIST, "[role=tab]")
    tab.first.focus()
    visitor.page.keyboard.press("ArrowRight")
    expect(visitor.part(SCIENTIST, "pre.text")).to_contain_text(titles.job_completed("average age"))
    visitor.page.keyboard.press("ArrowRight")
    expect(visitor.part(SCIENTIST, "dl.headers")).to_contain_text("auto-generated")
    expect(visitor.part(SCIENTIST, "iframe")).to_be_hidden()


def test_a_job_is_submitted_approved_and_run(visitor: Visitor) -> None:
    visitor.cannot_press("approve", "reject", "run", "run-failing", "accept", "repair-gmail", "renew-token")
    job = visitor.submits()
    visitor.gets(OWNER, titles.new_job(job, DS))
    visitor.gets(SCIENTIST, titles.job_submitted(job))
    visitor.cannot_press("run", "run-failing")
    visitor.presses("approve")
    visitor.gets(SCIENTIST, titles.job_approved(job))
    visitor.cannot_press("approve", "reject")
    visitor.presses("run")
    visitor.gets(SCIENTIST, titles.job_completed(job))
    visitor.gets(OWNER, titles.new_job(job, DS))
    visitor.cannot_press("approve", "reject", "run", "run-failing")


def test_a_job_that_fails_tells_both_and_the_owner_alone_sees_why(visitor: Visitor) -> None:
    job = visitor.submits()
    visitor.presses("approve")
    visitor.presses("run-failing")
    for side in (OWNER, SCIENTIST):
        visitor.gets(side, titles.job_failed(job))
    expect(visitor.part(OWNER, "pre.text")).to_contain_text("FileNotFoundError")
    expect(visitor.part(SCIENTIST, "pre.text")).not_to_contain_text("FileNotFoundError")


def test_a_job_is_rejected_with_the_reason(visitor: Visitor) -> None:
    job = visitor.submits()
    visitor.presses("reject")
    visitor.gets(SCIENTIST, titles.job_rejected(job))
    expect(visitor.seen(SCIENTIST).get_by_text("Please send aggregates only")).to_be_visible()


def test_a_new_scientist_asks_is_accepted_and_submits(visitor: Visitor) -> None:
    visitor.presses("ask")
    person = visitor.page.get_by_label("Which scientist")
    expect(person).not_to_have_value(DS, timeout=SOON_MS)
    newcomer = person.input_value()
    visitor.gets(OWNER, titles.new_request(newcomer))
    visitor.gets(SCIENTIST, titles.request_sent(DO))
    visitor.cannot_press("submit")
    visitor.presses("accept")
    visitor.gets(SCIENTIST, titles.request_accepted(DO))
    job = visitor.submits()
    visitor.gets(OWNER, titles.new_job(job, newcomer))
    visitor.gets(SCIENTIST, titles.job_submitted(job))
    person.select_option(DS)
    expect(visitor.part(SCIENTIST, ".line .headline").filter(has_text=job)).to_have_count(0)


def test_mails_wait_while_gmail_is_broken_and_come_when_it_is_repaired(visitor: Visitor) -> None:
    visitor.presses("break-gmail")
    job = visitor.submits()
    state = visitor.page.get_by_role("status")
    expect(state).not_to_have_text("All is well", timeout=SOON_MS)
    expect(visitor.page.locator("#log .warning").last).to_contain_text("Gmail answered 503", timeout=SOON_MS)
    assert not [each for each in visitor.headlines(OWNER) if job in each]
    visitor.presses("repair-gmail")
    visitor.gets(OWNER, titles.new_job(job, DS))
    visitor.gets(SCIENTIST, titles.job_submitted(job))
    expect(state).to_have_text("All is well", timeout=SOON_MS)


def test_a_dead_token_is_said_with_its_fix_and_a_new_one_is_noticed(visitor: Visitor) -> None:
    visitor.presses("kill-token")
    job = visitor.submits()
    state = visitor.page.get_by_role("status")
    expect(state).to_have_text("Needs the owner", timeout=SOON_MS)
    expect(visitor.page.locator("#problems")).to_contain_text("syft-notify init --renew gmail")
    assert not [each for each in visitor.headlines(OWNER) if job in each]
    screenshot(visitor.page, "blocked")
    visitor.presses("renew-token")
    visitor.gets(OWNER, titles.new_job(job, DS))
    visitor.gets(SCIENTIST, titles.job_submitted(job))
    expect(state).to_have_text("All is well", timeout=SOON_MS)


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>", "<script>alert(1)", "\"'><style>*{display:none}"])
def test_a_hostile_name_is_text_everywhere(visitor: Visitor, name: str) -> None:
    visitor.submits(name)
    visitor.gets(OWNER, titles.new_job(name, DS))
    visitor.gets(SCIENTIST, titles.job_submitted(name))
    expect(visitor.page.locator("#job option").last).to_contain_text(name)
    expect(visitor.page.locator("#log")).to_contain_text(name)
    assert visitor.page.locator("img, script:not([src]), style").count() == 0
    screenshot(visitor.page, f"hostile-{next(_number)}")


def test_a_name_that_cannot_be_is_refused_in_words(visitor: Visitor) -> None:
    visitor.page.get_by_label("Job name").fill("../x")
    visitor.presses("submit")
    expect(visitor.page.get_by_role("alert")).to_contain_text("no slash", timeout=SOON_MS)
    assert visitor.problems.pop().startswith("Failed to load resource: the server responded with a status of 409")
    job = visitor.submits()
    expect(visitor.page.get_by_role("alert")).to_be_hidden(timeout=SOON_MS)
    visitor.gets(OWNER, titles.new_job(job, DS))


def test_the_keyboard_is_enough(visitor: Visitor) -> None:
    name = visitor.page.get_by_label("Job name")
    name.focus()
    job = f"typed {next(_number)}"
    name.fill(job)
    visitor.page.keyboard.press("Enter")
    visitor.gets(OWNER, titles.new_job(job, DS))
    visitor.part(OWNER, ".line").first.focus()
    visitor.page.keyboard.press("ArrowDown")
    visitor.page.keyboard.press("Tab")
    visitor.page.keyboard.press("Enter")
    expect(visitor.part(OWNER, ".line").nth(1)).to_have_attribute("aria-current", "true")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 800, 1400])
def test_nothing_is_wider_than_the_window(visitor: Visitor, width: int, scheme: str) -> None:
    visitor.page.emulate_media(color_scheme=scheme)
    visitor.page.set_viewport_size({"width": width, "height": 900})
    assert visitor.page.evaluate("document.documentElement.scrollWidth") == width
    for side in (OWNER, SCIENTIST):
        heading = visitor.seen(side).get_by_role("heading", level=1)
        expect(heading).to_be_visible()
        visitor.part(side, "iframe").scroll_into_view_if_needed()
        expect(heading).to_be_in_viewport()
    screenshot(visitor.page, f"{scheme}-{width}")
