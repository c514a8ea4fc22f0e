"""The command line: finds the command, loads only what it needs, turns every failure into one line."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from typing import NoReturn

import click

from syft_notify import __version__
from syft_notify.cli import output
from syft_notify.cli.lazy import LazyGroup
from syft_notify.domain.errors import ExitCode, NotifyError

log = logging.getLogger(__name__)

TRACEBACK_VARIABLE = "SYFT_NOTIFY_TRACEBACK"


@click.group(
    cls=LazyGroup,
    commands_in={
        "init": "syft_notify.cli.init:init",
        "doctor": "syft_notify.cli.doctor:doctor",
        "test-email": "syft_notify.cli.mail:test_email",
        "run": "syft_notify.cli.run:run",
        "start": "syft_notify.cli.daemon:start",
        "stop": "syft_notify.cli.daemon:stop",
        "restart": "syft_notify.cli.daemon:restart",
        "status": "syft_notify.cli.status:status",
        "logs": "syft_notify.cli.logs:logs",
        "outbox": "syft_notify.cli.outbox:outbox",
        "history": "syft_notify.cli.history:history",
        "reset": "syft_notify.cli.reset:reset",
        "peer-granted": "syft_notify.cli.mail:peer_granted",
        "install-service": "syft_notify.cli.systemd:install_service",
        "uninstall-service": "syft_notify.cli.systemd:uninstall_service",
        "demo": "syft_notify.cli.demo:demo",
    },
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help="""Mails to the right person when something happens in your SyftBox.

    \b
    Examples:
      syft-notify demo         see the whole story on a local Google, no account needed
      syft-notify init         set it up, with Google's consent
      syft-notify doctor       check everything, and say how to fix each fault
      syft-notify run --once   look once, send what is new
      syft-notify run          keep watching
      syft-notify start        keep watching in the background
    """,
)
@click.version_option(__version__, prog_name="syft-notify")
def cli() -> None:
    """The program; each command is in a module of its own."""


def main() -> NoReturn:
    """Run the command line. No traceback reaches the user who does not ask for it."""
    output.prepare_streams()
    logging.getLogger("syft_notify").addHandler(logging.NullHandler())
    # Google's libraries warn at each start that a Python is near its end. We support it; nobody can act on it here.
    warnings.filterwarnings("ignore", r"You are using a (non-supported )?Python version", FutureWarning)
    try:
        code = cli.main(standalone_mode=False)
    except output.OutputError as error:
        output.forgo(error)
        sys.exit(error.exit_code)
    except NotifyError as error:
        output.error(str(error))
        sys.exit(error.exit_code)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        output.error("Interrupted.")
        sys.exit(ExitCode.FAILED)
    except Exception as error:
        # The last guard of the program: what nobody foresaw still ends in one line.
        log.exception("the command failed with an internal error")
        output.error(
            f"Internal error: {type(error).__name__}. "
            f"Run it again with {TRACEBACK_VARIABLE}=1 before it, and report what that prints."
        )
        if os.environ.get(TRACEBACK_VARIABLE):
            raise
        sys.exit(ExitCode.FAILED)
    sys.exit(code if isinstance(code, int) else ExitCode.OK)
