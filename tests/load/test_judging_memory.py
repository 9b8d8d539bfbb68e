"""Memory of `collect judge` over 100,000 comparisons, and of a run over what is already judged."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders import fill, line
from judging import judge, verdicts

from firsthand.store import Store

COMPARISONS = 100_000
PROBE = """
import sys, threading, time
from pathlib import Path
from firsthand.cli import main

def anonymous_megabytes():
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon:")) // 1024

def watch():
    global peak
    while True:
        peak = max(peak, anonymous_megabytes())
        time.sleep(0.05)

peak = 0
threading.Thread(target=watch, daemon=True).start()
status = main(sys.argv[1:])
print("peak", peak)
sys.exit(status)
"""
"""Without pages of files: SQLite maps the store's, which the system takes back when it needs them."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server that answers at once, in a process of its own."""
    server = Path(__file__).resolve().parents[1] / "support" / "faulty_endpoint.py"
    command = [sys.executable, str(server), "--delay", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()


def peak_megabytes(store: Store, folder: Path, url: str, limit: int) -> int:
    """The peak anonymous memory of the process that judges the first `limit` comparisons."""
    one = judge(folder, url, {"in_flight": 32}, orders="one")
    config = folder / "judge.yaml"
    config.write_text(json.dumps({"judges": {"j": one}, "comparisons": {"limit": limit}}), encoding="utf-8")
    arguments = ["collect", "judge", str(config), "--store", str(store.engine.url)]
    done = subprocess.run([sys.executable, "-c", PROBE, *arguments], capture_output=True, text=True, check=True)
    return int(done.stdout.split()[-1])


@pytest.mark.load
@pytest.mark.timeout(3600)
def test_memory_does_not_grow_with_the_number_of_comparisons(store: Store, tmp_path: Path, url: str) -> None:
    for start in range(0, COMPARISONS, 5_000):
        fill(store, [line(number) for number in range(start, start + 5_000)])
    few = peak_megabytes(store, tmp_path, url, COMPARISONS // 20)
    all_of_them = peak_megabytes(store, tmp_path, url, COMPARISONS)
    again = peak_megabytes(store, tmp_path, url, COMPARISONS)
    print(f"peak MB: {few} for {COMPARISONS // 20:,}, {all_of_them} for {COMPARISONS:,}, {again} with nothing left")
    assert all_of_them < 1.15 * few + 30
    assert again < 1.15 * few + 30
    assert sum(1 for _ in verdicts(store)) == COMPARISONS
