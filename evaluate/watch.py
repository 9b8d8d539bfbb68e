"""The figures of a rating site kept up to date while it runs, and the rules applied to them."""

import logging
import threading
import time

import sqlalchemy as sa

from firsthand.collect.admin.figures import Quality
from firsthand.collect.serve_config import ServeConfig
from firsthand.evaluate.enforcing import enforce
from firsthand.evaluate.worker import Worker
from firsthand.store import Store, schema

EVERY = 5.0
"""Seconds from one measurement to the next look at the store, at least."""
REST = 3.0
"""And at least so many times as long as the measurement took: a large store is measured less often."""

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
        worker: Worker[str | None, Quality] = Worker(self._store, _measure)
        with worker:
            seen: object = None
            while not self._stop.is_set():
                began = time.monotonic()
                try:
                    state = _state(self._store)
                    if state != seen:
                        quality = worker.ask(self._config.assignment.route_by, self._stop)
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


def _measure(store: Store, coverage_by: str | None) -> Quality:
    from firsthand.evaluate.quality import measure_quality

    return measure_quality(store, coverage_by)
