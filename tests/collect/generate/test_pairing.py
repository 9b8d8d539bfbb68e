"""Which responses of the journal become comparisons."""

from collections.abc import Callable
from typing import Any

import pytest
from random_models import write_random_model
from transformers import LlamaForSequenceClassification

from firsthand.collect.generate.config import GenerateJob
from firsthand.collect.generate.pairing import add_comparisons
from firsthand.collect.generate.prompts import make_prompt
from firsthand.collect.generate.report import PairReport
from firsthand.collect.generate.requests import KIND, wanted
from firsthand.collect.generate.scoring import Written
from firsthand.config import check_config
from firsthand.errors import InputError
from firsthand.lines import parse_line
from firsthand.store import Store
from firsthand.store.calls import Call, record

PROMPT = make_prompt("Name a river.", {"domain": "maps"})
VERSIONS = {"one": "", "two": ""}
Texts = Callable[[str, str], str | None]


def job_with(**changes: Any) -> GenerateJob:
    endpoint = {"endpoint": {"url": "http://host/v1"}, "family": "f"}
    content = {
        "prompts": "demo",
        "models": {"one": endpoint, "two": endpoint},
        "settings": {"s": {}, "t": {"temperature": 1}},
    }
    return check_config({**content, **changes}, GenerateJob)


def compare(store: Store, job: GenerateJob, text: Texts, complete: bool = True) -> PairReport:
    """Put `text(model, setting)` into the journal, None for no answer, and compare."""
    calls = [
        Call(KIND, each.key, "answer", {"text": said})
        for model in VERSIONS
        for each in wanted(job, PROMPT, model, "")
        if (said := text(model, each.setting)) is not None
    ]
    record(store, calls)
    return add_comparisons(job, store, [PROMPT], VERSIONS, complete)


def stored(store: Store) -> set[frozenset[tuple[str | None, Any]]]:
    """Each comparison as its two (author, text)."""
    return {
        frozenset((response.author, response.content) for response in (comparison.a, comparison.b))
        for comparison in store.comparisons()
    }


def named(model: str, setting: str) -> str:
    return f"{model} {setting}"


def pair(one: str, other: str) -> frozenset[tuple[str, str]]:
    return frozenset((text.split()[0], text) for text in (one, other))


def test_all_pairs_with_authors_families_and_tags(store: Store) -> None:
    report = compare(store, job_with(), named)
    assert (report.added, report.known, report.left_out) == (6, 0, {})
    assert len(stored(store)) == 6  # 4 responses: 4 x 3 / 2
    assert store.families() == {"one": "f", "two": "f"}
    assert {tuple(comparison.tags.items()) for comparison in store.comparisons()} == {(("domain", "maps"),)}
    again = compare(store, job_with(), named)
    assert (again.added, again.known) == (0, 6)


def test_pairs_of_one_author_and_of_two(store: Store) -> None:
    compare(store, job_with(pairs="same_author"), named)
    same = {pair("one s", "one t"), pair("two s", "two t")}
    assert stored(store) == same
    compare(store, job_with(pairs="cross_author"), named)
    assert stored(store) - same == {pair(f"one {s}", f"two {t}") for s in "st" for t in "st"}


def test_equal_texts_are_left_out_and_counted(store: Store) -> None:
    report = compare(store, job_with(), lambda model, setting: "same" if setting == "s" else named(model, setting))
    assert report.added == 5
    assert report.left_out == {"pairs: the two responses are the same text; there is nothing to compare": 1}


def test_prompts_wait_for_their_responses_where_the_run_was_cut_short(store: Store) -> None:
    def some(model: str, setting: str) -> str | None:
        return None if (model, setting) == ("two", "t") else named(model, setting)

    cut = compare(store, job_with(), some, complete=False)
    assert (cut.added, cut.waiting) == (0, 1)
    done = compare(store, job_with(), some)
    assert (done.added, done.waiting) == (3, 0)


def test_the_best_by_preferences_is_compared_with_the_rest(store: Store) -> None:
    texts = {named(model, setting): model for model in ("one", "two") for setting in "st"}
    votes = [
        ("one s", "two s", "a"),
        ("two s", "two t", "tie"),
        ("two t", "one t", "b"),
        ("one t", "one s", "both_bad"),
    ]
    for a, b, verdict in votes:  # means: one s 1, two s (0 + 1/2) / 2, two t (1/2 + 0) / 2, one t 1
        sides = {"response_a": a, "response_b": b, "author_a": texts[a], "author_b": texts[b]}
        given = {"annotator": "r", "source": "human", "verdict": verdict, "tags": PROMPT.tags}
        store.add([parse_line({"prompt": PROMPT.messages, **given, **sides})])
    elsewhere = {"response_a": "two s", "response_b": "two t", "author_a": "two", "author_b": "two"}
    store.add([parse_line({"prompt": "?", "annotator": "r", "source": "human", "verdict": "a", **elsewhere})])
    before = stored(store)
    report = compare(store, job_with(pairs="best_vs_rest", scorer="preferences"), named)
    assert (report.added, report.known) == (1, 2)
    assert stored(store) - before == {pair("one s", "two t")}  # of the two best, the first


def test_prompts_without_scores_are_left_out_and_counted(store: Store) -> None:
    report = compare(store, job_with(pairs="best_vs_rest", scorer="preferences"), named)
    assert (report.added, report.left_out) == (0, {"prompts of which not every response has a score": 1})


def test_the_best_by_a_reward_model_is_compared_with_the_rest(store: Store, tmp_path: Any) -> None:
    from firsthand.rewards import RewardModel

    folder = tmp_path / "reward"
    write_random_model(folder, LlamaForSequenceClassification, num_labels=1)
    texts = [named(model, setting) for model in VERSIONS for setting in "st"]
    model = RewardModel(str(folder))
    scores = model.scores([[*PROMPT.messages, {"role": "assistant", "content": text}] for text in texts])
    assert len(set(scores)) == 4
    best = texts[int(scores.argmax())]
    compare(store, job_with(pairs="best_vs_rest", scorer=str(folder)), named)
    assert stored(store) == {pair(best, text) for text in texts if text != best}


def test_a_scorer_that_is_not_there_is_named(store: Store) -> None:
    with pytest.raises(InputError, match="there is no model 'no/such/model'"):
        compare(store, job_with(pairs="best_vs_rest", scorer="no/such/model"), named)


def test_a_written_responses_id_is_the_one_it_has_in_a_comparison(store: Store) -> None:
    compare(store, job_with(), named)
    ids = {response.id for comparison in store.comparisons() for response in (comparison.a, comparison.b)}
    assert ids == {Written(model, named(model, setting)).id for model in VERSIONS for setting in "st"}
