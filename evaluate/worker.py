"""A process beside a server that answers questions about its store, at the lowest priority.

In the server's own process, long work would hold Python's lock while raters wait for their next pair.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Generic, TypeVar

import sqlalchemy as sa

from firsthand.store import Store

PATIENCE = 600.0
"""Seconds that an answer may take."""
GRACE = 1.0
"""Seconds in which an idle process ends by itself."""

Question = TypeVar("Question")
Answer = TypeVar("Answer")


class Worker(Generic[Question, Answer]):
    """The process that runs `task` for each question; started when it is first needed, and anew where it has died.

    task: a function of a module, since the process finds it by its name.
    """

    def __init__(self, store: Store, task: Callable[[Store, Question], Answer]) -> None:
        self._work = (store.engine.url.render_as_string(hide_password=False), task)
        self._process: BaseProcess | None = None
        self._line: Connection | None = None

    def __enter__(self) -> "Worker[Question, Answer]":
        return self

    def __exit__(self, *_error: object) -> None:
        self.end()

    def ask(self, question: Question, stop: threading.Event) -> Answer | None:
        """The answer; None where `stop` is set meanwhile. Raises RuntimeError with what went wrong there."""
        line = self._line or self._start()
        line.send(question)
        for _ in range(int(PATIENCE * 10)):
            if line.poll(0.1):
                break
            if stop.is_set():
                return None
        else:
            self.end()
            raise RuntimeError(f"it took longer than {PATIENCE:.0f} s")
        try:
            answer, error = line.recv()
        except EOFError:
            self.end()
            raise
        if error:
            raise RuntimeError(error)
        found: Answer = answer
        return found

    def end(self) -> None:
        """Stop the process; what it is at is given up."""
        if self._line is not None and self._process is not None:
            self._line.close()
            self._process.join(GRACE)
            self._process.terminate()
            self._process.join()
        self._line = self._process = None

    def _start(self) -> Connection:
        context = multiprocessing.get_context("spawn")
        self._line, theirs = context.Pipe()
        self._process = context.Process(target=_answer_when_asked, args=(theirs, *self._work), daemon=True)
        self._process.start()
        theirs.close()
        return self._line


def _answer_when_asked(line: Connection, url: str, task: Callable[[Store, object], object]) -> None:
    """What the process does, until the server's end of the line is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(19)
    with Store(url) as store:
        while True:
            try:
                line.send(_answer(task, store, line.recv()))
            except (EOFError, BrokenPipeError):
                return


def _answer(task: Callable[[Store, object], object], store: Store, question: object) -> tuple[object, str]:
    try:
        return task(store, question), ""
    except (sa.exc.SQLAlchemyError, OSError) as error:
        return None, f"{type(error).__name__}: {error}"
