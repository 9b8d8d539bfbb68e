"""What raters notice while the site measures its figures on a large store: verdict times with and without.

    python benchmarks/watching.py [--preferences 200000] [--raters 300] [--seconds 90]

Twenty people rate; the process that measures is watched for the processor time it uses, which tells when it is at work.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))

from load_raters import Rater, TroubleError, come_in, leave
from load_site import PASSWORD, LoadSite, comparison_line, make_site, running

from firsthand.collect.accounts.people import everyone
from firsthand.collect.serve_config import Assignment
from firsthand.collect.work.targets import prepare_work
from firsthand.lines import parse_line
from firsthand.records import Annotator, Entry, Preference, Side, Source, Verdict
from firsthand.store import Store

AT_WORK, PAUSE, BATCH, EACH = 20, 2.0, 5_000, 2
TICK = 0.05
"""Seconds between two looks at the process that measures."""


@dataclass(frozen=True)
class Taken:
    """One verdict: when it was sent, and the seconds until it was acknowledged."""

    at: float
    seconds: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preferences", type=int, default=200_000)
    parser.add_argument("--raters", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=90.0)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        site = make_site(folder, f"sqlite:///{folder / 'store.db'}", args.raters, 2_000)
        fill(site, args.preferences)
        with running(site) as server:
            taken, busy = asyncio.run(bear(site, server.url, server.process.pid, args.seconds))
    longest = max((end - start for start, end in busy), default=0.0)
    print(f"{args.preferences:,} preferences; measured {len(busy)} times, {longest:.1f} s at most")
    print("             verdicts   p50 s   p95 s   p99 s   worst s")
    during = [
        one.seconds for one in taken if any(start <= one.at + one.seconds and one.at <= end for start, end in busy)
    ]
    print_row("measuring", during)
    print_row("all", [one.seconds for one in taken])


def fill(site: LoadSite, preferences: int) -> None:
    """Let the site's people have judged other comparisons, EACH of them by two, over the last weeks."""
    with Store(site.store) as store:
        people = [Annotator(account.id, Source.HUMAN) for account in everyone(store)]
        begin = datetime.now(UTC) - timedelta(days=20)
        for start in range(0, preferences // EACH, BATCH):
            entries = []
            for number in range(start, min(start + BATCH, preferences // EACH)):
                one = parse_line(comparison_line(1_000_000 + number)).comparison
                at = (begin + number * timedelta(seconds=15)).isoformat(timespec="microseconds").replace("+00:00", "Z")
                for turn in range(EACH):
                    says = (Verdict.A, Verdict.B, Verdict.TIE)[(number * (turn + 1)) % 3]
                    said = Preference(says, shown_first=Side.A, seconds=20.0, created_at=at)
                    entries.append(Entry(one, people[(number + 7 * turn) % len(people)], said))
            store.add(entries)
        prepare_work(store, Assignment())


async def bear(site: LoadSite, url: str, server: int, seconds: float) -> tuple[list[Taken], list[tuple[float, float]]]:
    """Let people rate; returns their verdicts, and when the site was measuring."""
    people = [Rater(login, PASSWORD, [url]) for login in site.logins[:AT_WORK]]
    await come_in(people)
    until = time.monotonic() + seconds
    taken: list[Taken] = []
    watching = asyncio.create_task(watch(server, until))
    await asyncio.gather(*(rate(person, taken, until, place) for place, person in enumerate(people)))
    await leave(people)
    return taken, await watching


async def rate(person: Rater, taken: list[Taken], until: float, place: int) -> None:
    await asyncio.sleep(PAUSE * place / AT_WORK)
    while time.monotonic() < until:
        began = time.monotonic()
        try:
            await person.answer()
        except TroubleError as error:
            print(f"  {error}")
        taken.append(Taken(began, time.monotonic() - began))
        await asyncio.sleep(PAUSE)


async def watch(server: int, until: float) -> list[tuple[float, float]]:
    """When the server's children were using a processor, as spans with gaps of a second at least."""
    spans: list[tuple[float, float]] = []
    before = children_ticks(server)
    while time.monotonic() < until:
        await asyncio.sleep(TICK)
        now, used = time.monotonic(), children_ticks(server)
        if used > before:
            if spans and now - spans[-1][1] < 1:
                spans[-1] = (spans[-1][0], now)
            else:
                spans.append((now - TICK, now))
        before = used
    return spans


def children_ticks(server: int) -> int:
    """Processor time of the processes that the server has started."""
    total = 0
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text(encoding="ascii").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == server:
            total += int(fields[11]) + int(fields[12])
    return total


def print_row(name: str, seconds: Sequence[float]) -> None:
    if len(seconds) < 2:
        print(f"{name:12} {len(seconds):8}")
        return
    parts = statistics.quantiles(seconds, n=100, method="inclusive")
    p50, p95, p99 = parts[49], parts[94], parts[98]
    print(f"{name:12} {len(seconds):8}{p50:8.3f}{p95:8.3f}{p99:8.3f}{max(seconds):10.3f}")


if __name__ == "__main__":
    main()
