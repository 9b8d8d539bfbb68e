import time

import pytest
from crew import crew

from firsthand.collect.accounts.account import State
from firsthand.collect.accounts.people import get
from firsthand.collect.serve_config import ServeConfig
from firsthand.evaluate.watch import Watch
from firsthand.records import Annotator, Entry, Preference, Source, Verdict
from firsthand.store import Store

PATIENCE = 120.0
"""Seconds; the process that measures has to start first."""


def wait_for(watch: Watch, enough) -> None:
    until = time.monotonic() + PATIENCE
    while not (watch.quality and enough(watch.quality)):
        assert time.monotonic() < until, watch.quality
        time.sleep(0.1)


def test_figures_follow_the_store_and_rules_are_applied(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firsthand.evaluate.watch.EVERY", 0.1)
    monkeypatch.setattr("firsthand.evaluate.watch.REST", 0.0)
    accounts = crew(store)
    careless = accounts["farah@example.org"].id
    watch = Watch(store, ServeConfig())
    watch.start()
    try:
        wait_for(watch, lambda quality: quality.votes)
        first = watch.quality
        assert first is not None
        # Six raters of 96 comparisons each, and 29 gold verdicts of imported experts.
        assert first.votes == 6 * 96 + 29
        comparison = next(store.comparisons())
        store.add([Entry(comparison, Annotator("late", Source.HUMAN), Preference(Verdict.A))])
        wait_for(watch, lambda quality: quality.votes == first.votes + 1)
        account = get(store, careless)
        assert account is not None
        assert account.state is State.PAUSED
    finally:
        watch.stop()


def test_a_watch_stops_while_it_measures(store: Store) -> None:
    watch = Watch(store, ServeConfig())
    watch.start()
    watch.stop()
    assert watch.quality is None
