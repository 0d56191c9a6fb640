"""Signals raise nothing where that would leave a lock taken: there they end what is waited for."""

import os
import signal
import threading

import pytest

from guillemet_client.corpora.interruption import Interrupted, Interruption

WAIT = 60.0
SIGNALS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


def send(number: signal.Signals) -> None:
    """Send a signal to this process; its handler has run when this returns."""
    os.kill(os.getpid(), number)


@SIGNALS
def test_elsewhere_a_signal_raises_nothing_and_ends_what_is_waited_for(number: signal.Signals) -> None:
    def run() -> None:
        interruption, ended = Interruption(), threading.Event()
        with interruption.handled():
            interruption.ends(ended.set)
            send(number)
            # Here another library would hold its lock, and wait for an answer.
            assert ended.wait(WAIT)
            raise ConnectionError("the wait failed")

    with pytest.raises(Interrupted) as caught:
        run()

    assert caught.value.exit_code == 128 + number


@SIGNALS
def test_where_it_may_a_signal_raises_at_once(number: signal.Signals) -> None:
    def run() -> None:
        interruption = Interruption()
        with interruption.handled(), interruption.raising():
            send(number)
            pytest.fail("nothing was raised")

    with pytest.raises(Interrupted):
        run()


def test_a_signal_that_came_earlier_is_not_forgotten() -> None:
    def run_to(place: str) -> None:
        interruption = Interruption()
        with interruption.handled():
            send(signal.SIGINT)
            if place == "ends":
                interruption.ends(lambda: None)
            with interruption.raising():
                pytest.fail("nothing was raised")

    for place in ("ends", "raising"):
        with pytest.raises(Interrupted):
            run_to(place)


def test_a_failure_without_a_signal_stays_what_it_is() -> None:
    with pytest.raises(LookupError), Interruption().handled():
        raise LookupError


@SIGNALS
def test_a_signal_that_is_ignored_stays_so(number: signal.Signals) -> None:
    before = signal.signal(number, signal.SIG_IGN)
    try:
        interruption = Interruption()
        with interruption.handled(), interruption.raising():
            send(number)
            assert signal.getsignal(number) is signal.SIG_IGN
        assert signal.getsignal(number) is signal.SIG_IGN
    finally:
        signal.signal(number, before)


def test_afterwards_signals_mean_what_they_meant() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)

    with Interruption().handled():
        assert signal.getsignal(signal.SIGINT) != before[0]

    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
