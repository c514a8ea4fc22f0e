"""`python -m syft_notify.sandbox`: the local Google as a process of its own."""

from __future__ import annotations

import argparse
import signal
import sys

from syft_notify.sandbox.sandbox import Sandbox


def main() -> None:
    """Serve until SIGINT or SIGTERM; the first line on stdout is the URL."""
    parser = argparse.ArgumentParser(prog="python -m syft_notify.sandbox", description="The local Google.")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; a free one when not given")
    options = parser.parse_args()
    signals = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        sandbox = Sandbox().start(options.port)
    except (OSError, OverflowError) as error:
        parser.error(f"port {options.port} cannot be used: {error}")
    with sandbox:
        sys.stdout.write(sandbox.url + "\n")
        sys.stdout.flush()
        signal.sigwait(signals)


if __name__ == "__main__":
    main()
