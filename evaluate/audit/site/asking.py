"""The server's side of the Audit page: questions go to a process beside it, one at a time, and answers are kept."""

import threading
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor

from firsthand.evaluate.audit.site.question import Answer, Question
from firsthand.evaluate.worker import Worker
from firsthand.store import Store

KEPT = 64
"""Answers."""
WAIT = 2.0
"""Seconds in which an answer is worth waiting for; a page asks again."""


class Audits:
    """Asks a process that is started with the first question; stop it in the end."""

    def __init__(self, store: Store) -> None:
        self._worker: Worker[str, Answer] = Worker(store, _answer)
        self._stop = threading.Event()
        self._line = ThreadPoolExecutor(1, thread_name_prefix="audit")
        self._asked: OrderedDict[str, Future[Answer | None]] = OrderedDict()
        self._lock = threading.Lock()

    def answer(self, question: Question) -> Answer | None:
        """The answer, or None while it is worked on. Raises RuntimeError where the work failed."""
        text = question.model_dump_json()
        with self._lock:
            if text not in self._asked:
                while len(self._asked) >= KEPT:
                    self._asked.popitem(last=False)[1].cancel()
                self._asked[text] = self._line.submit(self._worker.ask, text, self._stop)
            future = self._asked[text]
        try:
            return future.result(WAIT)
        except TimeoutError:
            return None

    def stop(self) -> None:
        """End; what is worked on is given up."""
        self._stop.set()
        self._line.shutdown(cancel_futures=True)
        self._worker.end()


def _answer(store: Store, question: str) -> Answer:
    from firsthand.evaluate.audit.site.answering import answer

    return answer(store, Question.model_validate_json(question))
