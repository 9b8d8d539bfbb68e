import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from firsthand.errors import InputError, RecordError
from firsthand.flat import flatten, key_of
from firsthand.lines import parse_line
from firsthand.records import Entry
from firsthand.store import Outcome, Store, schema


def vote(annotator: str, number: int = 0, verdict: str = "a") -> Entry:
    content = {"prompt": f"q{number}", "response_a": "x", "response_b": "y", "verdict": verdict}
    return parse_line(content | {"annotator": annotator, "source": "human"})


def test_the_database_itself_refuses_a_second_current_verdict(either_store: Store) -> None:
    either_store.add([vote("ann")])
    table = schema.preferences
    columns = [column for column in table.c if column.name != "id"]
    copy = table.insert().from_select([column.name for column in columns], sa.select(*columns))
    with pytest.raises(sa.exc.IntegrityError), either_store.engine.begin() as connection:
        connection.execute(copy)
    with either_store.engine.begin() as connection:
        connection.execute(table.update().values(is_current=False))
        connection.execute(copy)
    assert either_store.counts().superseded == 2


@pytest.mark.parametrize(
    ("column", "value"), [("verdict", "left"), ("p_a", 1.5), ("strength", 4), ("shown_first", "x"), ("annotator", "no")]
)
def test_the_database_itself_refuses_values_that_no_verdict_has(
    either_store: Store, column: str, value: object
) -> None:
    either_store.add([vote("ann")])
    with pytest.raises(sa.exc.IntegrityError), either_store.engine.begin() as connection:
        connection.execute(schema.preferences.update().values({column: value}))


def test_two_writers_of_contradicting_verdicts_leave_one_current_each(store_url: str) -> None:
    Store(store_url).close()
    outcomes: dict[str, list[Outcome | RecordError]] = {}
    start = threading.Barrier(2)

    def write(verdict: str) -> None:
        with Store(store_url) as store:
            start.wait()
            added = []
            for number in range(40):
                added += store.add([vote("ann", number, verdict), vote(f"only {verdict}", 39 - number, verdict)])
            outcomes[verdict] = added

    threads = [threading.Thread(target=write, args=(verdict,)) for verdict in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    shared = [*outcomes["a"][::2], *outcomes["b"][::2]]
    assert sum(outcome is Outcome.ADDED for outcome in shared) == 40
    assert sum(isinstance(outcome, RecordError) for outcome in shared) == 40
    with Store(store_url) as store:
        entries = list(store.entries())
        assert store.counts().human == 40 + 2 * 40
    keys = [key_of(preference) for *_, preference, _ in map(flatten, entries) if preference]
    assert len(set(keys)) == len(keys) == 120


def test_a_reader_does_not_wait_for_a_writer_and_sees_one_snapshot(store_url: str) -> None:
    with Store(store_url) as store:
        store.add([vote("ann", number) for number in range(5_000)])
        reading = store.entries()
        next(reading)
        with Store(store_url) as writer:
            assert writer.add([vote("bob")]) == [Outcome.ADDED]
        assert len(list(reading)) == 5_000 - 1


def test_a_store_that_nobody_may_write_to_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with Store(str(path)) as store:
        store.add([vote("ann")])
    with Store(f"sqlite:///file:{path}?mode=ro&immutable=1&uri=true") as store:
        assert store.counts().human == 1
        with pytest.raises(sa.exc.OperationalError, match="readonly"):
            store.add([vote("bob")])


def test_a_store_on_a_read_only_disk_can_be_read_and_refuses_verdicts(tmp_path: Path) -> None:
    disk, mounted = tmp_path / "disk", tmp_path / "a mounted #1 disk"
    disk.mkdir()
    mounted.mkdir()
    with Store(str(disk / "s.db")) as store:
        store.add([vote("ann")])
    (tmp_path / "v.jsonl").write_text(
        '{"prompt": "q", "response_a": "x", "response_b": "z", "verdict": "a", "source": "human"}\n'
    )
    mount = f"mount --bind '{disk}' '{mounted}' && mount -o remount,ro,bind '{mounted}'"
    if subprocess.run(["unshare", "-m", "bash", "-c", mount], check=False, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a folder read-only")
    firsthand = f"'{sys.executable}' -m firsthand collect"
    script = (
        f"{mount} && {firsthand} status --json --store '{mounted}/s.db';"
        f" {firsthand} import '{tmp_path}/v.jsonl' --store '{mounted}/s.db'; echo status $?"
    )
    done = subprocess.run(["unshare", "-m", "bash", "-c", script], check=True, capture_output=True, text=True)
    assert '"human": 1' in done.stdout
    assert "status 1" in done.stdout
    assert done.stderr == "firsthand: the store failed: attempt to write a readonly database\n"


def test_a_full_disk_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    with Store(str(tmp_path / "store.db")) as store:
        store.add([vote("ann")])

        @sa.event.listens_for(store.engine, "connect")
        def limit(connection, _record) -> None:
            connection.execute("PRAGMA max_page_count = 40")

        store.engine.dispose()
        with pytest.raises(sa.exc.OperationalError, match="database or disk is full"):
            store.add([vote("ann", number) for number in range(1, 5_000)])
        assert store.counts().human == 1
        assert store.add([vote("ann", 1)]) == [Outcome.ADDED]


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("sqlite:////nowhere/at/all/store.db", "the folder /nowhere/at/all does not exist"),
        ("mysql://localhost/x", "the store is a mysql database; firsthand knows sqlite and postgresql"),
        ("://", "neither a file nor a database URL"),
        ("postgresql://nobody@127.0.0.1:1/none", "can't open the store"),
    ],
)
def test_a_store_that_cannot_be_opened_says_why(url: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Store(url)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, just a text that is long enough to have a header of its own" * 4)
    with pytest.raises(InputError, match="file is not a database"):
        Store(str(path))
    assert path.read_text().startswith("not a database")


def test_the_store_is_named_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTHAND_STORE", str(tmp_path / "named.db"))
    with Store() as store:
        store.add([vote("ann")])
    assert (tmp_path / "named.db").exists()


READ_ALL = """
import resource, sys
from firsthand.store import Store
with Store(sys.argv[1]) as store:
    entries = sum(1 for _ in store.entries())
    votes = sum(len(frame) for frame in store.vote_frames(rows=5_000))
print(entries, votes, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def peak_of_reading(url: str) -> tuple[int, int, int]:
    done = subprocess.run(
        [sys.executable, "-c", READ_ALL, url], check=True, capture_output=True, text=True, env={**os.environ}
    )
    entries, votes, megabytes = map(int, done.stdout.split())
    return entries, votes, megabytes


def fill(store: Store, start: int, stop: int) -> None:
    text = "x" * 500
    for first in range(start, stop, 5_000):
        lines = (
            {"prompt": f"q{number}", "response_a": f"{text}{number}", "response_b": text, "verdict": "a"}
            for number in range(first, first + 5_000)
        )
        store.add([parse_line(line | {"annotator": "ann", "source": "human"}) for line in lines])


def test_reading_takes_as_much_memory_for_many_preferences_as_for_few(store_url: str) -> None:
    """25,000 entries more would be 65 MB of Python objects, beside the 30 MB that SQLite's own cache grows by."""
    with Store(store_url) as store:
        fill(store, 0, 5_000)
    entries, votes, few = peak_of_reading(store_url)
    assert (entries, votes) == (5_000, 5_000)
    with Store(store_url) as store:
        fill(store, 5_000, 30_000)
    entries, votes, many = peak_of_reading(store_url)
    assert (entries, votes) == (30_000, 30_000)
    assert many - few < 60
