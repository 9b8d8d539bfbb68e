"""The rating site under load: how long a verdict takes, how many it takes in a second, and whether all are kept.

    python benchmarks/serving.py [--raters 300] [--pause 30] [--seconds 120] [--store URL] [--servers 1]

The people are one process (this one), each with a login, cookies and connections of their own; the site is another.
A verdict's time is what its rater waits: from sending it to having read the answer, which holds the next pair.
--potato PYTHON then measures Potato 2.12 in the same way; PYTHON is that of a virtual environment with
potato-annotation.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))

from load_raters import Person, Rater, Tally, come_in, leave, work
from load_site import PASSWORD, Server, check_store, make_site, running
from peers.potato import PotatoRater, potato, saved

AT_ONCE = 40
"""People who answer without a pause, to find the most verdicts a second."""
SHOWN = 5


@dataclass
class Load:
    """So many of the people, pausing so many seconds between two answers, for so long."""

    raters: int
    pause: float
    seconds: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--raters", type=int, default=300)
    parser.add_argument("--pause", type=float, default=30.0, help="seconds between two answers of one person")
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--saturation", type=float, default=30.0, help="seconds without pauses; 0: leave it out")
    parser.add_argument("--comparisons", type=int, default=20_000)
    parser.add_argument("--store", help="URL of an empty database (default: a new SQLite file)")
    parser.add_argument("--servers", type=int, default=1, help="server processes on the store")
    parser.add_argument("--potato", type=Path, help="then measure Potato too, with this python")
    args = parser.parse_args()
    loads = [Load(args.raters, args.pause, args.seconds)]
    if args.saturation:
        loads.append(Load(min(AT_ONCE, args.raters), 0.0, args.saturation))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"firsthand, {args.servers} server(s)")
        measure(folder, args.store or f"sqlite:///{folder / 'store.db'}", loads, args.comparisons, args.servers)
        if args.potato:
            print("Potato")
            measure_potato(args.potato, folder, loads, args.comparisons)


def measure(folder: Path, store: str, loads: Sequence[Load], comparisons: int, servers: int) -> None:
    site = make_site(folder, store, max(load.raters for load in loads), comparisons)
    with ExitStack() as stack:
        running_servers = [stack.enter_context(running(site)) for _ in range(servers)]
        urls = [server.url for server in running_servers]
        tallies = asyncio.run(
            bear(lambda: [Rater(login, PASSWORD, urls) for login in site.logins], loads, running_servers)
        )
    acknowledged, stored = check_store(store, tallies)
    print(f"{acknowledged:,} verdicts acknowledged, {stored:,} in the store, each exactly once")


def measure_potato(python: Path, folder: Path, loads: Sequence[Load], comparisons: int) -> None:
    with potato(python, folder, comparisons) as server:
        logins = [f"load-{number}" for number in range(max(load.raters for load in loads))]
        tallies = asyncio.run(bear(lambda: [PotatoRater(login, server.url) for login in logins], loads, [server]))
    acknowledged, stored = saved(folder, tallies)
    print(f"{acknowledged:,} verdicts acknowledged, {stored:,} of them in its files")


async def bear(make: Callable[[], Sequence[Person]], loads: Sequence[Load], servers: Sequence[Server]) -> list[Tally]:
    """Let the people come in, put each load on the site, and print a row for each."""
    people = make()
    await come_in(people)
    print("raters  pause s  verdicts  a second   p50 s   p95 s   p99 s   worst s  errors  processor ms a verdict")
    for load in loads:
        at_work = people[: load.raters]
        for person in at_work:
            person.tally.seconds, person.tally.troubles = [], Counter()
        before = processor_seconds(servers)
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(load.seconds, stop.set)
        await work(at_work, stop, load.pause)
        print_row(load, [person.tally for person in at_work], processor_seconds(servers) - before)
    await leave(people)
    return [person.tally for person in people]


def processor_seconds(servers: Sequence[Server]) -> float:
    return sum(server.processor_seconds() for server in servers)


def print_row(load: Load, tallies: Sequence[Tally], used: float) -> None:
    seconds = sorted(second for tally in tallies for second in tally.seconds)
    troubles = sum((tally.troubles for tally in tallies), Counter[str]())
    if len(seconds) > 1:
        hundredths = statistics.quantiles(seconds, n=100, method="inclusive")
        p50, p95, p99 = hundredths[49], hundredths[94], hundredths[98]
        rate = len(seconds) / load.seconds
        print(
            f"{load.raters:6}{load.pause:9.0f}{len(seconds):10,}{rate:10.1f}{p50:8.3f}{p95:8.3f}{p99:8.3f}"
            f"{seconds[-1]:10.3f}{troubles.total():8}{1000 * used / len(seconds):14.1f}",
            flush=True,
        )
    for trouble, number in troubles.most_common(SHOWN):
        print(f"  {number} x {trouble}")


if __name__ == "__main__":
    main()
