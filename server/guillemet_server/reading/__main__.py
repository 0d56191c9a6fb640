"""``python -m guillemet_server.reading``: what a `ReaderProcess` runs."""

import signal

# Sent to all processes of a server, they are the server's own: it finishes first what is in work here.
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_IGN)

from guillemet_server.reading.answering import main  # noqa: E402 (takes long enough for a signal to come)

main()
