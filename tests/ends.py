"""What does not come to an end is ended, and fails.

This measures no speed. Whoever takes time that grows as the square of a text's length needs minutes for texts of the
length that the callers choose, and whoever reads it once needs a second: the limit stands between them, an order of
magnitude from either, so that a busy machine, a garbage collection or a slow processor decides nothing.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """What runs inside has this much time of the processor, not of the clock. Only in the main thread."""

    def stop(number: int, frame: object) -> None:
        pytest.fail(f"it did not end within {seconds:g} s of the processor's time")  # which no `except Exception` holds

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
