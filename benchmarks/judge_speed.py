"""How many verdicts a second `collect judge` gets, beside what the server allows and beside other clients.

python benchmarks/judge_speed.py [--part fixed|llamacpp|all] [--comparisons 640] [--rounds 3] [--distilabel PYTHON]

fixed: a server that answers every call after 200 ms, 32 calls under way: our calls a second as a share of 32 / 0.2 s.
The journal and the verdicts are written as in any run. Beside it, in turns, a bare loop over aiohttp that writes
nothing and reads no answer: what a client in Python can get from the machine as busy as it then is. And the plain loop.
llamacpp: smollm2 on llama.cpp with four slots, started anew for each client, so that none profits from what another
asked; ours, a plain loop, and distilabel's client (PYTHON: of an environment with distilabel[openai]==1.5.3), all with
the same questions, taken in turns. Processor seconds are the server's and, but for distilabel, the client's.
The plain loop is what one writes first: one call after the other over the OpenAI client, both
orders of a comparison in a row, temperature 0, the verdict the first A or B in a generated text of at most 16 tokens.
distilabel asks all at once for what ours asks: one token with its log-probabilities. "distilabel_own" is what its users
run: its task of comparing two answers, with its own instructions and a written feedback before the verdict, on the same
pairs in both orders; a verdict that it cannot read out counts as asked and not as a verdict.
"""

import argparse
import asyncio
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp
import openai

from firsthand.collect.judge.asked import DEFAULTS
from firsthand.collect.judge.config import JudgeJob, Method
from firsthand.collect.judge.job import run_job
from firsthand.collect.judge.template import load_template
from firsthand.config import check_config
from firsthand.endpoint.embedded import llamacpp_server
from firsthand.lines import parse_line
from firsthand.records import Entry, Message, Side
from firsthand.sample import sample_entries
from firsthand.store import Store

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = ROOT / "configs"
DELAY = 0.2
IN_FLIGHT = 32
PARAMETERS = DEFAULTS[Method.LOGPROBS]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=("fixed", "llamacpp", "all"), default="all")
    parser.add_argument("--comparisons", type=int, default=640, help="of the part fixed")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--each", type=int, default=24, help="comparisons a client judges in a round on llama.cpp")
    parser.add_argument("--distilabel", metavar="PYTHON", help="an interpreter that has distilabel[openai]==1.5.3")
    args = parser.parse_args()
    result: dict[str, Any] = {}
    if args.part in ("fixed", "all"):
        result["fixed"] = fixed(args.comparisons, args.rounds)
    if args.part in ("llamacpp", "all"):
        result["llamacpp"] = llamacpp(args.rounds, args.each, args.distilabel)
    print(json.dumps(result, indent=2))


def fixed(comparisons: int, rounds: int) -> dict[str, Any]:
    """Calls a second against the server with a fixed delay, as a share of the ideal."""
    command = [sys.executable, str(ROOT / "tests/support/faulty_endpoint.py"), "--delay", str(DELAY)]
    entries = [
        parse_line({"prompt": f"Question {n}?", "response_a": f"First {n}.", "response_b": f"Second {n}."})
        for n in range(comparisons)
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        asked = questions(entries)
        seconds: dict[str, list[float]] = {"ours": [], "bare": []}
        used = 0.0
        for _ in range(rounds):
            seconds["bare"].append(asyncio.run(bare(asked, url, IN_FLIGHT)))
            before = time.process_time()
            seconds["ours"].append(ours(entries, url, IN_FLIGHT))
            used += time.process_time() - before
        plain = len(asked[:40]) / sequential(asked[:40], url)[0]
        server.terminate()
    ideal = 2 * comparisons * DELAY / IN_FLIGHT
    return {
        "calls": 2 * comparisons,
        "ideal_seconds": ideal,
        "seconds": {name: [round(each, 2) for each in taken] for name, taken in seconds.items()},
        "share_of_ideal": {name: round(ideal / median(taken), 3) for name, taken in seconds.items()},
        "over_the_plain_loop": round(2 * comparisons / median(seconds["ours"]) / plain, 1),
        "processor_ms_a_call": round(1000 * used / (2 * comparisons * rounds), 2),
    }


async def bare(asked: Sequence[list[Message]], url: str, in_flight: int) -> float:
    """Seconds of as many loops as calls may be under way, over one aiohttp session."""
    todo = iter(asked)

    async def loop(session: aiohttp.ClientSession) -> None:
        for messages in todo:
            body = {"model": "fixed", "messages": messages, **PARAMETERS}
            async with session.post(f"{url}/chat/completions", json=body) as reply:
                await reply.read()

    started = time.perf_counter()
    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(loop(session) for _ in range(in_flight)))
    return time.perf_counter() - started


