from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator

import pytest

from zoo.runtime.signals import Stopped, stop_at_once, stop_signals

SIGNALS = pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """After each test the handlers are what they were."""
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    yield
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before


def send(number: int) -> None:
    os.kill(os.getpid(), number)


@SIGNALS
def test_a_signal_stops_at_once_whatever_is_caught_on_the_way(number: int) -> None:
    def work() -> None:
        with contextlib.suppress(Exception):
            send(number)
        pytest.fail("it went on")

    with pytest.raises(Stopped) as caught, stop_at_once():
        work()
    assert str(caught.value) == f"stopped by {signal.Signals(number).name}"
    assert caught.value.exit_code == 128 + number


@SIGNALS
def test_a_loop_sees_the_signal_and_goes_on(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    with stop_signals() as received:
        send(number)
        assert received == [number]
    name = signal.Signals(number).name
    assert capsys.readouterr().err == f"{name} received: saving after this batch; once more stops at once\n"


@SIGNALS
def test_a_second_signal_does_not_wait(number: int) -> None:
    def work() -> None:
        send(signal.SIGINT)
        send(number)

    with pytest.raises(Stopped) as caught, stop_at_once(), stop_signals():
        work()
    assert caught.value.exit_code == 128 + number


def test_a_keyboard_interrupt_of_other_making_counts_as_ctrl_c() -> None:
    with pytest.raises(Stopped) as caught, stop_at_once():
        raise KeyboardInterrupt
    assert caught.value.exit_code == 130


def test_where_it_stopped_is_told() -> None:
    assert str(Stopped(15, "at batch 3")) == "stopped by SIGTERM at batch 3"
