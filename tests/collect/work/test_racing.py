"""Several processes at one store, and processes that are killed: exactly k raters, every acknowledged verdict once."""

import random
import signal
import subprocess
import sys
import time
from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from rating_work import SKIP, A, assignment, check_books, prepared, raters_of, rows, work_off

from firsthand.collect.work.items import Rater, next_items
from firsthand.collect.work.targets import prepare_work
from firsthand.collect.work.verdicts import Answer, amend, record, undo
from firsthand.records import Verdict
from firsthand.store import Store, schema

WORKER = """
import sys
sys.path[:0] = sys.argv[3:]
from firsthand.collect.work.items import Rater, next_items
from firsthand.collect.work.verdicts import record
from firsthand.store import Store
from rating_work import A, assignment
plan = assignment(0.3, gold_share=0.1, repeat_share=0.1)
names = sys.argv[2].split(",")
with Store(sys.argv[1]) as store:
    print("ready", flush=True)
    sys.stdin.readline()
    while names:
        for name in list(names):
            items = next_items(store, plan, Rater(name))
            if not items:
                names.remove(name)
                continue
            print(record(store, name, items[0].lease, A).status.value, items[0].lease, flush=True)
"""


def worker(url, *names):
    paths = [path for path in sys.path if path.endswith(("support", "src"))]
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, url, ",".join(names), *paths],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    return process


def start(process):
    process.stdin.write("go\n")
    process.stdin.flush()


def test_processes_that_race_give_each_comparison_exactly_its_raters(store_url):
    plan = assignment(0.3)
    with Store(store_url) as store:
        prepared(store, 40, plan)
        # One rater is at work in two processes, as with two tabs on two servers.
        processes = [worker(store_url, *names) for names in (("ann", "bob"), ("cyd", "ann"), ("dan", "eve"))]
        for process in processes:
            start(process)
        said = [process.communicate(timeout=300)[0].split() for process in processes]
        assert [process.returncode for process in processes] == [0, 0, 0]
        work_off(store, plan, ["fay", "gus"])
        check_books(store)
        assert Counter(len(who) for who in raters_of(store).values()) == {1: 28, 2: 12}
        statuses = Counter(status for words in said for status in words[::2])
        assert set(statuses) <= {"recorded", "known"}
        leases = [lease for words in said for status, lease in zip(words[::2], words[1::2], strict=True)]
        done = {row["id"] for row in rows(store, schema.leases, state="done")}
        assert set(leases) <= done
        assert len(rows(store, schema.preferences)) == len(done)


def test_no_acknowledged_verdict_is_lost_or_doubled_when_processes_are_killed(store_url):
    plan = assignment(0.3)
    chance = random.Random(7)
    acknowledged = []
    with Store(store_url) as store:
        prepared(store, 60, plan)
    for _ in range(4):
        process = worker(store_url, "ann", "bob")
        start(process)
        time.sleep(chance.uniform(0.02, 0.4))
        process.send_signal(signal.SIGKILL)
        said = process.communicate(timeout=60)[0]
        whole = said[: said.rfind("\n") + 1].split()
        acknowledged += [lease for status, lease in zip(whole[::2], whole[1::2], strict=True) if status == "recorded"]
    with Store(store_url) as store:
        check_books(store)
        states = {row["id"]: row["state"] for row in rows(store, schema.leases)}
        assert len(acknowledged) == len(set(acknowledged))
        assert {states[lease] for lease in acknowledged} <= {"done"}
        assert list(states.values()).count("done") == len(rows(store, schema.preferences))
        # Nothing is stuck: the raters go on, and every comparison gets its raters.
        work_off(store, plan, ["ann", "bob", "cyd"])
        check_books(store)
        assert Counter(len(who) for who in raters_of(store).values()) == {1: 42, 2: 18}


RATERS = st.sampled_from(["ann", "bob", "cyd", "dan"])
ANSWERS = st.sampled_from([A, Answer(Verdict.B), Answer(Verdict.TIE), SKIP])


class Site(RuleBasedStateMachine):
    """Whatever raters, experts and the clock do, in any order, the books are right."""

    plan = assignment(0.4, raters=2, gold_share=0.1, repeat_share=0.2)

    @initialize(seed=st.integers(0, 1000))
    def open(self, seed):
        self.store = Store("sqlite://")
        self.chance = random.Random(seed)
        prepared(self.store, 5, self.plan)

    @rule(rater=RATERS, count=st.integers(1, 3), is_expert=st.booleans())
    def ask(self, rater, count, is_expert):
        items = next_items(self.store, self.plan, Rater(rater, is_expert=is_expert), count, self.chance)
        assert len({item.comparison.id for item in items}) == len(items) <= count

    @rule(rater=RATERS, answer=ANSWERS, data=st.data())
    def answer(self, rater, answer, data):
        mine = sorted(row["id"] for row in rows(self.store, schema.leases, rater=rater))
        if mine:
            record(self.store, rater, data.draw(st.sampled_from(mine)), answer)

    @rule(rater=RATERS, answer=ANSWERS, data=st.data())
    def change(self, rater, answer, data):
        mine = sorted(row["id"] for row in rows(self.store, schema.leases, rater=rater))
        if mine:
            amend(self.store, rater, data.draw(st.sampled_from(mine)), answer)

    @rule(rater=RATERS)
    def withdraw(self, rater):
        undo(self.store, rater)

    @rule(rater=RATERS)
    def let_leases_expire(self, rater):
        with self.store.engine.begin() as connection:
            held = schema.leases.c.state == "held"
            past = schema.leases.update().where(held, schema.leases.c.rater == rater)
            connection.execute(past.values(expires_at="2000-01-01T00:00:00.000000Z"))

    @rule()
    def restart(self):
        before = [rows(self.store, table) for table in (schema.work, schema.leases, schema.preferences)]
        prepare_work(self.store, self.plan)
        after = [rows(self.store, table) for table in (schema.work, schema.leases, schema.preferences)]
        kept = [{name: row[name] for name in ("comparison_id", "taken", "skipped")} for row in before[0]]
        assert kept == [{name: row[name] for name in ("comparison_id", "taken", "skipped")} for row in after[0]]
        assert after[1:] == before[1:]

    @invariant()
    def books_are_right(self):
        if hasattr(self, "store"):
            check_books(self.store)

    def teardown(self):
        if hasattr(self, "store"):
            self.store.close()


Site.TestCase.settings = settings(max_examples=12, stateful_step_count=25, deadline=None)
TestSite = Site.TestCase
