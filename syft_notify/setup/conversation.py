"""The whole set-up as a person meets it: questions, consent, files, and a test mail."""

from __future__ import annotations

from syft_notify.config.permissions import access_of_others
from syft_notify.config.settings import Config, load_config
from syft_notify.domain.errors import NotifyError, UserError
from syft_notify.domain.ports import Clock
from syft_notify.engine.test_message import send_test_mail
from syft_notify.setup.browser import Ways
from syft_notify.setup.consents import DRIVE
from syft_notify.setup.paths import SetupPaths
from syft_notify.setup.plan import Given, Plan, draw_up
from syft_notify.setup.prompter import GivenUp, Prompter, confirm, persist


def set_up(
    prompter: Prompter, place: SetupPaths, given: Given, ways: Ways, clock: Clock, test_mail: bool | None = None
) -> Config:
    """Everything that syft-notify needs. Nothing is written before all is answered; then comes the test mail.

    `test_mail` None asks the person. Raises `UserError`: what was there before is then as it was, or all is written.
    """
    if not given.renew and not prompter.alone:
        prompter.tell(f"Setting up in {place.shown(place.folder)}. Nothing is written before all is answered.")
        prompter.tell("Ctrl+C ends it at any time; Enter takes what stands in brackets.\n")
    plan = _drawn_up(prompter, place, given, ways, clock)
    plan.write()
    _tell_written(prompter, place, plan)
    config = load_config(place.config, place.environ, place.home)
    if test_mail is None and given.renew == DRIVE.name:
        test_mail = False
    _try_out(prompter, config, clock, test_mail)
    return config


def _drawn_up(prompter: Prompter, place: SetupPaths, given: Given, ways: Ways, clock: Clock) -> Plan:
    """Every failure is one of the set-up, whatever it would be in a poll."""
    try:
        return draw_up(prompter, place, given, ways, clock)
    except KeyboardInterrupt:
        prompter.tell()
        raise UserError("Interrupted; nothing was changed") from None
    except NotifyError as error:
        raise UserError(error.title, error.hint) from error


def _tell_written(prompter: Prompter, place: SetupPaths, plan: Plan) -> None:
    prompter.tell()
    if not plan.files:
        prompter.tell("Everything was there and good; nothing was changed.")
    for path, _ in plan.files:
        prompter.tell(f"Wrote {place.shown(path)}")
    access = access_of_others(place.folder)
    if access.is_open:
        prompter.tell(f"Others on this machine can {access.value} {place.folder}; `chmod 700` it.")


def _try_out(prompter: Prompter, config: Config, clock: Clock, wanted: bool | None) -> None:
    undone = "all is set up, but no test mail was sent"
    try:
        if wanted is None and not prompter.alone:
            prompter.tell()
            wanted = confirm(prompter, f"Send a test mail to {config.do_email}?", default=True)
        if wanted:
            persist(prompter, lambda: send_test_mail(config, config.do_email, clock()))
            prompter.tell(f"Sent. It is in the inbox of {config.do_email}, or among the spam.")
    except KeyboardInterrupt:
        prompter.tell()
        raise UserError(f"Interrupted; {undone}") from None
    except GivenUp:
        raise UserError(f"Given up; {undone}") from None
    except NotifyError as error:
        raise UserError(f"{error.title}; {undone}", error.hint) from error
