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
import resource, sys
from firsthand.cli import main
status = main(sys.argv[1:])
print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
sys.exit(status)
"""


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
    """The peak memory of the process that judges the first `limit` comparisons."""
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
    assert all_of_them < 1.15 * few + 20
    assert again < 1.15 * few + 20
    assert sum(1 for _ in verdicts(store)) == COMPARISONS
