"""What a loop starts from: people's preferences, split by prompt into what is trained on and the anchor.

The user's store is only read. What the loop needs of it is copied into its own folder, each file whole or not at all.
"""

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from firsthand.errors import InputError
from firsthand.evaluate.generations.config import ModelLoop
from firsthand.records import Entry, Message, Source
from firsthand.store import Store
from firsthand.train.folder import write_json
from firsthand.train.mix import in_anchor

HUMAN, ANCHOR = "human.db", "anchor.db"
PROMPTS, PROBES = "prompts.jsonl", "probes.jsonl"
SPLIT = "split.json"
"""Written last: with it the other files are whole."""
TAG = "firsthand-loop"
"""The tag of comparisons that a generation wrote, so that only they are judged."""
AT_ONCE = 1_000
VOTES = ["comparison_id", "annotator", "verdict", "p_a", "strength", "shown_first", "repeat", "gold"]


@dataclass(frozen=True, slots=True)
class Split:
    """What the files hold; without_text: comparisons of people whose texts are not known."""

    human_comparisons: int
    anchor_comparisons: int
    prompts: int
    probes: int
    without_text: int


def votes_sha256(store: Store) -> str:
    """A hash of people's votes: equal for equal ones."""
    votes = store.votes([*VOTES, "source"])
    votes = votes[votes["source"] == Source.HUMAN.value]
    return hashlib.sha256(votes.to_csv(index=False).encode()).hexdigest()


def split_store(store: Store, loop: ModelLoop, out: Path) -> Split:
    """Copy people's preferences into `out`; raises InputError where there is nothing to train or to measure on."""
    done = out / SPLIT
    if done.is_file():
        return Split(**json.loads(done.read_text(encoding="utf-8")))
    left_out: Counter[str] = Counter()
    prompts: dict[str, dict[str, list[Message]]] = {PROMPTS: {}, PROBES: {}}
    comparisons: Counter[str] = Counter()

    def chosen(name: str) -> Iterator[Entry]:
        for comparison, entries in _of_people(store, left_out if name == HUMAN else Counter()):
            held_out = in_anchor(comparison.prompt_id, loop.anchor.fraction)
            if held_out != (name == ANCHOR):
                continue
            if name == ANCHOR and comparisons[name] == loop.anchor.comparisons:
                return
            comparisons[name] += 1
            prompts[PROBES if held_out else PROMPTS].setdefault(comparison.prompt_id, comparison.prompt)
            yield from entries

    for name in (HUMAN, ANCHOR):
        _write_store(out / name, chosen(name))
        if not comparisons[name]:
            raise InputError(_nothing(name, loop, store))
    counts = {}
    for name, limit in ((PROMPTS, loop.prompts), (PROBES, loop.probes.prompts)):
        kept = [prompts[name][id_] for id_ in sorted(prompts[name])][:limit]
        _write_lines(out / name, ({"prompt": prompt, "tags": {TAG: "yes"}} for prompt in kept))
        counts[name] = len(kept)
    found = Split(comparisons[HUMAN], comparisons[ANCHOR], counts[PROMPTS], counts[PROBES], left_out["without text"])
    write_json(done, {name: getattr(found, name) for name in Split.__slots__})
    return found


def copy_store(source: Path, target: Path) -> None:
    """A closed SQLite store under another name, whole or not at all."""
    _whole(target, lambda partial: shutil.copyfile(source, partial))


def _of_people(store: Store, left_out: Counter[str]) -> Iterator[tuple[Any, list[Entry]]]:
    """Every comparison with both texts that people voted on, with their votes."""
    for _, group in groupby(store.entries(), key=lambda entry: entry.comparison.id):
        entries = [entry for entry in group if entry.annotator and entry.annotator.source is Source.HUMAN]
        if not entries:
            continue
        comparison = entries[0].comparison
        if comparison.a.content is None or comparison.b.content is None:
            left_out["without text"] += 1
            continue
        yield comparison, entries


def _nothing(name: str, loop: ModelLoop, store: Store) -> str:
    votes = store.counts().human
    if not votes:
        return "the store holds no person's preference; a loop needs people to train its twin on and to measure by"
    where = "held-out prompts (the anchor)" if name == ANCHOR else "prompts that are not held out"
    return (
        f"none of the {votes:,} preferences of people is on comparisons with texts on {where}; anchor.fraction is "
        f"{loop.anchor.fraction:g}: change it, or collect preferences on more prompts"
    )


def _write_store(path: Path, entries: Iterable[Entry]) -> None:
    def write(partial: Path) -> None:
        rest = iter(entries)
        with Store(str(partial)) as store:
            while page := list(islice(rest, AT_ONCE)):
                store.add(page)

    _whole(path, write)


def _write_lines(path: Path, lines: Iterable[dict[str, Any]]) -> None:
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    _whole(path, lambda partial: partial.write_text(text, encoding="utf-8"))


def _whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a file beside `path`, which then takes its name."""
    partial = path.with_name(f".{path.name}.partial")
    for old in path.parent.glob(f".{path.name}.partial*"):
        old.unlink()
    write(partial)
    partial.replace(path)
