"""The command ``guillemet`` from its first moment: Ctrl-C ends it without a traceback also while the rest of it is loaded."""

import signal


def main() -> None:
    """Load the command line and run it."""
    handler = signal.getsignal(signal.SIGINT)
    if handler is signal.default_int_handler:  # otherwise it is ignored, as a shell does in the background
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from guillemet_client import cli  # noqa: PLC0415 (takes a while)

    signal.signal(signal.SIGINT, handler)
    cli.main()
