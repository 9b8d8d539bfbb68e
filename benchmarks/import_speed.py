"""Import of JSONL files into SQLite: preferences a second, from the file to the disk, and peak memory.

    python benchmarks/import_speed.py [--rows 50000 200000]

Each file is imported by the command itself, in a process of its own. A line holds one comparison of two responses of
1 KB and one person's verdict; a third of the prompts are shared. The last columns are what the machine can do
at best: reading and parsing the same file (orjson), and writing the same bytes to the disk with one sync a batch.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson

RESPONSE_BYTES = 1_000
BATCH_BYTES = 8 * 2**20


@dataclass(frozen=True)
class Result:
    rows: int
    seconds: float
    processor_seconds: float
    peak_mb: float
    parse_seconds: float
    write_seconds: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[50_000, 200_000])
    parser.add_argument("--folder", type=Path, help="where the files are made (default: a temporary folder)")
    args = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        results = [measure(Path(folder), rows) for rows in args.rows]
    print(f"load of the machine before and after: {load:.1f}, {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    print("     rows  seconds   rows/s  processor s  rows/processor s  peak MB  parse only, s  write only, s")
    for result in results:
        print(
            f"{result.rows:>9,} {result.seconds:>8.2f} {result.rows / result.seconds:>8,.0f}"
            f" {result.processor_seconds:>12.2f} {result.rows / result.processor_seconds:>17,.0f}"
            f" {result.peak_mb:>8.0f} {result.parse_seconds:>14.2f} {result.write_seconds:>14.2f}"
        )


def measure(folder: Path, rows: int) -> Result:
    file = folder / f"{rows}.jsonl"
    with file.open("wb") as out:
        out.writelines(lines(rows))
    started = time.perf_counter()
    command = [sys.executable, "-m", "firsthand", "collect", "import", str(file), "--store", str(folder / f"{rows}.db")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    if status:
        raise SystemExit(f"the import failed with status {os.waitstatus_to_exitcode(status)}")
    processor = usage.ru_utime + usage.ru_stime
    return Result(
        rows, seconds, processor, usage.ru_maxrss / 1024, parse_seconds(file), write_seconds(file, folder / "copy")
    )


def lines(rows: int) -> Iterator[bytes]:
    random_text = random.Random(13)
    words = [
        "".join(random_text.choices("abcdefghijklmnopqrstuvwxyz", k=random_text.randint(2, 9))) for _ in range(5_000)
    ]
    for number in range(rows):
        first, second = (" ".join(random_text.choices(words, k=250))[:RESPONSE_BYTES] for _ in "ab")
        line = {
            "prompt": f"Question {number % (2 * rows // 3)}: what is {words[number % 5_000]}?",
            "response_a": first,
            "response_b": second,
            "author_a": f"model-{number % 7}",
            "author_b": f"model-{(number + 1) % 7}",
            "annotator": f"rater-{number % 50}",
            "source": "human",
            "verdict": ("a", "b", "tie")[number % 3],
            "strength": 1 + number % 3,
            "shown_first": "ab"[number % 2],
            "seconds": 10.0 + number % 60,
            "tags": {"domain": f"domain-{number % 10}"},
            "created_at": "2026-11-22T10:00:00Z",
        }
        yield orjson.dumps(line) + b"\n"


def parse_seconds(file: Path) -> float:
    started = time.perf_counter()
    with file.open("rb") as lines_of_file:
        for line in lines_of_file:
            orjson.loads(line)
    return time.perf_counter() - started


def write_seconds(file: Path, copy: Path) -> float:
    started = time.perf_counter()
    with file.open("rb") as source, copy.open("wb") as target:
        while chunk := source.read(BATCH_BYTES):
            target.write(chunk)
            target.flush()
            os.fsync(target.fileno())
    seconds = time.perf_counter() - started
    copy.unlink()
    return seconds


if __name__ == "__main__":
    main()
