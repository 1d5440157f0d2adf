"""Cases tried in processes of their own, so that one that hangs or dies is told and the others go on."""

from __future__ import annotations

import multiprocessing
import resource
import threading
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection

from zoo.runtime.progress import progress_bar

#: New processes: a copy of one in which TensorFlow has threads would wait for locks that nobody gives back.
CONTEXT = multiprocessing.get_context("spawn")
LIMIT_SECONDS = 10.0
#: How long a worker may take to get ready, such as importing TensorFlow.
READY_SECONDS = 300.0
#: What a worker may take of memory: a reader that needs more for a small file is a fault.
LIMIT_BYTES = 6 << 30


@dataclass(frozen=True)
class Answer:
    """How one case was answered.

    Attributes:
        number: of the case.
        kind: of the input, such as the format.
        answer: `read`, `refused`, or what is a fault: `fault`, `silent`, `hang`, `died`.
        details: the message, or what went wrong.
    """

    number: int
    kind: str
    answer: str
    details: str = ""

    @property
    def is_fault(self) -> bool:
        """Whether it is no answer that a user should get."""
        return self.answer not in ("read", "refused")


Try = Callable[[int], Answer]


def try_all(numbers: range, prepare: Callable[[], Try], workers: int) -> list[Answer]:
    """Try every case, and give the answers in their order.

    A case that hangs is tried once more, alone: another program may have had the machine.

    Args:
        numbers: of the cases.
        prepare: called once in each process; gives what tries one case, which must not raise.
        workers: processes at a time.
    """
    answers = _tried(numbers, prepare, workers)
    for place, answer in enumerate(answers):
        if answer.answer == "hang":
            answers[place] = _tried(range(answer.number, answer.number + 1), prepare, 1)[0]
    return answers


def _tried(numbers: range, prepare: Callable[[], Try], workers: int) -> list[Answer]:
    """Every case once, in processes side by side."""
    answers: list[Answer] = []
    bar, lock = progress_bar(list(numbers), "cases"), threading.Lock()
    done = iter(bar)

    def take(answer: Answer) -> None:
        with lock:
            answers.append(answer)
            next(done, None)

    shares = [numbers[worker::workers] for worker in range(workers)]
    threads = [threading.Thread(target=_look_after, args=(share, prepare, take)) for share in shares]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    next(done, None)
    return sorted(answers, key=lambda answer: answer.number)


def _look_after(numbers: range, prepare: Callable[[], Try], take: Callable[[Answer], None]) -> None:
    """Have a worker try these cases, and another one go on where it hangs or dies."""
    while numbers:
        here, there = multiprocessing.Pipe()
        worker = CONTEXT.Process(target=_work, args=(there, numbers, prepare))
        worker.start()
        there.close()
        left = _collect(here, numbers, take)
        worker.kill()
        worker.join()
        here.close()
        numbers = left


def _collect(answers: Connection, numbers: range, take: Callable[[Answer], None]) -> range:
    """Take answers until the worker is done, hangs or has died; gives the cases that are left."""
    if answers.poll(READY_SECONDS):
        answers.recv()
    for place, number in enumerate(numbers):
        try:
            if not answers.poll(LIMIT_SECONDS):
                take(Answer(number, "unknown", "hang", f"no answer after {LIMIT_SECONDS:.0f} s"))
                return numbers[place + 1 :]
            take(answers.recv())
        except EOFError:
            take(Answer(number, "unknown", "died", "the process that tried it ended"))
            return numbers[place + 1 :]
    return numbers[:0]


def _work(answers: Connection, numbers: range, prepare: Callable[[], Try]) -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (LIMIT_BYTES, LIMIT_BYTES))
    attempt = prepare()
    answers.send(None)
    for number in numbers:
        answers.send(attempt(number))
