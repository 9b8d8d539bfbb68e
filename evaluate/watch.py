"""The figures of a rating site kept up to date while it runs, and the rules applied to them.

The figures are measured in a process of their own, at the lowest priority: in the server's own process they would hold
Python's lock while raters wait for their next pair.
"""

import logging
import multiprocessing
import os
import signal
import threading
import time
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

import sqlalchemy as sa

from firsthand.collect.admin.figures import Quality
from firsthand.collect.serve_config import ServeConfig
from firsthand.evaluate.enforcing import enforce
from firsthand.store import Store, schema

EVERY = 5.0
"""Seconds from one measurement to the next look at the store, at least."""
REST = 3.0
"""And at least so many times as long as the measurement took: a large store is measured less often."""
PATIENCE = 600.0
"""Seconds that a measurement may take."""

log = logging.getLogger("firsthand")


class Watch:
    """Measures the store whenever it has changed, and applies the rules; start it, read `quality`, stop it."""

    def __init__(self, store: Store, config: ServeConfig) -> None:
        self.quality: Quality | None = None
        self._store = store
        self._config = config
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="quality", daemon=True)

    def start(self) -> None:
        """Begin, in a thread that only waits."""
        self._thread.start()

    def stop(self) -> None:
        """End; a measurement that runs is given up."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        url = self._store.engine.url.render_as_string(hide_password=False)
        with _Worker(url, self._config.assignment.route_by) as worker:
            seen: object = None
            while not self._stop.is_set():
                began = time.monotonic()
                try:
                    state = _state(self._store)
                    if state != seen:
                        quality = worker.measure(self._stop)
                        if quality is not None:
                            self.quality, seen = quality, state
                            enforce(self._store, quality, self._config.rules)
                except (sa.exc.SQLAlchemyError, OSError, EOFError, RuntimeError):
                    log.exception("the figures of the admin page could not be measured; trying again")
                self._stop.wait(max(EVERY, REST * (time.monotonic() - began)))


def _state(store: Store) -> tuple[int | None, int | None, int]:
    """Changes with every verdict, with what happens to accounts, and with the minute."""
    queries = [sa.select(sa.func.max(table.c.id)) for table in (schema.preferences, schema.account_events)]
    with store.engine.connect().execution_options(read_only=True) as connection:
        verdict, event = (connection.execute(query).scalar() for query in queries)
    return verdict, event, int(time.time() // 60)


class _Worker:
    """The process that measures; started when it is first needed, and anew where it has died."""

    def __init__(self, url: str, coverage_by: str | None) -> None:
        self._work = (url, coverage_by)
        self._process: BaseProcess | None = None
        self._line: Connection | None = None

    def __enter__(self) -> "_Worker":
        return self

    def __exit__(self, *_error: object) -> None:
        self._end()

    def measure(self, stop: threading.Event) -> Quality | None:
        """The figures now; None where `stop` is set meanwhile. Raises RuntimeError with what went wrong there."""
        line = self._line or self._start()
        line.send(None)
        for _ in range(int(PATIENCE * 10)):
            if line.poll(0.1):
                break
            if stop.is_set():
                return None
        else:
            self._end()
            raise RuntimeError(f"measuring took longer than {PATIENCE:.0f} s")
        try:
            found: Quality | str = line.recv()
        except EOFError:
            self._end()
            raise
        if isinstance(found, str):
            raise RuntimeError(found)
        return found

    def _start(self) -> Connection:
        context = multiprocessing.get_context("spawn")
        self._line, theirs = context.Pipe()
        self._process = context.Process(target=_measure_when_asked, args=(theirs, *self._work), daemon=True)
        self._process.start()
        theirs.close()
        return self._line

    def _end(self) -> None:
        if self._line is not None and self._process is not None:
            self._line.close()
            self._process.terminate()
            self._process.join()
        self._line = self._process = None


def _measure_when_asked(line: Connection, url: str, coverage_by: str | None) -> None:
    """What the process does, until the server's end of the line is closed."""
    from firsthand.evaluate.quality import measure_quality

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(19)
    with Store(url) as store:
        while True:
            try:
                line.recv()
            except EOFError:
                return
            try:
                line.send(measure_quality(store, coverage_by))
            except (sa.exc.SQLAlchemyError, OSError) as error:
                line.send(f"{type(error).__name__}: {error}")