def llamacpp(rounds: int, each: int, distilabel: str | None) -> dict[str, Any]:
    """Seconds of every client for the same verdicts, one order being one verdict."""
    entries = list(sample_entries())
    names = ["ours", "sequential", *(["distilabel", "distilabel_own"] if distilabel else [])]
    seconds: dict[str, list[float]] = {name: [] for name in names}
    used = dict.fromkeys(names, 0.0)
    verdicts = dict.fromkeys(names, 0)
    for turn in range(rounds):
        share = entries[turn * each : (turn + 1) * each]
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            with llamacpp_server("llamacpp:smollm2", model="smollm2", in_flight=4, context=2048) as url:
                before = time.process_time()
                if name == "ours":
                    taken, given = ours(share, url, 4), 2 * len(share)
                elif name == "sequential":
                    taken, given = sequential(questions(share), url)
                else:
                    work = {"questions": questions(share)} if name == "distilabel" else {"pairs": pairs(share)}
                    taken, given = with_distilabel(str(distilabel), {"url": url, **work})
                used[name] += time.process_time() - before
            seconds[name].append(taken)
            verdicts[name] += given
    return {
        "asked": 2 * each * rounds,
        "verdicts": verdicts,
        "seconds": {name: [round(one, 2) for one in taken] for name, taken in seconds.items()},
        "processor_seconds": {name: round(one, 1) for name, one in used.items()},
        "ours_over": {name: round(sum(seconds[name]) / sum(seconds["ours"]), 2) for name in names[1:]},
    }


def ours(entries: Sequence[Entry], url: str, in_flight: int) -> float:
    """Seconds of a whole job on a new store, both orders of every comparison, everything written down."""
    job = check_config(
        {
            "judges": {
                "j": {
                    "endpoint": {"url": url, "in_flight": in_flight},
                    "template": "judge/compare.txt",
                    "rubric": "judge/rubric.txt",
                }
            }
        },
        JudgeJob,
    )
    with tempfile.TemporaryDirectory() as folder, Store(str(Path(folder) / "store.db")) as store:
        store.add(entries)
        started = time.perf_counter()
        (report,) = run_job(store, job, TEMPLATES)
        taken = time.perf_counter() - started
    assert report.verdicts == 2 * len(entries), report
    return taken


def questions(entries: Sequence[Entry]) -> list[list[Message]]:
    """The same questions that `ours` asks."""
    config = {"endpoint": {"url": "http://x/v1"}, "template": "judge/compare.txt", "rubric": "judge/rubric.txt"}
    template = load_template(check_config({"judges": {"j": config}}, JudgeJob).judges["j"], TEMPLATES)
    return [template.messages(entry.comparison, side) for entry in entries for side in (Side.A, Side.B)]


def pairs(entries: Sequence[Entry]) -> list[tuple[str, str, str]]:
    """Question and two answers of every comparison, in both orders."""
    found = []
    for entry in entries:
        question = "\n\n".join(message["content"] for message in entry.comparison.prompt)
        a, b = (str(response.content) for response in (entry.comparison.a, entry.comparison.b))
        found += [(question, a, b), (question, b, a)]
    return found


def sequential(asked: Sequence[list[Message]], url: str) -> tuple[float, int]:
    """Seconds of a plain loop, and the verdicts it found."""
    client = openai.OpenAI(base_url=url, api_key="none")
    verdicts = []
    started = time.perf_counter()
    for messages in asked:
        reply = client.chat.completions.create(model="smollm2", messages=messages, temperature=0, max_tokens=16)
        verdicts.append(re.search(r"\b[AB]\b", reply.choices[0].message.content))
    assert any(verdicts)
    return time.perf_counter() - started, sum(verdict is not None for verdict in verdicts)


def with_distilabel(python: str, work: dict[str, Any]) -> tuple[float, int]:
    """Seconds of distilabel's client, without the time its process takes to start, and the verdicts it read out."""
    peer = ROOT / "benchmarks/peers/distilabel_judge.py"
    done = subprocess.run([python, str(peer)], input=json.dumps(work), capture_output=True, text=True, check=True)
    result = json.loads(done.stdout.splitlines()[-1])
    return result["seconds"], result["verdicts"]


if __name__ == "__main__":
    main()
