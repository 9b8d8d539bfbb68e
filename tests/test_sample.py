"""The sample comparisons that come with the project."""

import gzip
import hashlib
import json
from importlib.resources import files

import pytest

from firsthand.records import Response, Source, Verdict
from firsthand.sample import generate, sample_entries
from firsthand.sample.simulate import JUDGE, RATERS, quality, simulated_entries

FOLDER = files("firsthand.sample")


@pytest.fixture(scope="module")
def entries():
    return list(sample_entries())


def test_at_least_sixty_prompts_of_three_kinds_and_two_authors(entries):
    prompts = {entry.comparison.prompt_id: entry.comparison.tags for entry in entries}
    kinds = {
        kind: sum(tags["kind"] == kind for tags in prompts.values()) for kind in ("ordinary", "expert", "sensitive")
    }
    assert sum(kinds.values()) == len(prompts) >= 60
    assert min(kinds.values()) >= 15
    authors = {response.author for entry in entries for response in (entry.comparison.a, entry.comparison.b)}
    assert authors == set(generate.SETTINGS)
    assert len(entries) >= 150
    assert len({entry.comparison.id for entry in entries}) == len(entries)


def test_no_verdict_comes_with_the_sample(entries):
    assert all(entry.preference is None and entry.annotator is None for entry in entries)


def test_the_record_of_how_it_was_made_is_of_these_very_lines(entries):
    made = json.loads(FOLDER.joinpath("sample.json").read_text(encoding="utf-8"))
    content = gzip.decompress(FOLDER.joinpath("comparisons.jsonl.gz").read_bytes())
    assert made["content_sha256"] == hashlib.sha256(content).hexdigest()
    assert made["authors"] == generate.SETTINGS
    assert made["counts"]["comparisons"] == len(entries)
    assert made["counts"]["prompts"] == len(generate.read_prompts())
    assert {prompt["prompt"] for prompt in generate.read_prompts()} == {
        e.comparison.prompt[0]["content"] for e in entries
    }


def test_quality_on_a_worked_example():
    # Words of five letters or more in the prompt: water, boils. The response takes up one: 2 x 1/2 = 1.
    # 300 characters are inside 150 to 500: nothing off. 75 characters are half of 150: log2(2) = 1 off.
    prompt = "When water boils"
    assert quality(prompt, Response("x", "water ".ljust(300, "."))) == pytest.approx(1.0)
    assert quality(prompt, Response("x", "water ".ljust(75, "."))) == pytest.approx(0.0)


def test_every_scripted_verdict_is_labelled_simulated_and_repeatable(entries):
    comparisons = [entry.comparison for entry in entries]
    verdicts = list(simulated_entries(comparisons))
    assert verdicts == list(simulated_entries(comparisons))
    assert {entry.annotator.name for entry in verdicts} == {
        "simulated-1",
        "simulated-2",
        "simulated-3",
        "simulated-judge",
    }
    assert all(entry.annotator.simulated for entry in verdicts)
    assert all(entry.annotator.name.startswith("simulated") for entry in verdicts)
    by_name = {a.name: [e for e in verdicts if e.annotator.name == a.name] for a in (*RATERS, JUDGE)}
    assert all(entry.annotator.source is Source.SYNTHETIC for entry in by_name[JUDGE.name])
    assert 0.4 < len(by_name[JUDGE.name]) / len(comparisons) < 0.6
    rated = [{entry.comparison.id for entry in by_name[rater.name]} for rater in RATERS]
    assert rated[0] == rated[1] == rated[2]
    assert 0.5 < len(rated[0]) / len(comparisons) < 0.7


def test_the_raters_disagree_with_one_another_but_less_than_chance(entries):
    verdicts = list(simulated_entries([entry.comparison for entry in entries]))
    first, third = (
        {e.comparison.id: e.preference.verdict for e in verdicts if e.annotator.name == name}
        for name in ("simulated-1", "simulated-3")
    )
    decided = [i for i in first if Verdict.TIE not in (first[i], third[i])]
    assert 0.6 < sum(first[i] is third[i] for i in decided) / len(decided) < 0.98
