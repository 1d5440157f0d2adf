"""The time that training takes."""

from __future__ import annotations

import time

from zoo.training.checkpoint import Progress


class Stopwatch:
    """Books the time that passes, on the clock and of the processor, as time of training."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.wall, self.processor = time.monotonic(), time.process_time()

    def book(self) -> None:
        """Add what has passed since the last time."""
        wall, processor = time.monotonic(), time.process_time()
        self.progress.seconds += wall - self.wall
        self.progress.processor_seconds += processor - self.processor
        self.wall, self.processor = wall, processor
